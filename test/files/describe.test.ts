import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DriftlockError } from '../../crdt/errors.ts';
import { blake3Hash, keccak256 } from '../../crdt/hash.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { encodeChainStatus } from '../../src/files/chain-status.ts';
import { describeFile, type FileFailure } from '../../src/files/describe.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import { encodeWitnessFile } from '../../src/files/witness-file.ts';
import { needsFixtures } from '../fixtures.ts';
import { completedWitness, flipBit, hashOf, successInfo, U64_MAX } from './arbitraries.ts';

const hash = successInfo.blockHash;
const path = `/data/validate/3080.${hash}.v`;
const record = Uint8Array.of(1, 2, 3);

/** What a reader of the JSON gets. */
const described = (...input: Parameters<typeof describeFile>): unknown =>
  JSON.parse(JSON.stringify(describeFile(...input)));

/** The `lock_time` that is described for a lock time in seconds. */
function lockTimeOf(lockTimeSeconds: bigint): unknown {
  const description = describeFile(path, encodeValidateFile({ ...successInfo, lockTimeSeconds }));
  assert.ok('lock_time' in description);
  return description.lock_time;
}

function isFailureOf(description: ReturnType<typeof describeFile>): description is FileFailure {
  return 'error' in description;
}

function defect(): never {
  throw new TypeError('a defect');
}

describe('the description of a file', () => {
  it('has the fields of a .v under the names of the format', () => {
    assert.deepEqual(described(path, encodeValidateFile(successInfo)), {
      file: path,
      kind: 'validate',
      status: 'Success',
      block_hash: hash,
      block_number: 3080,
      state_root: hashOf(0xcd),
      lock_time: 0,
      blob_ids: [hashOf(3), hashOf(4)],
      trailer: null,
    });
  });

  it('has the fields of a .w, and its witness as size and digest', () => {
    const file = `3080.${hash}.w`;
    assert.deepEqual(described(file, encodeWitnessFile(completedWitness)), {
      file,
      kind: 'witness',
      status: 'Completed',
      block_hash: hash,
      block_number: 3080,
      pre_state_root: ZERO_HASH,
      parent_hash: hashOf(0xaa),
      lock_time: 1_757_002_322,
      blob_ids: [],
      witness_data: { bytes: 3, blake3: blake3Hash(completedWitness.witnessData) },
      trailing_bytes: 0,
    });
  });

  it('shows a record as what the given function makes of it and of the block, or as size and digest', () => {
    const bytes = encodeValidateFile(successInfo, record);
    const withDecoder = describeFile(path, bytes, (content, key) => ({ length: content.length, key }));
    assert.ok('trailer' in withDecoder);
    assert.deepEqual(withDecoder.trailer, { valid: true, record: { length: 3, key: { number: 3080, hash } } });
    const without = describeFile(path, bytes);
    assert.ok('trailer' in without);
    assert.deepEqual(without.trailer, { valid: true, record: { bytes: 3, blake3: blake3Hash(record) } });
  });

  it('says why a trailer or its record is not valid, and still shows the file', () => {
    const bytes = encodeValidateFile(successInfo, record);
    const overwritten = describeFile(path, flipBit(bytes, bytes.length - 1, 0));
    assert.ok('trailer' in overwritten);
    assert.deepEqual(overwritten.trailer, {
      valid: false,
      reason: 'trailer: expected the BLAKE3 of the file, found another: a part of it was overwritten',
    });
    const badRecord = describeFile(path, bytes, () => {
      throw new DriftlockError('ERR_X', { argument: 'version', expected: '1', found: '9' });
    });
    assert.ok('trailer' in badRecord);
    assert.deepEqual(badRecord.trailer, { valid: false, reason: 'record: version: expected 1, found 9' });
    assert.equal(badRecord['status'], 'Success');
  });

  it('gives a lock time that no JavaScript number holds as a string', () => {
    assert.equal(lockTimeOf(2n ** 53n - 1n), 9007199254740991);
    assert.equal(lockTimeOf(2n ** 53n), '9007199254740992');
    assert.equal(lockTimeOf(U64_MAX), '18446744073709551615');
  });

  it('of chain.status has its two fields', () => {
    assert.deepEqual(described('d/chain.status', encodeChainStatus({ blockNumber: 3080, blockHash: hash })), {
      file: 'd/chain.status',
      kind: 'chain_status',
      block_number: 3080,
      block_hash: hash,
    });
  });

  it('of contracts.txt lists the lines that verify, those that do not and a torn tail', () => {
    const line = `["${keccak256(Uint8Array.of(0x60))}","0x60"]`;
    const text = `${line}\n{}\n${line.slice(0, 20)}`;
    assert.deepEqual(described('contracts.txt', new TextEncoder().encode(text)), {
      file: 'contracts.txt',
      kind: 'contracts',
      lines: [{ hash: keccak256(Uint8Array.of(0x60)), offset: 0, bytes: line.length }],
      bad: [
        {
          line: 2,
          offset: line.length + 1,
          code: 'ERR_BAD_FIELD',
          reason: 'contracts.txt line 2: expected ["0x<hash>", value], found an object',
        },
      ],
      torn_tail: { offset: line.length + 4, bytes: 20 },
    });
  });

  it('is an error with code and message for what cannot be read, and names the file', () => {
    const bytes = encodeValidateFile(successInfo);
    const cases: [file: string, content: Uint8Array, code: string, message: RegExp][] = [
      [path, new Uint8Array(), 'ERR_TRUNCATED', /^3080\..*\.v: hash length at byte 0: expected 8 more bytes, found 0$/],
      [path, flipBit(bytes, 60, 0), 'ERR_BAD_CHECKSUM', /^3080\..*\.v: data at byte 48: expected BLAKE3/],
      [`x/3081.${hash}.v`, bytes, 'ERR_NAME_MISMATCH', new RegExp(`^3081\\..* found that of 3080\\.${hash}$`)],
      [`3080.${hash}.w`, encodeValidateFile(successInfo), 'ERR_BAD_LENGTH', /: pre_state_root|: parent_hash/],
      ['chain.status', bytes, 'ERR_NOT_JSON', /^chain\.status: expected JSON/],
      ['notes.md', bytes, 'ERR_UNKNOWN_KIND', /^notes\.md: expected a name that ends in \.v or \.w/],
    ];
    for (const [file, content, code, message] of cases) {
      const failure = describeFile(file, content);
      assert.ok(isFailureOf(failure), file);
      assert.deepEqual([failure.file, failure.error.code], [file, code]);
      assert.match(failure.error.message, message);
    }
  });

  it('lets a defect of the record describer through', () => {
    const bytes = encodeValidateFile(successInfo, record);
    assert.throws(() => describeFile(path, bytes, defect), TypeError);
  });

  it('is complete for every fixture, under whatever name it has', function () {
    const folder = needsFixtures(this);
    for (const under of ['validate', 'megaeth/witness']) {
      for (const name of readdirSync(join(folder, under))) {
        const file = join(folder, under, name);
        const description = describeFile(file, readFileSync(file));
        assert.ok(!('error' in description), file);
        assert.equal(description['block_number'], under === 'validate' ? 3080 : Number(name.split('.')[0]));
      }
    }
  });
});
