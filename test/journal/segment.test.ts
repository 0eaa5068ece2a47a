import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fingerprintOf } from '../../crdt/block/fingerprint.ts';
import { RECORD_VERSION, type KeyedRecord } from '../../crdt/block/record-codec.ts';
import { recordOf } from '../../crdt/block/record.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { isFailure } from '../../crdt/errors.ts';
import { blake3 } from '../../crdt/hash.ts';
import { decodeSegment, encodeEntry, SEGMENT_HEADER } from '../../src/journal/segment.ts';
import { arbitraryRecord, hashOf, KEY, plain } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { holds } from '../properties.ts';

/** Kept for ever: a journal may be read by a later version. */
const GOLDEN =
  '445246544a4e4c314a4e4c45000000468818b0000000000000000000000000000000000000000000000000000000000023280100' +
  '2001b0000000000000000000000000000000000000000000000000000000000000011fb46bb9cbd7c1c7af9e000e69207c32';

const arbitraryKeyed: fc.Arbitrary<KeyedRecord> = plain({
  key: fc.nat({ max: 9 }).map(keyAt),
  record: arbitraryRecord,
});
const arbitraryEntries = fc.array(arbitraryKeyed, { minLength: 1, maxLength: 5 });

function entryOf(keyed: KeyedRecord): Uint8Array {
  return encodeEntry(keyed, fingerprintOf(keyed));
}

function segmentOf(entries: readonly KeyedRecord[]): Buffer {
  return Buffer.concat([SEGMENT_HEADER, ...entries.map(entryOf)]);
}

function recordsIn(bytes: Uint8Array): KeyedRecord[] {
  return decodeSegment(bytes, 'segment').entries.map(({ keyed }) => keyed);
}

/** An entry whose checksum is right, around a payload that is not. */
function entryAround(payload: Uint8Array): Uint8Array {
  const checksum = blake3(payload).subarray(0, 16);
  return new Writer().fixed(Buffer.from('JNLE')).uintBE(payload.length, 4).fixed(payload).fixed(checksum).finish();
}

describe('a segment of the journal', () => {
  it('gives back every entry with its fingerprint, and no damage', () => {
    holds(
      fc.property(arbitraryEntries, (entries) => {
        const content = decodeSegment(segmentOf(entries), 'segment');
        assert.deepEqual(
          content.entries,
          entries.map((keyed) => ({ keyed, fingerprint: fingerprintOf(keyed) })),
        );
        assert.deepEqual([content.damage, content.tornBytes], [[], 0]);
      }),
    );
  });

  it('cut anywhere gives back the entries before the cut, and counts the torn bytes', () => {
    holds(
      fc.property(arbitraryEntries, fc.double({ min: 0, max: 1, noNaN: true }), (entries, fraction) => {
        const whole = segmentOf(entries);
        const cut = Math.floor(whole.length * fraction);
        const ends = entries.map((_, at) => segmentOf(entries.slice(0, at + 1)).length);
        const kept = ends.filter((end) => end <= cut).length;
        const content = decodeSegment(whole.subarray(0, cut), 'segment');
        assert.equal(content.entries.length, kept);
        assert.deepEqual(content.damage, []);
        const header = cut < SEGMENT_HEADER.length ? 0 : SEGMENT_HEADER.length;
        assert.equal(content.tornBytes, cut - (ends[kept - 1] ?? header));
      }),
    );
  });

  it('with a flipped bit loses the entry that it is in, if any, and says where', () => {
    holds(
      fc.property(arbitraryEntries, fc.nat(), fc.nat({ max: 7 }), (entries, place, bit) => {
        const bytes = segmentOf(entries);
        const at = SEGMENT_HEADER.length + (place % (bytes.length - SEGMENT_HEADER.length));
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const hit = entries.findIndex((_, index) => at < segmentOf(entries.slice(0, index + 1)).length);
        const content = decodeSegment(bytes, 'segment');
        assert.deepEqual(
          content.entries.map(({ keyed }) => keyed),
          entries.filter((_, index) => index !== hit),
        );
        const offset = segmentOf(entries.slice(0, hit)).length;
        const sizeBytes = segmentOf(entries.slice(0, hit + 1)).length - offset;
        const isLast = hit === entries.length - 1;
        assert.deepEqual(content.damage, isLast ? [] : [{ offset, sizeBytes }]);
        assert.equal(content.tornBytes, isLast ? sizeBytes : 0);
      }),
    );
  });

  it('of any bytes at all is read without a failure, unless a later version wrote it', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 400 }), arbitraryKeyed, (junk, keyed) => {
        assert.deepEqual(recordsIn(Buffer.concat([junk, entryOf(keyed)])).at(-1), keyed);
      }),
    );
  });

  it('of zeros, as some file systems leave behind a crash, holds nothing', () => {
    const content = decodeSegment(new Uint8Array(4_096), 'segment');
    assert.deepEqual(content, { entries: [], damage: [], tornBytes: 4_096 });
  });

  it('drops an entry whose checksum is right and whose payload is no record', () => {
    const good = entryOf({ key: KEY, record: recordOf({ blobIds: [hashOf(1)] }) });
    const bytes = Buffer.concat([SEGMENT_HEADER, entryAround(Buffer.from('no record')), good]);
    const { entries, damage } = decodeSegment(bytes, 'segment');
    assert.equal(entries.length, 1);
    assert.deepEqual(damage, [{ offset: SEGMENT_HEADER.length, sizeBytes: bytes.length - 8 - good.length }]);
  });

  it('of a later version, or with a record of one, is refused by its name', () => {
    const later = Buffer.from('DRFTJNL2 and what follows');
    const payload = new Writer()
      .varint(1)
      .hash(KEY.hash)
      .u8(RECORD_VERSION + 1)
      .finish();
    for (const bytes of [later, Buffer.concat([SEGMENT_HEADER, entryAround(payload)])]) {
      assert.throws(
        () => decodeSegment(bytes, '/data/7.journal'),
        (error) => isFailure(error, 'ERR_UNKNOWN_VERSION') && error.argument.startsWith('/data/7.journal'),
      );
    }
  });

  it('has had these bytes since version 1', () => {
    const keyed = { key: KEY, record: recordOf({ blobIds: [hashOf(1)] }) };
    assert.equal(segmentOf([keyed]).toString('hex'), GOLDEN);
  });
});
