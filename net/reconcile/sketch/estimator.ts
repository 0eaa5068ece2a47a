/**
 * How large a difference is, before it is known: the tug-of-war sketch (Alon, Matias, Szegedy, "The space complexity of
 * approximating the frequency moments", STOC 1996).
 *
 * Each counter is the sum of a random sign per item. The counters of two sets, subtracted, are those of their difference,
 * signs and all, and the square of one has the difference's size as its expectation.
 *
 * Invariant: counters wrap modulo 2^16. A difference of d items moves a counter by about √d, so the estimate is right up
 * to 25 million items, and beyond that a smaller one is as good a reason to send everything.
 */

import { mix } from './mix.ts';

/** The estimate's relative error is √(2 / 512), 6 %: a sketch has to be a tenth longer for it, and is as long as 40 of these. */
export const ESTIMATOR_COUNTERS = 512;

const WORD_BITS = 32;
/** Apart from the rounds that place an item in coded symbols. */
const SIGN_ROUND = -1_000;

/** Counts the item `times` times: 1, or −1 to take it out. */
export function countItem(counters: Int16Array, high: number, low: number, times: 1 | -1): void {
  for (let word = 0; word < ESTIMATOR_COUNTERS / WORD_BITS; word++) {
    let signs = mix(high, low, SIGN_ROUND - word);
    const end = (word + 1) * WORD_BITS;
    for (let at = word * WORD_BITS; at < end; at++) {
      counters[at] = (counters[at] ?? 0) + ((signs & 1) === 0 ? times : -times);
      signs >>>= 1;
    }
  }
}

/** `counters` += `others`. */
export function addCounters(counters: Int16Array, others: Int16Array): void {
  for (let at = 0; at < counters.length; at++) counters[at] = (counters[at] ?? 0) + (others[at] ?? 0);
}

/** About how many items are in one of the two sets and not in the other. 0: none, or counters that were made to agree. */
export function estimateDifference(ours: Int16Array, theirs: Int16Array): number {
  let squares = 0;
  for (let at = 0; at < ESTIMATOR_COUNTERS; at++) {
    // The difference modulo 2^16, as a signed number.
    const difference = (((ours[at] ?? 0) - (theirs[at] ?? 0)) << 16) >> 16;
    squares += difference ** 2;
  }
  return Math.ceil(squares / ESTIMATOR_COUNTERS);
}
