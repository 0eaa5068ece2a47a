import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HOLDERS_MAX } from '../../../crdt/block/holders.ts';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import {
  GROUP_ID_TABLE_ENTRIES_MAX,
  groupedBytesMax,
  readRecordGroup,
  writeRecordGroup,
} from '../../../crdt/block/record-group.ts';
import { EMPTY_RECORD, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { SIGNATURE_BYTES } from '../../../crdt/bytes.ts';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { DecodeError, type DecodeCode } from '../../../crdt/errors.ts';
import { HLC_BYTES } from '../../../crdt/hlc.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { holds } from '../../properties.ts';
import {
  announcementWith,
  arbitraryRecord,
  arbitraryUnfinishedRecord,
  hashOf,
  leaseWith,
  nodeOf,
  plain,
  resultWith,
  signatureOf,
} from './arbitraries.ts';
import { RECORD_GROUP, RECORD_GROUP_HEX } from './golden.ts';

const RECORDS_MAX = 64;
/** Of a group's table size and record count, at most. */
const COUNTS_BYTES_MAX = 3 + 2;

function encode(group: readonly KeyedRecord[]): Uint8Array {
  const writer = new Writer();
  writeRecordGroup(writer, group);
  return writer.finish();
}

function decode(bytes: Uint8Array, recordsMax = RECORDS_MAX): KeyedRecord[] {
  const reader = new Reader(bytes);
  const group = readRecordGroup(reader, recordsMax);
  reader.end('record group');
  return group;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Either a group whose one encoding is `bytes`, or a `DecodeError`; anything else fails the test. */
function decodesCanonicallyOrRefuses(bytes: Uint8Array): void {
  let group: readonly KeyedRecord[];
  try {
    group = decode(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return;
  }
  assert.equal(hex(encode(group)), hex(bytes));
}

/** Few blocks, so that one comes up several times, and hashes that are state roots and parent hashes elsewhere. */
const arbitraryKey: fc.Arbitrary<BlockKey> = plain({
  number: fc.constantFrom(0, 3_080, Number.MAX_SAFE_INTEGER),
  hash: fc.constantFrom(1, 2, 12, 13).map(hashOf),
});
const arbitraryGroup: fc.Arbitrary<KeyedRecord[]> = fc.array(
  plain({ key: arbitraryKey, record: fc.oneof(arbitraryRecord, arbitraryUnfinishedRecord) }),
  { maxLength: 8 },
);

function keyed(number: number, parts: Partial<BlockRecord> = {}): KeyedRecord {
  return { key: { number, hash: hashOf(number) }, record: recordOf(parts) };
}

function holdersFrom(first: number, count: number): Partial<BlockRecord> {
  return { holders: Array.from({ length: count }, (_, n) => ({ node: nodeOf(first + n), dot: 1, live: true })) };
}

/** A delta by one of so many nodes for one of so many blocks that a group of them needs indexes of two bytes. */
const arbitraryFarDelta: fc.Arbitrary<KeyedRecord> = fc
  .record({ far: fc.nat(100_000), part: fc.nat(3), others: fc.nat(30) })
  .map(({ far, part, others }) => {
    const [node, hash] = [nodeOf(far), hashOf(far)];
    const parts: readonly Partial<BlockRecord>[] = [
      { results: [resultWith({ node, stateRoot: hash })] },
      { lease: leaseWith({ holder: node }), generation: leaseWith({ holder: nodeOf(far + 1) }) },
      { witnesses: [announcementWith({ author: node, payloadDigest: hash, parentHash: hashOf(far + 1) })] },
      holdersFrom(far, others),
    ];
    return { key: { number: far, hash: hashOf(2 * far) }, record: recordOf(parts[part] ?? {}) };
  });

/** As few records of one block as `count` holders need. */
function holderGroup(count: number): KeyedRecord[] {
  const group: KeyedRecord[] = [];
  for (let first = 0; first < count; first += HOLDERS_MAX) {
    group.push(keyed(5, holdersFrom(first, Math.min(HOLDERS_MAX, count - first))));
  }
  return group;
}

/** A table that says it holds `count` ids and ends in the second one. */
function tableThatClaims(count: number): Uint8Array {
  return new Writer().varint(count).hash(hashOf(1)).u8(1).finish();
}

/** A group with these ids and one record of block 5 that has the hash with index `hashIndex`; `body` follows that. */
function craftedGroup(ids: readonly number[], hashIndex: number, body: readonly number[]): Uint8Array {
  const writer = new Writer().varint(ids.length);
  for (const id of ids) writer.hash(hashOf(id));
  return writer.varint(1).varint(5).varint(hashIndex).fixed(Uint8Array.from(body)).finish();
}

function assertRefused(bytes: Uint8Array, code: DecodeCode, field: string, recordsMax = RECORDS_MAX): void {
  assert.throws(
    () => decode(bytes, recordsMax),
    (error) => error instanceof DecodeError && error.code === code && error.argument.startsWith(`${field} at byte`),
  );
}

function boundOf(group: readonly KeyedRecord[]): number {
  return group.reduce((sum, record) => sum + groupedBytesMax(record), COUNTS_BYTES_MAX);
}

describe('a group of records', () => {
  it('has the bytes it always had', () => {
    assert.equal(hex(encode(RECORD_GROUP)), RECORD_GROUP_HEX);
    assert.deepEqual(decode(Buffer.from(RECORD_GROUP_HEX, 'hex')), RECORD_GROUP);
    assert.equal(hex(encode([])), '0000');
    assert.deepEqual(decode(Uint8Array.of(0, 0)), []);
  });

  it('decodes to what was encoded, in order, records of one block apart', () => {
    holds(fc.property(arbitraryGroup, (group) => assert.deepEqual(decode(encode(group)), group)));
  });

  it('has one encoding, whichever objects it is made of', () => {
    holds(
      fc.property(arbitraryGroup, (group) => assert.equal(hex(encode(structuredClone(group))), hex(encode(group)))),
    );
  });

  it('names a value that several records refer to once', () => {
    const success = keyed(5, { results: [resultWith({})] });
    const [one, two] = [encode([success]), encode([success, success])];
    const keyAndParts = 1 + 1 + 1;
    const result = 1 + 1 + 1 + 1 + 1 + HLC_BYTES + SIGNATURE_BYTES;
    assert.equal(two.length - one.length, keyAndParts + 1 + result);
  });

  it('shares no memory with the bytes it came from', () => {
    const bytes = encode(RECORD_GROUP);
    const group = decode(bytes);
    bytes.fill(0);
    assert.deepEqual(group, RECORD_GROUP);
  });

  it('cut anywhere, or with a byte too many, is refused', () => {
    const whole = encode(RECORD_GROUP);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => decode(whole.subarray(0, length)), DecodeError);
    }
    assert.throws(() => decode(Uint8Array.from([...whole, 0])), { code: 'ERR_TRAILING_BYTES' });
  });

  it('with any one bit flipped decodes canonically or is refused', () => {
    const whole = encode(RECORD_GROUP);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      decodesCanonicallyOrRefuses(whole.with(bit >> 3, (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7))));
    }
  });

  it('changed at random, spliced of two or made up decodes canonically or is refused', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    holds(
      fc.property(arbitraryGroup, fc.array(change, { minLength: 1, maxLength: 4 }), (group, changes) => {
        const bytes = encode(group);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        decodesCanonicallyOrRefuses(bytes);
      }),
    );
    holds(
      fc.property(arbitraryGroup, arbitraryGroup, fc.nat(), fc.nat(), (a, b, cutA, cutB) => {
        const [head, tail] = [encode(a), encode(b)];
        const spliced = [...head.subarray(0, cutA % (head.length + 1)), ...tail.subarray(cutB % (tail.length + 1))];
        decodesCanonicallyOrRefuses(Uint8Array.from(spliced));
      }),
    );
    holds(fc.property(fc.uint8Array({ maxLength: 200, max: 40 }), decodesCanonicallyOrRefuses));
  });
});

describe('the decoder of record groups', () => {
  it('takes a table that is sorted and used, by a block hash or by a record, and no other', () => {
    assert.deepEqual(decode(craftedGroup([5], 0, [0])), [keyed(5)]);
    assertRefused(craftedGroup([5, 6], 0, [0]), 'ERR_NOT_CANONICAL', 'id table');
    assertRefused(craftedGroup([5, 5], 0, [0]), 'ERR_NOT_CANONICAL', 'id table entry');
    assertRefused(craftedGroup([6, 5], 0, [0]), 'ERR_NOT_CANONICAL', 'id table entry');
    assertRefused(craftedGroup([5], 1, [0]), 'ERR_OUT_OF_RANGE', 'block hash');
    assertRefused(craftedGroup([], 0, [0]), 'ERR_OUT_OF_RANGE', 'block hash');
    assertRefused(Uint8Array.of(1, ...new Uint8Array(32), 0), 'ERR_NOT_CANONICAL', 'id table');
  });

  it('takes an entry that only the last of several records refers to', () => {
    const group = [keyed(5), keyed(5), keyed(5, holdersFrom(1, 1))];
    assert.deepEqual(decode(encode(group)), group);
  });

  it('refuses an empty list, which is not written', () => {
    const lists: readonly [number, string][] = [
      [1, 'results count'],
      [4, 'witnesses count'],
      [16, 'holders count'],
      [32, 'blob ids count'],
    ];
    for (const [part, field] of lists) {
      assertRefused(craftedGroup([5], 0, [part, 0]), 'ERR_NOT_CANONICAL', field);
    }
  });

  it('refuses parts that it does not know', () => {
    for (const parts of [128, 192, 255]) assertRefused(craftedGroup([5], 0, [parts]), 'ERR_BAD_ENUM', 'record parts');
  });

  it('refuses a lease beside a Success, in one record; not in another record of the same block', () => {
    const [success, claim] = [{ results: [resultWith({})] }, { lease: leaseWith({}) }];
    const beside = { key: keyed(5).key, record: { ...EMPTY_RECORD, ...success, ...claim } };
    assertRefused(encode([beside]), 'ERR_NOT_CANONICAL', 'lease');
    assert.deepEqual(decode(encode([keyed(5, success), keyed(5, claim)])), [keyed(5, success), keyed(5, claim)]);
  });

  it('takes recordsMax records, and not one more', () => {
    const group = Array.from({ length: 3 }, () => keyed(5));
    assert.equal(decode(encode(group), 3).length, 3);
    assertRefused(encode(group), 'ERR_OVER_LIMIT', 'record count', 2);
  });

  it('takes GROUP_ID_TABLE_ENTRIES_MAX ids, and not one more', () => {
    // One entry is the block's hash.
    const group = holderGroup(GROUP_ID_TABLE_ENTRIES_MAX - 1);
    const bytes = encode(group);
    assert.equal(new Reader(bytes).varint('id table size'), GROUP_ID_TABLE_ENTRIES_MAX);
    assert.deepEqual(decode(bytes), group);
    assert.ok(bytes.length <= boundOf(group));
    assertRefused(encode(holderGroup(GROUP_ID_TABLE_ENTRIES_MAX)), 'ERR_OVER_LIMIT', 'id table size');
  });

  it('refuses a table that claims more than has arrived where the bytes end, and a longer one at its size', () => {
    const truncated = tableThatClaims(GROUP_ID_TABLE_ENTRIES_MAX);
    assert.throws(() => decode(truncated), { code: 'ERR_TRUNCATED', offset: truncated.length - 1 });
    for (const count of [GROUP_ID_TABLE_ENTRIES_MAX + 1, Number.MAX_SAFE_INTEGER]) {
      assert.throws(() => decode(tableThatClaims(count)), { code: 'ERR_OVER_LIMIT', offset: 0 });
    }
  });
});

describe('the most that a record adds to a group', () => {
  it('bounds every group: of records that share ids, and of records that share none', () => {
    const far = fc.array(arbitraryFarDelta, { minLength: 1, maxLength: RECORDS_MAX });
    holds(fc.property(arbitraryGroup, (group) => assert.ok(encode(group).length <= boundOf(group))));
    holds(fc.property(far, (group) => assert.ok(encode(group).length <= boundOf(group))));
  });

  it('is what the record takes alone, less the two counts, and a byte more for each index', () => {
    const announcement = announcementWith({ blobIds: [hashOf(1)], signature: signatureOf(2) });
    const cases: readonly [number, Partial<BlockRecord>][] = [
      [1, {}],
      [1, { blobIds: [hashOf(1), hashOf(2)] }],
      [2, { lease: leaseWith({}) }],
      [3, { lease: leaseWith({}), generation: leaseWith({}) }],
      [3, { results: [resultWith({})] }],
      [5, { witnesses: [announcement] }],
      [101, holdersFrom(1, 100)],
      [8, { results: [resultWith({})], witnesses: [announcement], ...holdersFrom(1, 1) }],
    ];
    for (const [indexes, parts] of cases) {
      assert.equal(groupedBytesMax(keyed(5, parts)), encode([keyed(5, parts)]).length - 2 + indexes);
    }
  });
});
