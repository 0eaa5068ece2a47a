/**
 * What is worth telling about a change of a block's record.
 *
 * Invariant: each thing is told once: when the record comes to show it, not while it goes on to.
 */

import { hasSuccess, type BlockRecord } from '../../crdt/block/record.ts';
import { disputeOf, isLeaseEndedBy, viewOf, type BlockStatus, type ViewReason } from '../../crdt/block/view.ts';
import { announcedDigests } from '../../crdt/block/witness.ts';
import { ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { StoreChange } from '../store/block-store.ts';
import type { NodeEvent } from './events.ts';

/** What a merge of something that a peer sent made of a block. */
export interface ViewChangedEvent {
  readonly type: 'view-changed';
  readonly key: BlockKey;
  readonly from: BlockStatus;
  readonly to: BlockStatus;
  readonly reason: ViewReason;
  /** While the block is `processing`. */
  readonly lease: Lease | undefined;
  /** Of a verdict that has one. */
  readonly stateRoot: Hash32 | undefined;
}

/** Another node's claim has taken the place of one that nobody had ended: it was silent, or lost to an earlier stamp. */
export interface LeaseTakenOverEvent {
  readonly type: 'lease-taken-over';
  readonly key: BlockKey;
  readonly from: Lease;
  readonly to: Lease;
}

export type NewsChange = Pick<StoreChange, 'key' | 'before' | 'after' | 'origin'>;

export function* newsOf(change: NewsChange): Generator<NodeEvent> {
  const { key, before, after } = change;
  const viewChange = viewChangeOf(change);
  if (viewChange !== undefined) yield viewChange;
  const from = before.lease;
  const to = after.lease;
  if (from !== undefined && to !== undefined && to.holder !== from.holder && isOpen(from, before)) {
    yield { type: 'lease-taken-over', key, from, to };
  }
  if (!hasSuccess(before.results) && hasSuccess(after.results)) {
    const first = after.results.find((result) => result.verdict === 'success');
    if (first !== undefined) yield { type: 'block-finished', key, by: first.node };
  }
  const dispute = disputeOf(after.results);
  if (dispute !== undefined && after.results !== before.results && disputeOf(before.results) === undefined) {
    yield { type: 'disputed', key, dispute };
  }
  const digests = announcedDigests(after.witnesses);
  if (digests.length > 1 && announcedDigests(before.witnesses).length <= 1) {
    yield { type: 'witness-conflict', key, digests };
  }
}

/** Leases are taken for live: whether one has run out is a matter of time, not of a merge. */
function viewChangeOf({ key, before, after, origin }: NewsChange): ViewChangedEvent | undefined {
  if (origin !== 'peer') return undefined;
  const was = viewOf(before, () => true);
  const view = viewOf(after, () => true);
  if (was.status === view.status && was.stateRoot === view.stateRoot) return undefined;
  const stateRoot = view.stateRoot === ZERO_HASH ? undefined : view.stateRoot;
  return {
    type: 'view-changed',
    key,
    from: was.status,
    to: view.status,
    reason: view.reason,
    lease: view.lease,
    stateRoot,
  };
}

function isOpen(lease: Lease, { results }: BlockRecord): boolean {
  return !lease.released && !isLeaseEndedBy(lease, results);
}
