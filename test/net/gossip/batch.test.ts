import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { groupedBytesMax } from '../../../crdt/block/record-group.ts';
import { EMPTY_RECORD, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { HLC_BYTES } from '../../../crdt/hlc.ts';
import { sealEnvelope } from '../../../net/framing/envelope.ts';
import { BATCH_OVERHEAD_BYTES, BATCH_RECORDS_MAX, decodeBatch } from '../../../net/gossip/batch.ts';
import { encodeBatch, isBatchSignedBySender, packBatches } from '../../../net/gossip/batch.ts';
import { GOSSIP_MESSAGE_BYTES_MAX } from '../../../net/network.ts';
import { announcementWith, hashOf, leaseWith, nodeOf, resultWith, stampOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { arbitraryKeyedRecord, largeRecord, recordWithBlobIds } from '../keyed-records.ts';
import { keyAt, signedLease, signedResult, SignedNodes } from '../signed-nodes.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

const nodes = new SignedNodes();
const sender = nodes.make(1);
const stamp = stampOf(1_700_000_000_000, 7);

const SENDER = '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c';
/** A result and a claim of the node whose key is 32 times 01, in cluster "golden"; the spaces, which part fields, left out. */
const GOLDEN = [
  `01 ${SENDER} 018bcfe568000007`, // version, sender, stamp
  '04', // four ids: the node, the state root, two block hashes
  SENDER,
  'b000000000000000000000000000000000000000000000000000000000000001',
  'b000000000000000000000000000000000000000000000000000000000000c08',
  'b000000000000000000000000000000000000000000000000000000000000c09',
  '02', // two records: block number, block hash, parts
  '8818 02 01 01',
  '00 01 01 01 01 0000000003e80000',
  '547ed9af52ce0e4d2d2d93ffed4fe6ce82affe22c1909fba7588fecaa83f92bc',
  'e20f03f48e66da394e10351c7979144d2c2f2edd22fca73ede9cd9140d6c4702',
  '8918 03 02',
  '00 01 0000000003e80000 b0ea01 00 00 00',
  '13eddf07b342e49582bb310c80a8a2011e74f796364d9c1933c894be15479ce3',
  '255b16ba88d5c0ba2f9211e614702424c7920c7b90018d55a204a2fff2d6e002',
  // The signature over all of it.
  'e56555b04d70138e940f512ba154bee55c671ae8feb0eca7573aecf3e5c6a2af',
  '863b98f0a04e75326787ab619aa905288a8fe74c5dbd19a435bb110c39ee710d',
]
  .join('')
  .replaceAll(' ', '');

function emptyRecords(count: number): KeyedRecord[] {
  return Array.from({ length: count }, (_, number) => ({ key: keyAt(number), record: EMPTY_RECORD }));
}

/** A batch of `count` empty records of one block that says it holds `claimed`. */
function batchOf(count: number, claimed: number): Uint8Array {
  const writer = new Writer().u8(1).node(sender.node).fixed(new Uint8Array(HLC_BYTES));
  writer.varint(1).hash(keyAt(0).hash).varint(claimed);
  for (let at = 0; at < count; at++) writer.varint(0).varint(0).u8(0);
  return sealEnvelope('driftlock/batch/1', 'c', writer.finish(), sender);
}

describe('a batch', () => {
  it('has these bytes', () => {
    const records = [signedResult(sender, keyAt(3_080)), signedLease(sender, keyAt(3_081))];
    assert.equal(Buffer.from(encodeBatch('golden', sender, stamp, records)).toString('hex'), GOLDEN);
    const batch = decodeBatch(Buffer.from(GOLDEN, 'hex'));
    assert.deepEqual(batch.records, records);
    assert.deepEqual([batch.sender, batch.stamp], [sender.node, stamp]);
    assert.ok(isBatchSignedBySender(batch, 'golden', nodes.verify));
  });

  it('decodes to what was encoded, and encodes to what was decoded', () => {
    const records = fc.array(arbitraryKeyedRecord, { minLength: 1, maxLength: 8 });
    holds(
      fc.property(records, fc.nat(2 ** 16 - 1), (given, counter) => {
        const bytes = encodeBatch('c', sender, stampOf(5, counter), given);
        const batch = decodeBatch(bytes);
        assert.deepEqual(batch.records, given);
        assert.deepEqual(batch.stamp, stampOf(5, counter));
        assert.deepEqual(encodeBatch('c', sender, batch.stamp, batch.records), bytes);
      }),
    );
  });

  it('spoiled in any bit or cut anywhere is undecodable, another batch, or not signed by its sender', () => {
    const bytes = encodeBatch('c', sender, stamp, [signedResult(sender, keyAt(1))]);
    assertSurvivesSpoiling(bytes, decodeBatch);
    const flipped = bytes.slice();
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    assert.ok(!isBatchSignedBySender(decodeBatch(flipped), 'c', nodes.verify));
  });

  it('of another cluster is not signed for this one', () => {
    const batch = decodeBatch(encodeBatch('other', sender, stamp, [signedResult(sender, keyAt(1))]));
    assert.ok(!isBatchSignedBySender(batch, 'c', nodes.verify));
  });

  it('holds 1 to BATCH_RECORDS_MAX records', () => {
    assert.equal(decodeBatch(batchOf(BATCH_RECORDS_MAX, BATCH_RECORDS_MAX)).records.length, BATCH_RECORDS_MAX);
    const tooMany = BATCH_RECORDS_MAX + 1;
    assertDecodeFails(() => decodeBatch(batchOf(tooMany, tooMany)), 'ERR_OVER_LIMIT', 'record count');
    assertDecodeFails(() => decodeBatch(batchOf(2, 1)), 'ERR_TRAILING_BYTES', 'batch');
    const none = new Writer().u8(1).node(sender.node).fixed(new Uint8Array(HLC_BYTES)).varint(0).varint(0).finish();
    const empty = sealEnvelope('driftlock/batch/1', 'c', none, sender);
    assertDecodeFails(() => decodeBatch(empty), 'ERR_OUT_OF_RANGE', 'batch records');
  });

  it('is at most GOSSIP_MESSAGE_BYTES_MAX long', () => {
    const padding = new Uint8Array(GOSSIP_MESSAGE_BYTES_MAX);
    assertDecodeFails(() => decodeBatch(padding), 'ERR_UNKNOWN_VERSION', 'batch version');
    assertDecodeFails(() => decodeBatch(new Uint8Array(padding.length + 1)), 'ERR_OVER_LIMIT', 'batch');
  });

  it('of another version is told from a broken one', () => {
    assertDecodeFails(() => decodeBatch(new Uint8Array([2, ...new Uint8Array(64)])), 'ERR_UNKNOWN_VERSION', 'batch');
  });
});

function encodedBytes(group: readonly KeyedRecord[]): number {
  return encodeBatch('c', sender, stamp, group).length;
}

/** What a batch of these takes at most, by which batches are packed. */
function bytesBound(group: readonly KeyedRecord[]): number {
  return group.reduce((sum, record) => sum + groupedBytesMax(record), BATCH_OVERHEAD_BYTES);
}

/** How many records are packed into each batch. */
function sizes(records: readonly KeyedRecord[], bytesMax?: number): number[] {
  return packBatches(records, bytesMax).groups.map((group) => group.length);
}

describe('packing batches', () => {
  const someRecords = fc.array(arbitraryKeyedRecord, { maxLength: 30 });
  const someBytes = fc.integer({ min: 0, max: 4_000 });

  it('keeps every record in order but those that may fit no message, and no message over the limit', () => {
    holds(
      fc.property(someRecords, someBytes, (given, bytesMax) => {
        const { groups, oversized } = packBatches(given, bytesMax);
        const mayNotFit = (record: KeyedRecord): boolean => bytesBound([record]) > bytesMax;
        assert.deepEqual(
          groups.flat(),
          given.filter((record) => !mayNotFit(record)),
        );
        assert.deepEqual(oversized, given.filter(mayNotFit));
        for (const group of groups) assert.ok(group.length > 0 && encodedBytes(group) <= bytesMax);
      }),
    );
  });

  it('begins another batch only when the next record might not fit', () => {
    holds(
      fc.property(someRecords, someBytes, (given, bytesMax) => {
        const { groups } = packBatches(given, bytesMax);
        for (const [at, group] of groups.slice(1).entries()) {
          assert.ok(bytesBound([...(groups[at] ?? []), ...group.slice(0, 1)]) > bytesMax);
        }
      }),
    );
  });

  it('goes by a bound that no batch is over', () => {
    const records = fc.array(arbitraryKeyedRecord, { minLength: 1, maxLength: 30 });
    holds(fc.property(records, (group) => assert.ok(encodedBytes(group) <= bytesBound(group))));
  });

  it('fills a message up to that bound, and begins another for one byte more', () => {
    const records = emptyRecords(200);
    const bytesMax = bytesBound(records);
    assert.deepEqual(sizes(records, bytesMax), [200]);
    assert.deepEqual(sizes(records, bytesMax - 1), [199, 1]);
  });

  it('goes by a bound that is at most four bytes a record too high when records share nothing', () => {
    const records = Array.from({ length: BATCH_RECORDS_MAX }, (_, n) => ({
      key: keyAt(n),
      record: recordOf({ results: [resultWith({ node: nodeOf(n), stateRoot: hashOf(BATCH_RECORDS_MAX + n) })] }),
    }));
    assert.ok(bytesBound(records) - encodedBytes(records) <= 4 * records.length);
  });

  it('puts BATCH_RECORDS_MAX deltas of any usual kind into one message', () => {
    const kinds: readonly ((n: number) => Partial<BlockRecord>)[] = [
      (n) => ({ results: [resultWith({ stateRoot: hashOf(n) })] }),
      () => ({ lease: leaseWith({}) }),
      (n) => ({
        witnesses: [
          announcementWith({
            payloadDigest: hashOf(n + 1),
            parentHash: hashOf(n + 2),
            preStateRoot: hashOf(n + 3),
            blobIds: Array.from({ length: 6 }, (_, at) => hashOf(at)),
          }),
        ],
        holders: [{ node: nodeOf(1), dot: 1, live: true }],
      }),
    ];
    for (const kind of kinds) {
      const deltas = Array.from({ length: BATCH_RECORDS_MAX }, (_, at) => {
        const number = 20_000_000 + at;
        return { key: keyAt(number), record: recordOf(kind(number)) };
      });
      assert.deepEqual(sizes(deltas), [BATCH_RECORDS_MAX]);
    }
  });

  it('closes a batch at BATCH_RECORDS_MAX records', () => {
    assert.deepEqual(sizes(emptyRecords(BATCH_RECORDS_MAX)), [BATCH_RECORDS_MAX]);
    assert.deepEqual(sizes(emptyRecords(BATCH_RECORDS_MAX + 1)), [BATCH_RECORDS_MAX, 1]);
    assert.deepEqual(sizes([]), []);
  });

  it('leaves out a record that may fit no message, and only that', () => {
    const record = { key: keyAt(1), record: recordWithBlobIds(100) };
    const alone = bytesBound([record]);
    const small = { key: keyAt(0), record: EMPTY_RECORD };
    assert.deepEqual(packBatches([small, record, small], alone), {
      groups: [[small], [record], [small]],
      oversized: [],
    });
    assert.deepEqual(packBatches([small, record, small], alone - 1), { groups: [[small, small]], oversized: [record] });
  });

  it('leaves the largest records to reconciliation', () => {
    const large = { key: keyAt(1), record: largeRecord() };
    assert.deepEqual(packBatches([large]), { groups: [], oversized: [large] });
  });
});
