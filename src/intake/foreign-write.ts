/**
 * What another program's `.v` means: an event that becomes a claim or a result of this node, signed on that program's
 * behalf, or nothing.
 *
 * Invariant: a pure function of the file, the record and the clock. Taking in the same file twice adds nothing, and
 * nothing a program writes takes a Success back.
 */

import type { BlockView } from '../../crdt/block/view.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import { ROOTS_PER_NODE_MAX, type Verdict } from '../../crdt/block/result.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import { EPOCH_MAX, LEASE_DURATION_MS_MAX } from '../../crdt/lease/lease.ts';
import type { ValidateInfo } from '../files/validate-info.ts';

export type ForeignEvent =
  | { readonly kind: 'claim'; readonly epoch: number; readonly durationMs: number }
  /** The program that holds our lease wrote a later lock time. */
  | { readonly kind: 'renewal'; readonly durationMs: number }
  | { readonly kind: 'result'; readonly verdict: Verdict; readonly stateRoot: Hash32; readonly epoch: number }
  /** The program's lock, which this node cannot vouch for: it holds on this machine, and no lease says so to the others. */
  | { readonly kind: 'local-claim'; readonly durationMs: number }
  | { readonly kind: 'nothing'; readonly reason: NothingReason };

export type NothingReason =
  | 'idle-says-nothing'
  | 'claim-expired'
  | 'block-finished'
  | 'lease-held-by-another'
  | 'claim-known'
  /** A member has signed the last epoch there is, so a claim of ours would not stand. */
  | 'epochs-exhausted'
  | 'result-known';

export interface ForeignContext {
  readonly self: NodeId;
  readonly record: BlockRecord;
  readonly view: BlockView;
  /** Of our own live lease: when its lock time, as the file showed it, runs out. */
  readonly ownLeaseEndsAtWallMs: number | undefined;
  readonly nowWallMs: number;
  /** Whether this node's clock is known to lie outside the skew bound: it claims nothing then, for nobody. */
  readonly isSkewed: boolean;
}

/** A renewal by less than this is the same lock, written again or rounded to seconds. */
export const RENEWAL_MS_MIN = 1_000;

export function readForeignWrite(info: ValidateInfo, context: ForeignContext): ForeignEvent {
  switch (info.status) {
    case 'Idle':
      return { kind: 'nothing', reason: 'idle-says-nothing' };
    case 'Processing':
      return readForeignClaim(info, context);
    case 'Failed':
      return readForeignResult('failed', info.stateRoot, context);
    case 'Success':
      return readForeignResult('success', info.stateRoot, context);
  }
}

function readForeignClaim(info: ValidateInfo, context: ForeignContext): ForeignEvent {
  const { self, record, view, nowWallMs, ownLeaseEndsAtWallMs } = context;
  const durationMs = Math.min(Math.floor(Number(info.lockTimeSeconds) * 1_000 - nowWallMs), LEASE_DURATION_MS_MAX);
  if (view.status === 'success' || record.settled) return { kind: 'nothing', reason: 'block-finished' };
  if (durationMs <= 0) return { kind: 'nothing', reason: 'claim-expired' };
  if (view.lease === undefined) {
    const epochs = [record.lease?.epoch ?? 0, ...record.results.map((result) => result.epoch)];
    if (context.isSkewed) return { kind: 'local-claim', durationMs };
    if (Math.max(...epochs) === EPOCH_MAX) return { kind: 'nothing', reason: 'epochs-exhausted' };
    return { kind: 'claim', epoch: view.nextEpoch, durationMs };
  }
  if (view.lease.holder !== self) return { kind: 'nothing', reason: 'lease-held-by-another' };
  const laterByMs = nowWallMs + durationMs - (ownLeaseEndsAtWallMs ?? 0);
  if (laterByMs >= RENEWAL_MS_MIN) return { kind: 'renewal', durationMs };
  return { kind: 'nothing', reason: 'claim-known' };
}

function readForeignResult(verdict: Verdict, stateRoot: Hash32, context: ForeignContext): ForeignEvent {
  const { self, record } = context;
  const own = record.results.filter(({ node }) => node === self);
  const leaseEpoch = record.lease?.holder === self ? record.lease.epoch : 0;
  // Under a lower epoch than our last failure, a failure would lose to that and be forgotten.
  const lastFailedEpoch = own.reduce((max, result) => (result.verdict === 'failed' ? result.epoch : max), 0);
  const epoch = verdict === 'failed' ? Math.max(leaseEpoch, lastFailedEpoch) : leaseEpoch;
  const successes = own.filter((result) => result.verdict === 'success');
  const known =
    successes.length > 0
      ? // Two roots of ours are evidence enough that our programs disagree.
        verdict === 'failed' ||
        successes.length === ROOTS_PER_NODE_MAX ||
        successes.some((result) => result.stateRoot === stateRoot)
      : own.some((failure) => verdict === 'failed' && failure.stateRoot === stateRoot && failure.epoch >= epoch);
  if (known) return { kind: 'nothing', reason: 'result-known' };
  return { kind: 'result', verdict, stateRoot, epoch };
}
