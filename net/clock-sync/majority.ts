/**
 * What time it is for most of the cluster: the median of all clocks, as an interval.
 *
 * Invariant: a pure function of the intervals, whatever their order. If each holds its clock's true offset, the result
 * holds every median of the true offsets: the k-th smallest lower end is no more than the k-th smallest value, and so for
 * upper ends. As many clocks as are fewer than half may be anywhere, or be lied about, without moving the median out of
 * what the others span. Of an even number of clocks all between the two in the middle are medians: two clocks that
 * disagree do not show which of them is wrong.
 *
 * Lamport, Melliar-Smith: "Synchronizing clocks in the presence of faults", JACM 1985.
 */

import { invariant } from '../../crdt/invariant.ts';
import type { Interval } from './interval.ts';

/** Precondition: at least one interval. */
export function medianOf(offsets: readonly Interval[]): Interval {
  const lower = ascending(offsets.map(({ minMs }) => minMs));
  const upper = ascending(offsets.map(({ maxMs }) => maxMs));
  const minMs = lower[Math.floor((offsets.length - 1) / 2)];
  const maxMs = upper[Math.floor(offsets.length / 2)];
  invariant(minMs !== undefined && maxMs !== undefined, 'a median is taken of at least one clock');
  return { minMs, maxMs };
}

function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b);
}
