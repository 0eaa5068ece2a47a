import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeRecord, type KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD } from '../../../crdt/block/record.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { sealEnvelope } from '../../../net/framing/envelope.ts';
import { BATCH_OVERHEAD_BYTES, BATCH_RECORDS_MAX, decodeBatch } from '../../../net/gossip/batch.ts';
import { encodeBatch, isBatchSignedBySender, packBatches } from '../../../net/gossip/batch.ts';
import { GOSSIP_MESSAGE_BYTES_MAX } from '../../../net/network.ts';
import { stampOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { arbitraryKeyedRecord, largeRecord, recordWithBlobIds } from '../keyed-records.ts';
import { keyAt, signedLease, signedResult, SignedNodes } from '../signed-nodes.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

const nodes = new SignedNodes();
const sender = nodes.make(1);
const stamp = stampOf(1_700_000_000_000, 7);

/** A result and a claim of the node whose key is 32 times 01, in cluster "golden". */
const GOLDEN = [
  '018a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c018bcfe56800000702',
  '8818b000000000000000000000000000000000000000000000000000000000000c0801028a88e3dd7409f195fd52db2d3cba',
  '5d72ca6709bf1d94121bf3748801b40f6f5cb000000000000000000000000000000000000000000000000000000000000001',
  '000100010101010000000003e80000547ed9af52ce0e4d2d2d93ffed4fe6ce82affe22c1909fba7588fecaa83f92bce20f03',
  'f48e66da394e10351c7979144d2c2f2edd22fca73ede9cd9140d6c4702000000',
  '8918b000000000000000000000000000000000000000000000000000000000000c0901018a88e3dd7409f195fd52db2d3cba',
  '5d72ca6709bf1d94121bf3748801b40f6f5c010000010000000003e80000b0ea0100000013eddf07b342e49582bb310c80a8',
  'a2011e74f796364d9c1933c894be15479ce3255b16ba88d5c0ba2f9211e614702424c7920c7b90018d55a204a2fff2d6e002',
  '000000',
  '601ef44211b50b4fbf62406ef378a0271fd2898cb35b6e3370c9d9243d203490d9f9aae3bd349c5ee9b529c40620255a1187',
  '296682cb973ef4736d6621bff30b',
].join('');

function emptyRecords(count: number): KeyedRecord[] {
  return Array.from({ length: count }, (_, number) => ({ key: keyAt(number), record: EMPTY_RECORD }));
}

/** A batch of `count` empty records that says it holds `claimed`. */
function batchOf(count: number, claimed: number): Uint8Array {
  const writer = new Writer().u8(1).node(sender.node).uintBE(0, 6).uintBE(0, 2).varint(claimed);
  for (const { key, record } of emptyRecords(count))
    writer.varint(key.number).hash(key.hash).fixed(encodeRecord(record));
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
    const field = 'batch record count';
    assertDecodeFails(
      () => decodeBatch(batchOf(BATCH_RECORDS_MAX + 1, BATCH_RECORDS_MAX + 1)),
      'ERR_OVER_LIMIT',
      field,
    );
    assertDecodeFails(() => decodeBatch(batchOf(0, 0)), 'ERR_OUT_OF_RANGE', field);
    assertDecodeFails(() => decodeBatch(batchOf(2, 1)), 'ERR_TRAILING_BYTES', 'batch');
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

/** How many records are packed into each batch. */
function sizes(records: readonly KeyedRecord[], bytesMax?: number): number[] {
  return packBatches(records, bytesMax).groups.map((group) => group.length);
}

describe('packing batches', () => {
  it('keeps every record that fits a message, in order, and no message over the limit', () => {
    const records = fc.array(arbitraryKeyedRecord, { maxLength: 30 });
    holds(
      fc.property(records, fc.integer({ min: 0, max: 4_000 }), (given, bytesMax) => {
        const { groups, oversized } = packBatches(given, bytesMax);
        const fits = (record: KeyedRecord): boolean => !oversized.includes(record);
        assert.deepEqual(groups.flat(), given.filter(fits));
        for (const group of groups) assert.ok(encodedBytes(group) <= bytesMax);
        for (const record of oversized) assert.ok(encodedBytes([record]) + 1 > bytesMax);
      }),
    );
  });

  it('fills a message to the last byte, and begins another for one byte more', () => {
    const records = emptyRecords(200);
    const fullBytes = encodedBytes(records);
    // 200 takes the two bytes of a count that are always reserved.
    assert.equal(packBatches(records, fullBytes).groups.length, 1);
    assert.deepEqual(sizes(records, fullBytes - 1), [199, 1]);
  });

  it('closes a batch at BATCH_RECORDS_MAX records', () => {
    assert.deepEqual(sizes(emptyRecords(BATCH_RECORDS_MAX)), [BATCH_RECORDS_MAX]);
    assert.deepEqual(sizes(emptyRecords(BATCH_RECORDS_MAX + 1)), [BATCH_RECORDS_MAX, 1]);
    assert.deepEqual(sizes([]), []);
  });

  it('leaves out a record that fits no message, and only that', () => {
    const record = { key: keyAt(1), record: recordWithBlobIds(100) };
    const alone = encodeRecord(record.record).length + 33 + BATCH_OVERHEAD_BYTES;
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
