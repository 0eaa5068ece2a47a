import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addFingerprint, EMPTY_FINGERPRINT, fingerprintOf } from '../../crdt/block/fingerprint.ts';
import { EMPTY_RECORD, isEmptyRecord, mergeRecords, type BlockRecord } from '../../crdt/block/record.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { blockId, compareBlockKeys, type BlockKey } from '../../crdt/ids.ts';
import { compareItems, EVERYTHING, type Item } from '../../net/reconcile/index/item.ts';
import { Replica } from '../../src/replica/replica.ts';
import { Tally } from '../../src/replica/tally.ts';
import { disputeOf } from '../../crdt/block/view.ts';
import { arbitraryDeltas } from '../net/reconcile/replicas.ts';
import { holds } from '../properties.ts';

const deltas = arbitraryDeltas(40);

/** The records by block, merged one by one and without any cleverness. */
function recount(merged: readonly KeyedRecord[]): Map<string, { key: BlockKey; record: BlockRecord }> {
  const records = new Map<string, { key: BlockKey; record: BlockRecord }>();
  for (const { key, record } of merged) {
    const known = records.get(blockId(key))?.record ?? EMPTY_RECORD;
    const after = mergeRecords(known, record);
    if (!isEmptyRecord(after)) records.set(blockId(key), { key, record: after });
  }
  return records;
}

function replicaOf(merged: readonly KeyedRecord[]): Replica {
  const replica = new Replica();
  for (const delta of merged) replica.merge(delta);
  return replica;
}

function keyOf(replica: Replica, item: Item): BlockKey {
  const key = replica.blockOf(item);
  assert.ok(key !== undefined);
  return key;
}

function recordIn(replica: Replica, item: Item): KeyedRecord {
  const key = keyOf(replica, item);
  return { key, record: replica.get(key) };
}

/** All that can be asked of a replica, in one order. */
function contentOf(replica: Replica): unknown {
  const items = replica.index.items(EVERYTHING, Infinity);
  return { digest: replica.digest, items, entries: items.map((item) => replica.entry(keyOf(replica, item))) };
}

describe('a replica', () => {
  it('has the digest and the items that a recount of its records gives', () => {
    holds(
      fc.property(deltas, (merged) => {
        const replica = replicaOf(merged);
        const records = [...recount(merged).values()].sort((a, b) => compareBlockKeys(a.key, b.key));
        assert.equal(replica.size, records.length);
        assert.equal(
          replica.digest,
          records.reduce((sum, keyed) => addFingerprint(sum, fingerprintOf(keyed)), EMPTY_FINGERPRINT),
        );
        const items = records.map((keyed) => ({ number: keyed.key.number, fingerprint: fingerprintOf(keyed) }));
        assert.deepEqual(replica.index.items(EVERYTHING, Infinity), items.sort(compareItems));
        assert.deepEqual(replica.index.summary(EVERYTHING), { count: items.length, sum: replica.digest });
        for (const item of items) assert.equal(fingerprintOf(recordIn(replica, item)), item.fingerprint);
        for (const { key, record } of records) {
          assert.deepEqual(replica.get(key), record);
          assert.deepEqual(
            replica.blocksAt(key.number),
            records.map((other) => other.key).filter(({ number }) => number === key.number),
          );
        }
      }),
    );
  });

  it('is the same whatever the order and repetition of what it merged', () => {
    const orders = deltas.chain((merged) =>
      fc.tuple(fc.constant(merged), fc.shuffledSubarray([...merged, ...merged], { minLength: 2 * merged.length })),
    );
    holds(
      fc.property(orders, ([once, again]) => {
        assert.deepEqual(contentOf(replicaOf(again)), contentOf(replicaOf(once)));
      }),
    );
  });

  it('is the same whether it merged deltas or the records of other replicas', () => {
    holds(
      fc.property(deltas, deltas, (left, right) => {
        const merged = replicaOf(left);
        for (const { key, record } of replicaOf(right).entries()) merged.merge({ key, record });
        assert.deepEqual(contentOf(merged), contentOf(replicaOf([...left, ...right])));
      }),
    );
  });

  it('reports a change exactly when a record changed, from what it was to what it is', () => {
    holds(
      fc.property(deltas, (merged) => {
        const replica = new Replica();
        for (const { key, record } of merged) {
          const before = replica.get(key);
          const digest = replica.digest;
          const change = replica.merge({ key, record });
          assert.equal(change === undefined, replica.digest === digest);
          assert.deepEqual(change, change === undefined ? undefined : { key, before, after: replica.get(key) });
          assert.equal(replica.merge({ key, record }), undefined);
        }
      }),
    );
  });

  it('knows the fingerprint of each block after every change, also where several are at one height', () => {
    holds(
      fc.property(arbitraryDeltas(20), fc.nat(40), (merged, removed) => {
        const replica = new Replica();
        const assertFingerprints = (): void => {
          for (const { key, record, fingerprint } of replica.entries()) {
            assert.equal(fingerprint, fingerprintOf({ key, record }));
          }
        };
        for (const delta of merged) {
          replica.merge(delta);
          assertFingerprints();
        }
        for (const { key } of merged.slice(removed)) replica.remove(key);
        assertFingerprints();
        for (const delta of merged) replica.merge(delta);
        assertFingerprints();
        assert.deepEqual(contentOf(replica), contentOf(replicaOf(merged)));
      }),
    );
  });

  it('knows nothing of a block of which only an empty record came', () => {
    const replica = new Replica();
    const key = { number: 1, hash: `0x${'11'.repeat(32)}` } as const;
    assert.equal(replica.merge({ key, record: EMPTY_RECORD }), undefined);
    assert.equal(replica.size, 0);
    assert.equal(replica.record(key), undefined);
    assert.equal(replica.get(key), EMPTY_RECORD);
    assert.deepEqual(replica.blocksAt(1), []);
    assert.deepEqual(replica.index.items(EVERYTHING, 1), []);
  });
});

describe('the tally', () => {
  it('equals a recount after any changes', () => {
    holds(
      fc.property(deltas, (merged) => {
        const replica = new Replica();
        const tally = new Tally();
        for (const delta of merged) {
          const change = replica.merge(delta);
          if (change !== undefined) tally.note(change);
        }
        const records = [...recount(merged).values()];
        const unfinished = records.filter((keyed) => successes(keyed) === 0);
        assert.equal(tally.blocks, records.length);
        assert.equal(
          tally.results,
          records.reduce((sum, { record }) => sum + record.results.length, 0),
        );
        assert.equal(
          tally.duplicates,
          records.reduce((sum, keyed) => sum + Math.max(0, successes(keyed) - 1), 0),
        );
        assert.equal(tally.disputed, records.filter(({ record }) => disputeOf(record.results) !== undefined).length);
        assert.equal(tally.unfinishedCount, unfinished.length);
        assert.deepEqual(
          [...tally.unfinished()].sort(compareBlockKeys),
          unfinished.map(({ key }) => key).sort(compareBlockKeys),
        );
      }),
    );
  });
});

function successes({ record }: KeyedRecord): number {
  return record.results.filter(({ verdict }) => verdict === 'success').length;
}
