/** The order of timers. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TimerHeap, type Timer } from '../../src/sim/timer-heap.ts';
import { holds } from '../properties.ts';

function drain(heap: TimerHeap, untilMs = Infinity): number[] {
  const times: number[] = [];
  for (let next = heap.takeUntil(untilMs); next !== undefined; next = heap.takeUntil(untilMs)) {
    times.push(next.atMs);
    next.fire();
  }
  return times;
}

describe('the heap of timers', () => {
  it('fires timers by time, those of one time in the order in which they were set, and no cancelled one', () => {
    holds(
      fc.property(fc.array(fc.record({ atMs: fc.nat(20), isCancelled: fc.boolean() })), (timers) => {
        const heap = new TimerHeap();
        const fired: number[] = [];
        const set = timers.map(({ atMs }, at): Timer => heap.add(atMs, () => fired.push(at)));
        for (const [at, timer] of set.entries()) if (timers[at]?.isCancelled === true) heap.cancel(timer);
        const expected = timers
          .map(({ atMs, isCancelled }, at) => ({ atMs, isCancelled, at }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.atMs - b.atMs || a.at - b.at);
        assert.equal(heap.size, expected.length);
        drain(heap);
        assert.deepEqual(
          fired,
          expected.map(({ at }) => at),
        );
        assert.equal(heap.size, 0);
      }),
    );
  });

  it('gives what is due at the limit, and nothing beyond it', () => {
    const heap = new TimerHeap();
    for (const atMs of [3, 1, 2]) heap.add(atMs, () => undefined);
    assert.deepEqual(drain(heap, 2), [1, 2]);
    assert.equal(heap.size, 1);
  });

  it('counts a timer once that is cancelled twice, or after it fired', () => {
    const heap = new TimerHeap();
    const [first, second] = [heap.add(1, () => undefined), heap.add(2, () => undefined)];
    drain(heap, 1);
    heap.cancel(first);
    heap.cancel(second);
    heap.cancel(second);
    assert.equal(heap.size, 0);
  });
});
