import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Interval } from '../../../net/clock-sync/interval.ts';
import { medianOf } from '../../../net/clock-sync/majority.ts';
import { holds } from '../../properties.ts';

const at = (ms: number, errorMs = 0): Interval => ({ minMs: ms - errorMs, maxMs: ms + errorMs });

/** A clock's true offset, and an interval around it. */
const arbitraryClock = fc
  .tuple(fc.integer({ min: -1_000, max: 1_000 }), fc.nat(500), fc.nat(500))
  .map(([ms, below, above]) => ({ ms, interval: { minMs: ms - below, maxMs: ms + above } }));

describe('the time of the majority', () => {
  const table: readonly [name: string, offsets: readonly Interval[], median: Interval][] = [
    ['one clock is its own majority', [at(0)], at(0)],
    ['of two that differ either may be right', [at(0), at(60_000)], { minMs: 0, maxMs: 60_000 }],
    ['of three, two outvote the third', [at(60_000), at(0), at(5)], at(5)],
    ['of four, three outvote the fourth', [at(0), at(0), at(0), at(-9_000)], at(0)],
    ['two against two is nobody', [at(0), at(0), at(900), at(900)], { minMs: 0, maxMs: 900 }],
    ['errors of measurement are carried over', [at(0), at(10, 4), at(20, 4)], at(10, 4)],
  ];
  for (const [name, offsets, median] of table) it(name, () => assert.deepEqual(medianOf(offsets), median));

  it('holds every median of the true offsets, in whatever order the clocks are', () => {
    holds(
      fc.property(fc.array(arbitraryClock, { minLength: 1, maxLength: 9 }), (clocks) => {
        const sorted = clocks.map(({ ms }) => ms).toSorted((a, b) => a - b);
        const median = medianOf(clocks.map(({ interval }) => interval));
        const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
        const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
        assert.ok(median.minMs <= lower && upper <= median.maxMs);
        assert.deepEqual(medianOf(clocks.map(({ interval }) => interval).toReversed()), median);
      }),
    );
  });

  it('stays within what the right clocks span while the wrong ones are fewer than half, whatever these say', () => {
    const wild = fc.tuple(fc.integer(), fc.nat()).map(([ms, width]) => ({ minMs: ms, maxMs: ms + width }));
    holds(
      fc.property(fc.array(arbitraryClock, { minLength: 1, maxLength: 6 }), fc.array(wild), (right, drawn) => {
        const offsets = right.map(({ interval }) => interval);
        const median = medianOf([...offsets, ...drawn.slice(0, right.length - 1)]);
        assert.ok(median.minMs >= Math.min(...offsets.map(({ minMs }) => minMs)));
        assert.ok(median.maxMs <= Math.max(...offsets.map(({ maxMs }) => maxMs)));
      }),
    );
  });
});
