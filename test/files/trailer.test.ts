import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeStateData } from '../../src/files/state-data.ts';
import { RECORD_BYTES_MAX } from '../../crdt/block/record-codec.ts';
import { appendTrailer, readTrailer, TRAILER_OVERHEAD_BYTES } from '../../src/files/trailer.ts';
import { holds } from '../properties.ts';
import { flipBit, patch } from './arbitraries.ts';

const stateData = encodeStateData(Uint8Array.of(1, 2, 3));
const record = Uint8Array.of(10, 20, 30, 40);
const file = appendTrailer(stateData, record);
const end = stateData.length;

const mismatchReason = (bytes: Uint8Array): string => {
  const trailer = readTrailer(bytes, end);
  assert.equal(trailer.kind, 'mismatch');
  return trailer.reason;
};

describe('the trailer', () => {
  it('gives back the record that was put in', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (payload, content) => {
        const envelope = encodeStateData(payload);
        const bytes = appendTrailer(envelope, content);
        assert.equal(bytes.length, envelope.length + TRAILER_OVERHEAD_BYTES + content.length);
        assert.deepEqual(readTrailer(bytes, envelope.length), { kind: 'valid', record: content });
      }),
    );
  });

  it('is absent where nothing lies behind the state data', () => {
    assert.deepEqual(readTrailer(stateData, end), { kind: 'absent' });
  });

  it('has these bytes in every version', () => {
    const header = '445246544c434b3104000000';
    const digest = '39f8b7bc782fe543794c201e2eb9ed23a9f134e5a4816e801cbf47d14473e9b6';
    assert.equal(Buffer.from(file.subarray(end)).toString('hex'), `${header}0a141e28${digest}`);
  });

  it('is a mismatch after any single flipped bit of the file, in the trailer or in front of it', () => {
    for (let bit = 0; bit < file.length * 8; bit++) mismatchReason(flipBit(file, bit >> 3, bit & 7));
  });

  it('is a mismatch at every truncation, and when anything follows it', () => {
    for (let length = end + 1; length < file.length; length++) mismatchReason(file.subarray(0, length));
    mismatchReason(Uint8Array.from([...file, 0]));
    mismatchReason(Uint8Array.from([...file, ...file.subarray(end)]));
  });

  it('is a mismatch when another program overwrote the state data in place and left it behind', () => {
    const foreign = encodeStateData(Uint8Array.of(9, 9, 9));
    assert.match(mismatchReason(patch(file, 0, ...foreign)), /overwritten/);
  });

  it('says what is wrong with it', () => {
    assert.match(mismatchReason(Uint8Array.from([...stateData, 1])), /at least 44 bytes, found 1/);
    assert.match(mismatchReason(patch(file, end, 0)), /magic/);
    assert.match(mismatchReason(patch(file, end + 8, 5)), /a record of 5 bytes, found 4/);
    assert.match(mismatchReason(patch(file, end + 8, 0, 0, 0, 1)), /at most 524288 bytes, found 16777216/);
  });

  it('holds a record of the limit and none beyond', () => {
    const largest = appendTrailer(stateData, new Uint8Array(RECORD_BYTES_MAX));
    assert.equal(readTrailer(largest, end).kind, 'valid');
    assert.throws(() => appendTrailer(stateData, new Uint8Array(RECORD_BYTES_MAX + 1)), { name: 'InvariantViolation' });
    const [size0 = 0, size1 = 0, size2 = 0, size3 = 0] = new Uint8Array(Uint32Array.of(RECORD_BYTES_MAX + 1).buffer);
    assert.match(mismatchReason(patch(largest, end + 8, size0, size1, size2, size3)), /at most 524288/);
  });
});
