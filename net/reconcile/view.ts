/**
 * What reconciliation needs to see of a replica. It reads this and never writes: what arrives goes to the caller.
 *
 * Invariant: the view may change between any two calls, but only forward: records grow and none disappears.
 */

import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey } from '../../crdt/ids.ts';

/** Block numbers in a range: range `index` covers `index × 1024` and the 1023 after it. */
export const RANGE_BLOCKS = 1024;
/** The range of the highest block number. */
export const RANGE_INDEX_MAX = Math.floor(Number.MAX_SAFE_INTEGER / RANGE_BLOCKS);

/** A range that holds at least one record. */
export interface RangeDigest {
  readonly index: number;
  /** Records in it. */
  readonly count: number;
  /** The sum of their fingerprints. */
  readonly digest: Fingerprint;
}

export interface ReconcileItem {
  readonly key: BlockKey;
  readonly fingerprint: Fingerprint;
}

export interface ReconcileView {
  /** Ascending by index. */
  ranges(): Iterable<RangeDigest>;
  /** The records in range `index`, in any order. */
  items(index: number): Iterable<ReconcileItem>;
  record(key: BlockKey): BlockRecord | undefined;
}

export function rangeOf(key: BlockKey): number {
  return Math.floor(key.number / RANGE_BLOCKS);
}
