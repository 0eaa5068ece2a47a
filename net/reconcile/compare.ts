/**
 * What two sides have to exchange, as pure decisions: which ranges to look into, and then which records go which way.
 *
 * Invariant: within what is looked into, every record that one side has and the other lacks, or holds in another state,
 * is on the way to where it is missing.
 */

import { blockId, compareBlockKeys, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import { ITEMS_PER_SESSION_MAX, RANGES_LISTED_MAX, RANGES_PER_SESSION_MAX } from './limits.ts';
import type { RangeDigest, ReconcileItem, ReconcileView } from './view.ts';

export interface ListedRanges {
  /** Ascending. */
  readonly ranges: readonly RangeDigest[];
  /** Whether older ranges were left out. */
  readonly more: boolean;
}

/** The newest ranges, as many as may be listed. */
export function listRanges(view: ReconcileView): ListedRanges {
  const all = [...view.ranges()];
  return { ranges: all.slice(-RANGES_LISTED_MAX), more: all.length > RANGES_LISTED_MAX };
}

export interface DifferingRanges {
  /** Ascending. */
  readonly indexes: readonly number[];
  /** Whether there are others, for which this session has no room. */
  readonly more: boolean;
}

/**
 * The ranges to look into: the newest in which `mine` and `theirs` differ, as many as one session takes. Where `theirs`
 * was cut off, what is older than all of it is left alone.
 */
export function chooseRanges(mine: Iterable<RangeDigest>, theirs: ListedRanges): DifferingRanges {
  const oldest = theirs.more ? (theirs.ranges[0]?.index ?? 0) : 0;
  const unmatched = new Map(theirs.ranges.map((range) => [range.index, range]));
  const differing: Pick<RangeDigest, 'index' | 'count'>[] = [];
  for (const range of mine) {
    const other = unmatched.get(range.index);
    unmatched.delete(range.index);
    if (range.index < oldest || (other?.count === range.count && other.digest === range.digest)) continue;
    differing.push(range);
  }
  for (const index of unmatched.keys()) differing.push({ index, count: 0 });
  differing.sort((a, b) => b.index - a.index);

  const chosen: number[] = [];
  let itemsLeft = ITEMS_PER_SESSION_MAX;
  for (const { index, count } of differing) {
    if (chosen.length === RANGES_PER_SESSION_MAX) break;
    if (count > itemsLeft) continue;
    chosen.push(index);
    itemsLeft -= count;
  }
  return { indexes: chosen.toReversed(), more: theirs.more || chosen.length < differing.length };
}

export interface Exchange {
  /** Blocks whose records the other side lacks or holds in another state; newest first. */
  readonly gives: readonly BlockKey[];
  /** Blocks whose records we lack or hold in another state; ascending. */
  readonly wants: readonly BlockKey[];
}

/** `theirs`: everything the other side holds in the ranges `indexes`. */
export function compareItems(
  view: ReconcileView,
  indexes: readonly number[],
  theirs: Iterable<ReconcileItem>,
): Exchange {
  const unmatched = new Map<BlockId, ReconcileItem>();
  for (const item of theirs) unmatched.set(blockId(item.key), item);
  const gives: BlockKey[] = [];
  for (const index of indexes) {
    for (const { key, fingerprint } of view.items(index)) {
      const id = blockId(key);
      const other = unmatched.get(id);
      if (other?.fingerprint !== fingerprint) gives.push(key);
      else unmatched.delete(id);
    }
  }
  const wants = [...unmatched.values()].map(({ key }) => key);
  return { gives: gives.sort((a, b) => compareBlockKeys(b, a)), wants: wants.sort(compareBlockKeys) };
}
