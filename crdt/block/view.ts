/**
 * What a record means: the block's status, root and lease as a reader of the files should see them.
 *
 * Invariant: the view of a finished block is a function of its record alone, the same on every node. Before that it
 * also depends on which leases this node still holds to be live, which the caller says.
 */

import { ZERO_HASH, compareText, type Hash32, type NodeId } from '../ids.ts';
import { EPOCH_MAX, type Lease } from '../lease/lease.ts';
import { hasSuccess, type BlockRecord } from './record.ts';
import type { Results, SignedResult } from './result.ts';

export type BlockStatus = 'idle' | 'processing' | 'failed' | 'success';

export type ViewReason =
  | 'nothing-known'
  | 'success-reported'
  | 'lease-live'
  | 'lease-expired'
  | 'lease-released'
  | 'failure-reported';

export interface BlockView {
  readonly status: BlockStatus;
  readonly reason: ViewReason;
  /** The root that was found; `ZERO_HASH` while there is none. */
  readonly stateRoot: Hash32;
  readonly blobIds: readonly Hash32[];
  /** Present exactly while the status is `processing`. */
  readonly lease: Lease | undefined;
  /**
   * The epoch that the next claim has to carry. It stays at `EPOCH_MAX` when a member has signed that: a claim there may
   * lose to the one before it, but it is one that every decoder takes.
   */
  readonly nextEpoch: number;
  readonly dispute: Dispute | undefined;
}

/** Validators disagree on this block. Never resolved silently: kept in the record, shown and raised. */
export interface Dispute {
  readonly kind: 'different-roots' | 'success-and-failed';
  /** The different roots of Success results, sorted. */
  readonly roots: readonly Hash32[];
  readonly succeeded: readonly NodeId[];
  readonly failed: readonly NodeId[];
}

/** `isLive`: whether this node still respects the lease (see `lease/rule.ts`). It is asked at most once. */
export function viewOf(record: BlockRecord, isLive: (lease: Lease) => boolean): BlockView {
  const { results, lease, blobIds } = record;
  const resultEpochMax = results.reduce((max, result) => Math.max(max, result.epoch), 0);
  const nextEpoch = Math.min(Math.max(resultEpochMax, lease?.epoch ?? 0) + 1, EPOCH_MAX);
  const dispute = disputeOf(results);
  const base = { blobIds, nextEpoch, dispute, lease: undefined };

  if (hasSuccess(results)) {
    return { ...base, status: 'success', reason: 'success-reported', stateRoot: rootOfSuccess(results) };
  }
  const failure = latestFailure(results);
  if (lease !== undefined && !isLeaseEndedBy(lease, results)) {
    if (!lease.released && isLive(lease)) {
      return { ...base, status: 'processing', reason: 'lease-live', stateRoot: ZERO_HASH, lease };
    }
    if (failure === undefined) {
      const reason = lease.released ? 'lease-released' : 'lease-expired';
      return { ...base, status: 'idle', reason, stateRoot: ZERO_HASH };
    }
  }
  if (failure !== undefined) {
    return { ...base, status: 'failed', reason: 'failure-reported', stateRoot: failure.stateRoot };
  }
  return { ...base, status: 'idle', reason: 'nothing-known', stateRoot: ZERO_HASH };
}

/** A failure ends the leases of lower epochs, and at its own epoch the lease of the node that reported it. */
export function isLeaseEndedBy(lease: Lease, results: Results): boolean {
  return results.some(
    (result) => result.epoch > lease.epoch || (result.epoch === lease.epoch && result.node === lease.holder),
  );
}

function latestFailure(results: Results): SignedResult | undefined {
  return results.reduce<SignedResult | undefined>(
    (latest, result) => (latest === undefined || result.epoch > latest.epoch ? result : latest),
    undefined,
  );
}

/** The root that most nodes found; among equals the smallest. A disputed block has one too, beside its dispute. */
function rootOfSuccess(results: Results): Hash32 {
  const votes = new Map<Hash32, number>();
  for (const { verdict, stateRoot } of results) {
    if (verdict === 'success') votes.set(stateRoot, (votes.get(stateRoot) ?? 0) + 1);
  }
  const ranked = [...votes].sort(([rootA, a], [rootB, b]) => b - a || compareText(rootA, rootB));
  return ranked[0]?.[0] ?? ZERO_HASH;
}

export function disputeOf(results: Results): Dispute | undefined {
  const successes = results.filter((result) => result.verdict === 'success');
  if (successes.length === 0) return undefined;
  const roots = [...new Set(successes.map((result) => result.stateRoot))].sort();
  const failed = results.filter((result) => result.verdict === 'failed').map((result) => result.node);
  if (roots.length < 2 && failed.length === 0) return undefined;
  const succeeded = [...new Set(successes.map((result) => result.node))];
  return { kind: roots.length > 1 ? 'different-roots' : 'success-and-failed', roots, succeeded, failed };
}
