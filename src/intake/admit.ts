/**
 * What of a record that a peer sent may be merged now.
 *
 * Invariant: a lease stamped further ahead of our wall clock than the skew bound stays out until it comes to lie within
 * it; everything else is merged whatever its author's clock says, since nothing about it is decided by time.
 */

import type { BlockRecord } from '../../crdt/block/record.ts';
import type { Lease } from '../../crdt/lease/lease.ts';

export interface Admission {
  readonly record: BlockRecord;
  /** Leases that were left out. */
  readonly deferred: readonly Lease[];
}

export function admitRecord(record: BlockRecord, nowWallMs: number, skewBoundMs: number): Admission {
  const isAhead = (lease: Lease | undefined): boolean =>
    lease !== undefined && lease.stamp.wallMs > nowWallMs + skewBoundMs;
  const leases = [record.lease, record.generation];
  if (!leases.some(isAhead)) return { record, deferred: [] };
  return {
    record: {
      ...record,
      lease: isAhead(record.lease) ? undefined : record.lease,
      generation: isAhead(record.generation) ? undefined : record.generation,
    },
    deferred: leases.filter((lease) => lease !== undefined).filter(isAhead),
  };
}
