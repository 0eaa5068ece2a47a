import assert from 'node:assert/strict';
import { recordOf } from '../../crdt/block/record.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import { DEFERRED_BLOCKS_MAX, DeferredLeases } from '../../src/intake/deferred-leases.ts';
import { leaseWith, nodeOf, stampOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';

const leaseAt = (wallMs: number, epoch = 1): Lease => leaseWith({ stamp: stampOf(wallMs), epoch });

describe('leases that wait to lie within the bound', () => {
  it('are handed out once they are due, and not before', () => {
    const waiting = new DeferredLeases();
    waiting.put({ key: keyAt(1), record: recordOf({ lease: leaseAt(2_000) }) });
    waiting.put({ key: keyAt(2), record: recordOf({ generation: leaseAt(1_000) }) });
    assert.equal(waiting.firstStampMs, 1_000);
    assert.deepEqual(waiting.take(999), []);
    assert.deepEqual(waiting.take(1_999), [{ key: keyAt(2), record: recordOf({ generation: leaseAt(1_000) }) }]);
    assert.deepEqual([waiting.size, waiting.firstStampMs], [1, 2_000]);
    assert.equal(waiting.take(2_000).length, 1);
    assert.deepEqual([waiting.size, waiting.firstStampMs], [0, undefined]);
  });

  it('are news once; another claim of the same block is news again, and the winner of the two waits', () => {
    const waiting = new DeferredLeases();
    const [first, second] = [leaseAt(1_000), leaseAt(3_000, 2)];
    const put = (lease: Lease): readonly Lease[] => waiting.put({ key: keyAt(1), record: recordOf({ lease }) });
    assert.deepEqual(put(first), [first]);
    assert.deepEqual(put({ ...first }), []);
    assert.deepEqual(put(second), [second]);
    assert.deepEqual(put(first), []);
    assert.deepEqual(waiting.take(3_000), [{ key: keyAt(1), record: recordOf({ lease: second }) }]);
    assert.deepEqual(waiting.put({ key: keyAt(1), record: recordOf({}) }), []);
    assert.equal(waiting.size, 0);
  });

  it('name their holders', () => {
    const waiting = new DeferredLeases();
    waiting.put({ key: keyAt(1), record: recordOf({ lease: leaseWith({ holder: nodeOf(7) }) }) });
    assert.deepEqual(waiting.holders(), new Set([nodeOf(7)]));
  });

  it('are DEFERRED_BLOCKS_MAX and no more: of more, those that are due last are let go', () => {
    const waiting = new DeferredLeases();
    for (let at = 1; at <= DEFERRED_BLOCKS_MAX; at++) {
      waiting.put({ key: keyAt(at), record: recordOf({ lease: leaseAt(10_000 + at) }) });
    }
    assert.equal(waiting.size, DEFERRED_BLOCKS_MAX);
    waiting.put({ key: keyAt(0), record: recordOf({ lease: leaseAt(1) }) });
    waiting.put({ key: keyAt(9_999), record: recordOf({ lease: leaseAt(99_999) }) });
    assert.equal(waiting.size, DEFERRED_BLOCKS_MAX);
    const stamps = new Set(waiting.take(Infinity).map(({ record }) => record.lease?.stamp.wallMs));
    assert(stamps.has(1) && !stamps.has(99_999) && !stamps.has(10_000 + DEFERRED_BLOCKS_MAX));
  });
});
