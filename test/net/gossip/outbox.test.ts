import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EMPTY_RECORD, mergeRecords, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { blockId, type BlockId } from '../../../crdt/ids.ts';
import { BATCH_RECORDS_MAX } from '../../../net/gossip/batch.ts';
import {
  ANNOUNCED_DELAY_MS_MAX,
  CONTENDED_DELAY_MS_MAX,
  HINT_DELAY_MS_MAX,
  Outbox,
  OUTBOX_BLOCKS_MAX,
} from '../../../net/gossip/outbox.ts';
import { announcementWith, hashOf, leaseWith, resultWith } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { arbitraryKeyedRecord } from '../keyed-records.ts';
import { keyAt } from '../signed-nodes.ts';

function delta(number: number, blob = 1): KeyedRecord {
  return { key: keyAt(number), record: { ...EMPTY_RECORD, blobIds: [hashOf(blob)] } };
}

function claimOf(number: number): KeyedRecord {
  return { key: keyAt(number), record: { ...EMPTY_RECORD, lease: leaseWith({}) } };
}

function outboxWith(...deltas: readonly KeyedRecord[]): Outbox {
  const outbox = new Outbox();
  for (const each of deltas) outbox.add(each);
  return outbox;
}

/** What leaves at `nowMs`; fails when nothing does. */
function sent(outbox: Outbox, nowMs: number): readonly (readonly KeyedRecord[])[] {
  const decision = outbox.take(nowMs);
  assert.ok(decision.kind === 'send');
  return decision.groups;
}

function mergedByBlock(records: readonly KeyedRecord[]): Map<BlockId, BlockRecord> {
  const merged = new Map<BlockId, BlockRecord>();
  for (const { key, record } of records) {
    merged.set(blockId(key), mergeRecords(merged.get(blockId(key)) ?? EMPTY_RECORD, record));
  }
  return merged;
}

describe('the outbox', () => {
  it('sends at once after a pause, and is idle when it is empty', () => {
    const outbox = outboxWith(delta(1));
    assert.deepEqual(outbox.take(0), { kind: 'send', groups: [[delta(1)]] });
    assert.deepEqual(outbox.take(0), { kind: 'idle' });
    outbox.add(delta(2));
    assert.deepEqual(outbox.take(HINT_DELAY_MS_MAX), { kind: 'send', groups: [[delta(2)]] });
  });

  it('gathers hints until HINT_DELAY_MS_MAX after it has sent', () => {
    const outbox = outboxWith(delta(1));
    sent(outbox, 100);
    outbox.add(delta(2));
    assert.deepEqual(outbox.take(100), { kind: 'wait', delayMs: HINT_DELAY_MS_MAX });
    outbox.add(delta(3));
    assert.deepEqual(outbox.take(103), { kind: 'wait', delayMs: HINT_DELAY_MS_MAX - 3 });
    assert.deepEqual(sent(outbox, 100 + HINT_DELAY_MS_MAX), [[delta(2), delta(3)]]);
  });

  it('gathers no longer than the most urgent of what waits may wait, and takes along the rest', () => {
    const delays: [Partial<BlockRecord>, number][] = [
      [{ lease: leaseWith({}) }, CONTENDED_DELAY_MS_MAX],
      [{ generation: leaseWith({}) }, CONTENDED_DELAY_MS_MAX],
      [{ results: [resultWith({})] }, CONTENDED_DELAY_MS_MAX],
      [{ witnesses: [announcementWith({})] }, ANNOUNCED_DELAY_MS_MAX],
    ];
    for (const [parts, delayMs] of delays) {
      const outbox = outboxWith(delta(1));
      sent(outbox, 100);
      outbox.add(delta(2));
      const awaited = { key: keyAt(3), record: recordOf(parts) };
      outbox.add(awaited);
      assert.deepEqual(outbox.take(101), { kind: 'wait', delayMs: delayMs - 1 });
      assert.deepEqual(sent(outbox, 100 + delayMs), [[delta(2), awaited]]);
      outbox.add(delta(4));
      assert.deepEqual(outbox.take(100 + delayMs), { kind: 'wait', delayMs: HINT_DELAY_MS_MAX });
    }
  });

  it('says when it may be time to send: for the first, for the first claim, and with a full batch', () => {
    const outbox = new Outbox();
    assert.deepEqual(
      [delta(1), delta(2), claimOf(3), claimOf(4), delta(5)].map((each) => outbox.add(each)),
      [true, false, true, false, false],
    );
    for (let number = 6; number < BATCH_RECORDS_MAX; number++) assert.equal(outbox.add(delta(number)), false);
    assert.equal(outbox.add(delta(BATCH_RECORDS_MAX)), true);
  });

  it('does not wait with a full batch', () => {
    const outbox = outboxWith(delta(0));
    sent(outbox, 0);
    for (let number = 1; number < BATCH_RECORDS_MAX; number++) outbox.add(delta(number));
    assert.equal(outbox.take(1).kind, 'wait');
    outbox.add(delta(BATCH_RECORDS_MAX));
    assert.equal(sent(outbox, 1)[0]?.length, BATCH_RECORDS_MAX);
  });

  it('merges the deltas of one block, in the place of the first', () => {
    const outbox = outboxWith(delta(1, 1), delta(2), delta(1, 2));
    const merged = { key: keyAt(1), record: mergeRecords(delta(1, 1).record, delta(1, 2).record) };
    assert.deepEqual(sent(outbox, 0), [[merged, delta(2)]]);
  });

  it('sends the merge of all that was added, whatever was added', () => {
    holds(
      fc.property(fc.array(arbitraryKeyedRecord, { minLength: 1, maxLength: 20 }), (deltas) => {
        const groups = sent(outboxWith(...deltas), 0);
        assert.deepEqual(mergedByBlock(groups.flat()), mergedByBlock(deltas));
      }),
    );
  });

  it('holds OUTBOX_BLOCKS_MAX blocks; for one more it drops the oldest and counts it', () => {
    const outbox = new Outbox();
    for (let number = 0; number < OUTBOX_BLOCKS_MAX; number++) outbox.add(delta(number));
    outbox.add(delta(0, 2));
    assert.deepEqual([outbox.size, outbox.dropped], [OUTBOX_BLOCKS_MAX, 0]);
    outbox.add(delta(OUTBOX_BLOCKS_MAX));
    assert.deepEqual([outbox.size, outbox.dropped], [OUTBOX_BLOCKS_MAX, 1]);
    const left = sent(outbox, 0).flat();
    assert.deepEqual(left[0], delta(1));
    assert.deepEqual(left.at(-1), delta(OUTBOX_BLOCKS_MAX));
    assert.equal(outbox.size, 0);
  });

  it('carries a claim that is renewed while it waits as one lease', () => {
    const claim = { ...EMPTY_RECORD, lease: leaseWith({}) };
    const renewal = { ...EMPTY_RECORD, lease: leaseWith({ renewals: 1, renewedAfterMs: 10_000 }) };
    const outbox = outboxWith({ key: keyAt(1), record: claim }, { key: keyAt(1), record: renewal });
    assert.deepEqual(sent(outbox, 0), [[{ key: keyAt(1), record: renewal }]]);
  });
});
