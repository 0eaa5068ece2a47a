/**
 * What another program's `.v` means: an event that becomes a claim or a result of this node, signed on that program's
 * behalf, or nothing.
 *
 * Invariant: a pure function of the file, the record and the clock. Taking in the same file twice adds nothing, and
 * nothing a program writes takes a Success back.
 */

import type { BlockView } from '../../crdt/block/view.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import type { Verdict } from '../../crdt/block/result.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import { LEASE_DURATION_MS_MAX } from '../../crdt/lease/lease.ts';
import type { ValidateInfo } from '../files/validate-info.ts';

export type ForeignEvent =
  | { readonly kind: 'claim'; readonly epoch: number; readonly durationMs: number }
  /** The program that holds our lease wrote a later lock time. */
  | { readonly kind: 'renewal'; readonly durationMs: number }
  | { readonly kind: 'result'; readonly verdict: Verdict; readonly stateRoot: Hash32; readonly epoch: number }
  | { readonly kind: 'nothing'; readonly reason: NothingReason };

export type NothingReason =
  | 'idle-says-nothing'
  | 'claim-expired'
  | 'block-finished'
  | 'lease-held-by-another'
  | 'claim-known'
  | 'result-known';

export interface ForeignContext {
  readonly self: NodeId;
  readonly record: BlockRecord;
  readonly view: BlockView;
  /** Of our own live lease: when its lock time, as the file showed it, runs out. */
  readonly ownLeaseEndsAtWallMs: number | undefined;
  readonly nowWallMs: number;
}

/** A renewal by less than this is the same lock, written again or rounded to seconds. */
const RENEWAL_MS_MIN = 1_000;

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
  const { self, view, nowWallMs, ownLeaseEndsAtWallMs } = context;
  const endsAtMs = Number(info.lockTimeSeconds) * 1_000;
  const durationMs = Math.min(Math.floor(endsAtMs - nowWallMs), LEASE_DURATION_MS_MAX);
  if (view.status === 'success') return { kind: 'nothing', reason: 'block-finished' };
  if (durationMs <= 0) return { kind: 'nothing', reason: 'claim-expired' };
  if (view.lease === undefined) return { kind: 'claim', epoch: view.nextEpoch, durationMs };
  if (view.lease.holder !== self) return { kind: 'nothing', reason: 'lease-held-by-another' };
  if (endsAtMs - (ownLeaseEndsAtWallMs ?? 0) >= RENEWAL_MS_MIN) return { kind: 'renewal', durationMs };
  return { kind: 'nothing', reason: 'claim-known' };
}

function readForeignResult(verdict: Verdict, stateRoot: Hash32, context: ForeignContext): ForeignEvent {
  const { self, record } = context;
  const epoch = record.lease?.holder === self ? record.lease.epoch : 0;
  const known = record.results.some(
    (result) =>
      result.node === self &&
      (result.verdict === 'success'
        ? verdict === 'failed' || result.stateRoot === stateRoot
        : verdict === 'failed' && result.stateRoot === stateRoot && result.epoch >= epoch),
  );
  if (known) return { kind: 'nothing', reason: 'result-known' };
  return { kind: 'result', verdict, stateRoot, epoch };
}
