import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeRecord, encodeRecord, readKeyedRecord, writeKeyedRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { DecodeError } from '../../../crdt/errors.ts';
import { InvariantViolation } from '../../../crdt/invariant.ts';
import { holds } from '../../properties.ts';
import { arbitraryRecord, arbitraryUnfinishedRecord, KEY, leaseWith } from './arbitraries.ts';
import { CLAIMED_RECORD, CLAIMED_RECORD_HEX, EMPTY_RECORD_HEX, FULL_RECORD, FULL_RECORD_HEX } from './golden.ts';

const arbitraryState = fc.oneof(arbitraryRecord, arbitraryUnfinishedRecord);
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Either a record whose one encoding is `bytes`, or a `DecodeError`; anything else fails the test. */
function decodesCanonicallyOrRefuses(bytes: Uint8Array): void {
  let record: BlockRecord;
  try {
    record = decodeRecord(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return;
  }
  // A copy is encoded anew; of what was decoded the encoding is remembered.
  assert.equal(hex(encodeRecord({ ...record })), hex(bytes));
  assert.equal(hex(encodeRecord(record)), hex(bytes));
}

/** Bytes that are parts of valid records, cut and put together again at random. */
const arbitrarySplice = fc
  .tuple(
    arbitraryState,
    arbitraryState,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([a, b, cutA, cutB]) => {
    const [head, tail] = [encodeRecord(a), encodeRecord(b)];
    return Uint8Array.from([...head.subarray(0, cutA * head.length), ...tail.subarray(cutB * tail.length)]);
  });

describe('the encoding of a block record', () => {
  it('decoding what was encoded gives the same record', () => {
    holds(fc.property(arbitraryState, (record) => assert.deepEqual(decodeRecord(encodeRecord(record)), record)));
  });

  it('a record keeps its block through the keyed encoding', () => {
    const arbitraryNumber = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
    holds(
      fc.property(arbitraryNumber, arbitraryState, (number, record) => {
        const writer = new Writer();
        writeKeyedRecord(writer, { key: { ...KEY, number }, record });
        const reader = new Reader(writer.finish());
        assert.deepEqual(readKeyedRecord(reader), { key: { ...KEY, number }, record });
        assert.equal(reader.remaining, 0);
      }),
    );
  });

  it('a decoded record shares no memory with the bytes it came from', () => {
    const bytes = encodeRecord(FULL_RECORD);
    const record = decodeRecord(bytes);
    bytes.fill(0);
    assert.deepEqual(record, FULL_RECORD);
  });

  it('the bytes of an encoding may be changed by whoever asked for them', () => {
    const before = hex(encodeRecord(FULL_RECORD));
    encodeRecord(FULL_RECORD).fill(0);
    assert.equal(hex(encodeRecord(FULL_RECORD)), before);
  });

  it('every truncation is refused', () => {
    for (const whole of [encodeRecord(FULL_RECORD), encodeRecord(CLAIMED_RECORD)]) {
      for (let length = 0; length < whole.length; length++) {
        assert.throws(() => decodeRecord(whole.subarray(0, length)), DecodeError);
      }
    }
    holds(
      fc.property(arbitraryState, fc.nat(), (record, at) => {
        const whole = encodeRecord(record);
        assert.throws(() => decodeRecord(whole.subarray(0, at % whole.length)), DecodeError);
      }),
    );
  });

  it('a byte after the end is refused', () => {
    const bytes = Uint8Array.from([...encodeRecord(FULL_RECORD), 0]);
    assert.throws(() => decodeRecord(bytes), { code: 'ERR_TRAILING_BYTES' });
  });

  it('every single bit flip of a full record decodes canonically or is refused', () => {
    for (const record of [FULL_RECORD, CLAIMED_RECORD]) {
      const whole = encodeRecord(record);
      for (let bit = 0; bit < whole.length * 8; bit++) {
        const flipped = Uint8Array.from(whole);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        decodesCanonicallyOrRefuses(flipped);
      }
    }
  });

  it('random byte changes, splices of two records and random bytes decode canonically or are refused', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    holds(
      fc.property(arbitraryState, fc.array(change, { minLength: 1, maxLength: 4 }), (record, changes) => {
        const bytes = encodeRecord(record);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        decodesCanonicallyOrRefuses(bytes);
      }),
    );
    holds(fc.property(arbitrarySplice, decodesCanonicallyOrRefuses));
    holds(fc.property(fc.uint8Array({ maxLength: 200 }), decodesCanonicallyOrRefuses));
    holds(
      fc.property(fc.uint8Array({ maxLength: 60 }), (rest) =>
        decodesCanonicallyOrRefuses(Uint8Array.from([1, ...rest])),
      ),
    );
  });

  it('a signature of another length than 64 bytes is never written', () => {
    const record = recordOf({ lease: leaseWith({ signature: new Uint8Array(63) }) });
    assert.throws(() => encodeRecord(record), InvariantViolation);
  });

  it('the bytes of three fixed records are what they always were', () => {
    assert.equal(hex(encodeRecord(FULL_RECORD)), FULL_RECORD_HEX);
    assert.equal(hex(encodeRecord(CLAIMED_RECORD)), CLAIMED_RECORD_HEX);
    assert.equal(hex(encodeRecord(EMPTY_RECORD)), '010000');
    assert.deepEqual(decodeRecord(Buffer.from(FULL_RECORD_HEX, 'hex')), FULL_RECORD);
    assert.deepEqual(decodeRecord(Buffer.from(CLAIMED_RECORD_HEX, 'hex')), CLAIMED_RECORD);
    assert.deepEqual(decodeRecord(Buffer.from(EMPTY_RECORD_HEX, 'hex')), EMPTY_RECORD);
  });
});
