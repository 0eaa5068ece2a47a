/**
 * What reconciliation needs to see of a replica. It reads this and never writes: what arrives goes to the caller.
 *
 * Invariant: the view may change between any two calls. What a session then misses makes the digests differ, and the next
 * session finds it.
 */

import type { BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Item, ItemId, ItemRange } from './index/item.ts';
import type { ReconcileIndex } from './index/reconcile-index.ts';

export interface ReconcileView {
  readonly index: ReconcileIndex;
  /** The lowest block number that is kept: 0, or the beginning of a window. Older blocks are neither given nor taken. */
  readonly lowestKept: number;
  /** The lowest block without a Success, where the claimer goes on; undefined when all are finished. */
  readonly nextUnfinished: number | undefined;
  /** The block whose record is in the state that `item` names; undefined when it has changed since. */
  blockOf(item: Item): BlockKey | undefined;
  /** The block's record as it is now. */
  record(key: BlockKey): BlockRecord | undefined;
}

/**
 * What one session may fetch, so that sessions with several peers do not fetch the same records. An answer of true from
 * `range` or `id` reserves what was asked about until the session ends.
 */
export interface FetchClaims {
  range(range: ItemRange): boolean;
  id(id: ItemId): boolean;
  /** Whether another session is fetching a range that overlaps this one. */
  isBusy(range: ItemRange): boolean;
}

/** For a session that is alone. */
export const FETCH_EVERYTHING: FetchClaims = { range: () => true, id: () => true, isBusy: () => false };
