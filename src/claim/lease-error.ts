/** What a program that works under a lease of this node can be refused. */

import { DriftlockError, type FailureDetail } from '../../crdt/errors.ts';
import type { Lease } from '../../crdt/lease/lease.ts';

export type LeaseErrorCode =
  /** Another claim has taken the block since: the epoch counts no more. */
  | 'ERR_LEASE_SUPERSEDED'
  /** Its time ran out before it was renewed. */
  | 'ERR_LEASE_EXPIRED'
  /** No program of this node holds the block under this epoch. */
  | 'ERR_LEASE_NOT_HELD'
  /** The block has become a Success meanwhile. */
  | 'ERR_BLOCK_FINISHED'
  | 'ERR_TOO_MANY_LEASES'
  | 'ERR_TOO_MANY_WAITING'
  /** The node stopped before the disk took the result. */
  | 'ERR_NOT_STORED';

export class LeaseError extends DriftlockError<LeaseErrorCode> {
  override readonly name = 'LeaseError';
  /** The claim that won, with `ERR_LEASE_SUPERSEDED`. */
  readonly winner: Lease | undefined;

  constructor(code: LeaseErrorCode, detail: FailureDetail, winner?: Lease) {
    super(code, detail);
    this.winner = winner;
  }
}
