/**
 * What to do about a range of which both sides' summaries are known: the decision that makes a session cost what differs.
 *
 * Ranges whose difference can be estimated get a sketch of that size (Yang et al. 2024); where there is nothing to
 * estimate with, or a sketch has failed, ranges are cut until they are short enough to list (range-based set
 * reconciliation: Meyer, "Range-Based Set Reconciliation", SRDS 2023).
 *
 * Invariant: every cut is made by the side that holds more, and leaves it less in each piece, so cutting ends.
 */

import type { RangeSummary } from './index/item.ts';
import { LIST_ITEMS_MAX, SKETCH_DIFFERENCES_MAX, SKETCH_SYMBOLS_MAX } from './limits.ts';

export type RangeAction =
  | 'nothing'
  /** They have nothing here: show them what there is, in pieces that they can ask for. */
  | 'show-pieces'
  /** We have nothing here: ask for all of it. */
  | 'ask'
  /** Name all our items: there are few. */
  | 'list'
  | 'sketch'
  /** Cut into pieces whose differences are estimated again. */
  | 'cut'
  /** Cut without estimates, down to lists of whole fingerprints. */
  | 'cut-to-lists'
  /** They have more and can cut better: show them our summary. */
  | 'leave-to-them';

export interface RangeComparison {
  readonly mine: RangeSummary;
  readonly theirs: RangeSummary;
  /** What the counters say; undefined without counters. */
  readonly estimate: number | undefined;
}

/** Bytes of a listed item, and of a sketch for each item that differs. */
const LISTED_BYTES = 20;
const SKETCHED_BYTES = 18;

export function chooseAction({ mine, theirs, estimate }: RangeComparison): RangeAction {
  if (mine.count === theirs.count && mine.sum === theirs.sum) return 'nothing';
  if (theirs.count === 0) return 'show-pieces';
  if (mine.count === 0) return 'ask';
  const isShort = mine.count <= LIST_ITEMS_MAX;
  if (estimate === undefined) {
    if (isShort) return 'list';
    return mine.count >= theirs.count ? 'cut-to-lists' : 'leave-to-them';
  }
  // The ids in the sketch agree although the fingerprints do not: ids collide, and only whole fingerprints tell them apart.
  if (estimate === 0 && mine.count === theirs.count) return isShort ? 'list' : 'cut-to-lists';
  const difference = differenceOf({ mine, theirs, estimate });
  if (isShort && mine.count * LISTED_BYTES <= difference * SKETCHED_BYTES) return 'list';
  if (difference <= SKETCH_DIFFERENCES_MAX) return 'sketch';
  return mine.count >= theirs.count ? 'cut' : 'leave-to-them';
}

/** The estimated difference, which is at least that of the counts. */
export function differenceOf({ mine, theirs, estimate }: RangeComparison): number {
  return Math.max(estimate ?? 0, Math.abs(mine.count - theirs.count), 1);
}

/** Symbols beyond those in proportion: a difference of few items needs up to four times its size. */
const SYMBOLS_EXTRA = 12;
/** 1.36 to 1.42 symbols an item are needed for hundreds of items and more; an estimate that is off costs a continuation. */
const SYMBOLS_PER_ITEM = 1.45;
/** A sketch that did not decode is continued by this factor. */
const CONTINUED_FACTOR = 1.25;

export function sketchLength(difference: number): number {
  return Math.min(SKETCH_SYMBOLS_MAX, Math.ceil(difference * SYMBOLS_PER_ITEM) + SYMBOLS_EXTRA);
}

/** How long the sketch should become after `length` symbols were not enough; undefined when it cannot become longer. */
export function continuedLength(length: number): number | undefined {
  return length >= SKETCH_SYMBOLS_MAX ? undefined : Math.min(SKETCH_SYMBOLS_MAX, Math.ceil(length * CONTINUED_FACTOR));
}
