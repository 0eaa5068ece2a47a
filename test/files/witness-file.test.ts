import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeStateData, STATE_DATA_HEADER_BYTES } from '../../src/files/state-data.ts';
import { decodeWitnessFile, encodeWitnessFile } from '../../src/files/witness-file.ts';
import { WITNESS_FILE_BYTES_MAX, encodeWitnessFields, type WitnessStatus } from '../../src/files/witness-status.ts';
import { needsFixtures } from '../fixtures.ts';
import { holds } from '../properties.ts';
import { completedWitness, flipBit, hashOf, patch, witnessStatuses } from './arbitraries.ts';

const nameOf = (status: WitnessStatus): string =>
  blockFileName('witness', { number: status.blockNumber, hash: status.blockHash });
const name = nameOf(completedWitness);
const { witnessData } = completedWitness;
const head = encodeWitnessFields(completedWitness, witnessData.length);

describe('a .w file', () => {
  it('decodes to what was encoded, whatever lies behind it', () => {
    holds(
      fc.property(witnessStatuses, fc.uint8Array({ maxLength: 9 }), (status, behind) => {
        const file = decodeWitnessFile(Uint8Array.from([...encodeWitnessFile(status), ...behind]), nameOf(status));
        assert.deepEqual(file.status, status);
        assert.equal(file.trailingBytes, behind.length);
      }),
    );
  });

  it('of the reference chain decodes, follows its parent, and re-encodes byte for byte', function () {
    const folder = join(needsFixtures(this), 'megaeth', 'witness');
    const names = readdirSync(folder).sort();
    assert.equal(names.length, 16);
    let parentHash: string | undefined;
    for (const file of names) {
      const bytes = readFileSync(join(folder, file));
      const { status, trailingBytes } = decodeWitnessFile(bytes, file);
      assert.equal(status.status, 'Completed');
      assert.equal(trailingBytes, 0);
      if (parentHash !== undefined) assert.equal(status.parentHash, parentHash);
      parentHash = status.blockHash;
      assert.deepEqual(Buffer.from(encodeWitnessFile(status)), bytes);
    }
  });

  it('gives its witness as a view of the bytes it was read from', () => {
    const bytes = encodeWitnessFile(completedWitness);
    assert.equal(decodeWitnessFile(bytes, name).status.witnessData.buffer, bytes.buffer);
  });

  it('is built from a head and a witness that is not copied', () => {
    assert.equal(witnessData, completedWitness.witnessData);
    assert.deepEqual(encodeStateData(head, witnessData), encodeWitnessFile(completedWitness));
  });

  it('is refused at every truncation and after any single flipped bit', () => {
    const bytes = encodeWitnessFile(completedWitness);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeWitnessFile(bytes.subarray(0, length), name), { code: 'ERR_TRUNCATED' });
    }
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      assert.throws(() => decodeWitnessFile(flipBit(bytes, bit >> 3, bit & 7), name), { name: 'DecodeError' });
    }
  });

  it('is refused when its status is none of the seven', () => {
    assert.throws(() => decodeWitnessFile(encodeStateData(patch(head, 0, 7), witnessData), name), {
      code: 'ERR_BAD_ENUM',
      message: `${name}: status at byte 48: expected 0…6, found 7`,
    });
  });

  it('is refused when its witness is longer or shorter than it says', () => {
    assert.throws(() => decodeWitnessFile(encodeStateData(head, witnessData.subarray(1)), name), {
      code: 'ERR_TRUNCATED',
    });
    assert.throws(() => decodeWitnessFile(encodeStateData(head, witnessData, Uint8Array.of(0)), name), {
      code: 'ERR_TRAILING_BYTES',
    });
  });

  it('is refused under the name of another block or kind', () => {
    const bytes = encodeWitnessFile(completedWitness);
    assert.throws(() => decodeWitnessFile(bytes, `3080.${hashOf(1)}.w`), { code: 'ERR_NAME_MISMATCH' });
    assert.throws(() => decodeWitnessFile(bytes, name.replace('.w', '.v')), { code: 'ERR_BAD_NAME' });
  });

  it('is written at the largest size and not one byte beyond', () => {
    const overheadBytes = STATE_DATA_HEADER_BYTES + head.length;
    const largest = new Uint8Array(WITNESS_FILE_BYTES_MAX - overheadBytes);
    assert.equal(encodeWitnessFile({ ...completedWitness, witnessData: largest }).length, WITNESS_FILE_BYTES_MAX);
    const beyond = new Uint8Array(largest.length + 1);
    assert.throws(() => encodeWitnessFile({ ...completedWitness, witnessData: beyond }), {
      code: 'ERR_OVER_LIMIT',
      found: `${WITNESS_FILE_BYTES_MAX + 1}`,
    });
  });

  it('is looked into at the largest size, and refused unread one byte beyond', () => {
    const zeros = new Uint8Array(WITNESS_FILE_BYTES_MAX + 1);
    assert.throws(() => decodeWitnessFile(zeros.subarray(1), name), { code: 'ERR_BAD_LENGTH' });
    assert.throws(() => decodeWitnessFile(zeros, name), { code: 'ERR_OVER_LIMIT' });
  });
});
