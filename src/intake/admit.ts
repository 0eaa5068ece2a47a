/**
 * What of a record that a peer sent may be merged now.
 *
 * Invariant: a lease stamped further ahead of our wall clock than the skew bound stays out until it comes to lie within
 * it; everything else is merged whatever its author's clock says, since nothing about it is decided by time. That a block
 * is settled is believed only of one that this node knows to be final, since nobody signs it.
 */

import { EMPTY_RECORD, recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import type { Lease } from '../../crdt/lease/lease.ts';

export interface Admission {
  readonly record: BlockRecord;
  /** The leases that were left out, and nothing else. */
  readonly deferred: BlockRecord;
}

/** `isFinal`: whether this node knows the block to be final. */
export function admitRecord(arrived: BlockRecord, isFinal: boolean, nowWallMs: number, skewBoundMs: number): Admission {
  const record = arrived.settled && !isFinal ? { ...arrived, settled: false } : arrived;
  const isAhead = (lease: Lease | undefined): boolean =>
    lease !== undefined && lease.stamp.wallMs > nowWallMs + skewBoundMs;
  const { lease, generation } = record;
  const [leaseIsAhead, generationIsAhead] = [isAhead(lease), isAhead(generation)];
  if (!leaseIsAhead && !generationIsAhead) return { record, deferred: EMPTY_RECORD };
  return {
    record: {
      ...record,
      lease: leaseIsAhead ? undefined : lease,
      generation: generationIsAhead ? undefined : generation,
    },
    deferred: recordOf({
      lease: leaseIsAhead ? lease : undefined,
      generation: generationIsAhead ? generation : undefined,
    }),
  };
}
