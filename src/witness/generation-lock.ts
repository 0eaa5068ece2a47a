/**
 * What a generator's lock means: a `.w` in `Processing` that another program wrote becomes a claim to generate the
 * witness, a renewal of one, or nothing.
 *
 * Invariant: a pure function of the lock, the record and the clock; taking in the same lock twice adds nothing.
 */

import type { BlockRecord } from '../../crdt/block/record.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { EPOCH_MAX, hasRenewalsLeft, LEASE_DURATION_MS_MAX } from '../../crdt/lease/lease.ts';
import { RENEWAL_MS_MIN } from '../intake/foreign-write.ts';

export type GenerationEvent =
  | { readonly kind: 'claim'; readonly epoch: number; readonly durationMs: number }
  | { readonly kind: 'renewal'; readonly durationMs: number }
  | {
      readonly kind: 'nothing';
      readonly reason: 'witness-announced' | 'lock-expired' | 'held-by-another' | 'lock-known' | 'lease-exhausted';
    };

export interface GenerationContext {
  readonly self: NodeId;
  readonly record: BlockRecord;
  /** For which this node still respects the record's generation lease; 0 or less: it has expired, or there is none. */
  readonly remainingMs: number;
  readonly nowWallMs: number;
}

export function readGenerationLock(lockTimeSeconds: bigint, context: GenerationContext): GenerationEvent {
  const { self, record, remainingMs, nowWallMs } = context;
  const { generation } = record;
  const durationMs = Math.min(Math.floor(Number(lockTimeSeconds) * 1_000 - nowWallMs), LEASE_DURATION_MS_MAX);
  if (record.witnesses.length > 0) return { kind: 'nothing', reason: 'witness-announced' };
  if (durationMs <= 0) return { kind: 'nothing', reason: 'lock-expired' };
  if (generation === undefined || generation.released || remainingMs <= 0) {
    const epoch = (generation?.epoch ?? 0) + 1;
    return epoch > EPOCH_MAX ? { kind: 'nothing', reason: 'lease-exhausted' } : { kind: 'claim', epoch, durationMs };
  }
  if (generation.holder !== self) return { kind: 'nothing', reason: 'held-by-another' };
  if (durationMs - remainingMs < RENEWAL_MS_MIN) return { kind: 'nothing', reason: 'lock-known' };
  if (!hasRenewalsLeft(generation)) return { kind: 'nothing', reason: 'lease-exhausted' };
  return { kind: 'renewal', durationMs };
}
