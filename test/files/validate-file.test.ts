import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { BLOB_IDS_MAX } from '../../crdt/block/record.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeStateData, STATE_DATA_HEADER_BYTES } from '../../src/files/state-data.ts';
import { RECORD_BYTES_MAX } from '../../crdt/block/record-codec.ts';
import { decodeValidateFile, encodeValidateFile, VALIDATE_FILE_BYTES_MAX } from '../../src/files/validate-file.ts';
import { encodeValidateInfo, VALIDATE_STATUSES, type ValidateInfo } from '../../src/files/validate-info.ts';
import { needsFixtures } from '../fixtures.ts';
import { holds } from '../properties.ts';
import { flipBit, hashOf, patch, successInfo, U64_MAX, validateInfos } from './arbitraries.ts';

const nameOf = (info: ValidateInfo): string =>
  blockFileName('validate', { number: info.blockNumber, hash: info.blockHash });
const name = nameOf(successInfo);
const payload = encodeValidateInfo(successInfo);

describe('a .v file', () => {
  it('decodes to what was encoded, with and without a record', () => {
    holds(
      fc.property(validateInfos, fc.option(fc.uint8Array({ maxLength: 100 }), { nil: undefined }), (info, record) => {
        const file = decodeValidateFile(encodeValidateFile(info, record), nameOf(info));
        assert.deepEqual(file.info, info);
        assert.deepEqual(file.key, { number: info.blockNumber, hash: info.blockHash });
        assert.deepEqual(file.trailer, record === undefined ? { kind: 'absent' } : { kind: 'valid', record });
      }),
    );
  });

  it('that decodes is re-encoded to the same bytes, or refused', () => {
    const hostile = fc.array(fc.tuple(fc.nat(payload.length - 1), fc.nat(255)), { maxLength: 3 });
    holds(
      fc.property(hostile, (patches) => {
        const changed = patches.reduce((bytes, [offset, value]) => patch(bytes, offset, value), payload);
        const bytes = encodeStateData(changed);
        let info: ValidateInfo;
        try {
          info = decodeValidateFile(bytes, name).info;
        } catch (error) {
          assert.ok(error instanceof Error && (error.name === 'DecodeError' || error.name === 'FileError'));
          return;
        }
        assert.deepEqual(encodeValidateFile(info), bytes);
      }),
    );
  });

  it('of the reference decodes to its fields and re-encodes byte for byte, for each status', function () {
    const folder = join(needsFixtures(this), 'validate');
    const blockHash = '0xe244a184e1dbd5da1454f5ba6c67dfaad899c8b501a587376716d9f5fbe468c7';
    for (const status of VALIDATE_STATUSES) {
      const bytes = readFileSync(join(folder, `${status}.v`));
      const { info, trailer } = decodeValidateFile(bytes, `3080.${blockHash}.v`);
      assert.deepEqual(trailer, { kind: 'absent' });
      const validated = status === 'Success' || status === 'Failed';
      assert.deepEqual(info, {
        status,
        blockHash,
        blockNumber: 3080,
        stateRoot: validated ? '0x8964c03442a21e7a299e48f7beb421af3ef651bf68edb690511245a7a7210f0e' : ZERO_HASH,
        lockTimeSeconds: status === 'Processing' ? 1_757_002_322n : 0n,
        blobIds: status === 'Success' ? [hashOf(3), hashOf(4)] : [],
      });
      assert.deepEqual(Buffer.from(encodeValidateFile(info)), bytes);
    }
  });

  it('without a trailer is refused at every truncation', () => {
    const bytes = encodeValidateFile(successInfo);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeValidateFile(bytes.subarray(0, length), name), { code: 'ERR_TRUNCATED' });
    }
  });

  it('without a trailer is refused after any single flipped bit', () => {
    const bytes = encodeValidateFile(successInfo);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = flipBit(bytes, bit >> 3, bit & 7);
      assert.throws(() => decodeValidateFile(flipped, name), { name: 'DecodeError' });
    }
  });

  it('with a trailer still gives its info after any flipped bit of the trailer, which is then a mismatch', () => {
    const bytes = encodeValidateFile(successInfo, Uint8Array.of(1, 2, 3));
    for (let bit = encodeValidateFile(successInfo).length * 8; bit < bytes.length * 8; bit++) {
      const file = decodeValidateFile(flipBit(bytes, bit >> 3, bit & 7), name);
      assert.deepEqual(file.info, successInfo);
      assert.equal(file.trailer.kind, 'mismatch');
    }
  });

  it('shows the same StateData to old readers whether it has a trailer or not', () => {
    const plain = encodeValidateFile(successInfo);
    const withRecord = encodeValidateFile(successInfo, Uint8Array.of(1, 2, 3));
    assert.deepEqual(withRecord.subarray(0, plain.length), plain);
  });

  it('keeps a lock time of 2^64 − 1', () => {
    const info: ValidateInfo = { ...successInfo, status: 'Processing', lockTimeSeconds: U64_MAX };
    assert.equal(decodeValidateFile(encodeValidateFile(info), name).info.lockTimeSeconds, U64_MAX);
  });

  it('keeps the block number 2^53 − 1 and refuses 2^53', () => {
    const info = { ...successInfo, blockNumber: Number.MAX_SAFE_INTEGER };
    assert.equal(decodeValidateFile(encodeValidateFile(info), nameOf(info)).info.blockNumber, info.blockNumber);
    const beyond = encodeStateData(patch(payload, 44, 0, 0, 0, 0, 0, 0, 0x20, 0));
    assert.throws(() => decodeValidateFile(beyond, name), {
      code: 'ERR_OUT_OF_RANGE',
      message: `${name}: block_number at byte 92: expected at most 9007199254740991, found 9007199254740992`,
    });
  });

  it('is refused when its status is none of the four', () => {
    assert.throws(() => decodeValidateFile(encodeStateData(patch(payload, 0, 4)), name), {
      code: 'ERR_BAD_ENUM',
      message: `${name}: status at byte 48: expected 0…3, found 4`,
    });
  });

  it('is refused when a hash in it is not 32 bytes long', () => {
    assert.throws(() => decodeValidateFile(encodeStateData(patch(payload, 4, 31)), name), {
      code: 'ERR_BAD_LENGTH',
      message: `${name}: block_hash length at byte 52: expected 32, found 31`,
    });
    assert.throws(() => decodeValidateFile(encodeStateData(patch(payload, 52, 33)), name), { code: 'ERR_BAD_LENGTH' });
  });

  it('is refused when its payload goes on behind the blob ids', () => {
    assert.throws(() => decodeValidateFile(encodeStateData(payload, Uint8Array.of(0)), name), {
      code: 'ERR_TRAILING_BYTES',
    });
  });

  it('is refused when it is empty or only an empty payload', () => {
    assert.throws(() => decodeValidateFile(new Uint8Array(), name), { code: 'ERR_TRUNCATED' });
    assert.throws(() => decodeValidateFile(encodeStateData(), name), { code: 'ERR_TRUNCATED' });
  });

  it('is refused under the name of another number, hash or kind, or under no block name', () => {
    const bytes = encodeValidateFile(successInfo);
    const { blockHash } = successInfo;
    const other = blockFileName('validate', { number: 3081, hash: blockHash });
    assert.throws(() => decodeValidateFile(bytes, other), {
      code: 'ERR_NAME_MISMATCH',
      message: `${other}: expected the content of the block that the name states, found that of 3080.${blockHash}`,
    });
    assert.throws(() => decodeValidateFile(bytes, `3080.${hashOf(1)}.v`), { code: 'ERR_NAME_MISMATCH' });
    for (const bad of [`3080.${blockHash}.w`, `03080.${blockHash}.v`, `3080.${blockHash}`, 'Success.v', '']) {
      assert.throws(() => decodeValidateFile(bytes, bad), { code: 'ERR_BAD_NAME' });
    }
  });

  it('holds as many blob ids as the limit and none beyond', () => {
    const blobIds = Array.from({ length: BLOB_IDS_MAX }, (_, at) => hashOf(at % 256));
    const most = { ...successInfo, blobIds };
    assert.deepEqual(decodeValidateFile(encodeValidateFile(most), name).info, most);
    assert.throws(() => encodeValidateFile({ ...most, blobIds: [...blobIds, ZERO_HASH] }), {
      name: 'InvariantViolation',
    });
    const empty = encodeValidateInfo({ ...successInfo, blobIds: [] });
    const count = new Uint8Array(Uint32Array.of(BLOB_IDS_MAX + 1).buffer);
    const beyond = encodeStateData(patch(empty, empty.length - 8, ...count), new Uint8Array(64));
    assert.throws(() => decodeValidateFile(beyond, name), { code: 'ERR_OVER_LIMIT', found: `${BLOB_IDS_MAX + 1}` });
  });

  it('of the largest size is read, and one byte more is refused', () => {
    const blobIds = Array.from({ length: BLOB_IDS_MAX }, () => ZERO_HASH);
    const largest = encodeValidateFile({ ...successInfo, blobIds }, new Uint8Array(RECORD_BYTES_MAX));
    assert.equal(largest.length, VALIDATE_FILE_BYTES_MAX);
    assert.equal(decodeValidateFile(largest, name).trailer.kind, 'valid');
    assert.throws(() => decodeValidateFile(Uint8Array.from([...largest, 0]), name), {
      code: 'ERR_OVER_LIMIT',
      message: `${name}: expected a file of at most ${VALIDATE_FILE_BYTES_MAX} bytes, found ${VALIDATE_FILE_BYTES_MAX + 1}`,
    });
  });

  it('names itself in every error about its bytes', () => {
    const short = encodeValidateFile(successInfo).subarray(0, STATE_DATA_HEADER_BYTES - 1);
    assert.throws(() => decodeValidateFile(short, name), {
      message: `${name}: data length at byte 40: expected 8 more bytes, found 7`,
    });
  });
});
