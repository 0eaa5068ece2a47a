/**
 * Makes and signs what this node says about blocks: claims, renewals, results, witness announcements.
 *
 * Invariant: the stamps of one author strictly increase, whatever its wall clock does, until it restarts or a step of the
 * clock is noticed (`followWall`), and everything it returns carries a valid signature of `node`.
 */

import {
  announcementMessage,
  generationMessage,
  leaseMessage,
  resultMessage,
  type Sign,
} from '../../crdt/block/signing.ts';
import type { Results, SignedResult, Verdict } from '../../crdt/block/result.ts';
import type { WitnessAnnouncement } from '../../crdt/block/witness.ts';
import { HLC_ZERO, nextStamp, witnessStamp, type HlcStamp } from '../../crdt/hlc.ts';
import type { BlockKey, Hash32, NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { RENEWALS_MAX, RENEWED_AFTER_MS_MAX, type Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';

export interface AuthorOptions {
  readonly node: NodeId;
  readonly sign: Sign;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Stamps further ahead of our wall clock than this do not move our hybrid clock. */
  readonly skewBoundMs: number;
}

export class Author {
  readonly node: NodeId;
  readonly #sign: Sign;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #skewBoundMs: number;
  #last: HlcStamp = HLC_ZERO;

  constructor(options: AuthorOptions) {
    this.node = options.node;
    this.#sign = options.sign;
    this.#clock = options.clock;
    this.#skewBoundMs = options.skewBoundMs;
  }

  /** A new stamp, greater than any before it. */
  stamp(): HlcStamp {
    this.#last = nextStamp(this.#last, this.#clock.wallMs());
    return this.#last;
  }

  /** Moves the hybrid clock past a stamp that was received. */
  witness(received: HlcStamp): void {
    this.#last = witnessStamp(this.#last, received, this.#clock.wallMs(), this.#skewBoundMs);
  }

  /**
   * The wall clock was stepped, so stamps follow it anew, as after a restart. A hybrid clock that was once an hour ahead
   * would else stamp leases an hour ahead of everyone, long after the wall clock was put right. Nothing needs the order
   * of stamps across the step: stamps are compared within one epoch of a block, and each claim opens a new one.
   */
  followWall(): void {
    this.#last = HLC_ZERO;
  }

  claim(key: BlockKey, epoch: number, durationMs: number): Lease {
    return this.#signLease(leaseMessage, key, this.#newLease(epoch, durationMs));
  }

  /** A claim to generate the witness rather than to validate the block. */
  generationClaim(key: BlockKey, epoch: number, durationMs: number): Lease {
    return this.#signLease(generationMessage, key, this.#newLease(epoch, durationMs));
  }

  /**
   * Extends our own `lease` by `durationMs` from now. `renewedAfterMs` counts from the claim, as far as it can.
   * Precondition: `hasRenewalsLeft(lease)`.
   */
  renew(key: BlockKey, lease: Lease, renewedAfterMs: number, durationMs: number = lease.durationMs): Lease {
    return this.#next(leaseMessage, key, lease, extension(lease, renewedAfterMs, durationMs));
  }

  /** The same for a claim to generate the witness. */
  renewGeneration(key: BlockKey, generation: Lease, renewedAfterMs: number, durationMs: number): Lease {
    return this.#next(generationMessage, key, generation, extension(generation, renewedAfterMs, durationMs));
  }

  release(key: BlockKey, lease: Lease): Lease {
    return this.#next(leaseMessage, key, lease, { released: true });
  }

  /** The result of a validation under `epoch` (0: none). `known`: the block's results so far. */
  result(key: BlockKey, known: Results, verdict: Verdict, stateRoot: Hash32, epoch: number): SignedResult {
    const sequence =
      known.reduce((max, entry) => (entry.node === this.node ? Math.max(max, entry.sequence) : max), 0) + 1;
    const unsigned = { node: this.node, verdict, stateRoot, epoch, sequence, stamp: this.stamp() };
    return { ...unsigned, signature: this.#sign(resultMessage(key, unsigned)) };
  }

  announcement(key: BlockKey, witness: Omit<WitnessAnnouncement, 'author' | 'signature'>): WitnessAnnouncement {
    const unsigned = { ...witness, author: this.node };
    return { ...unsigned, signature: this.#sign(announcementMessage(key, unsigned)) };
  }

  #newLease(epoch: number, durationMs: number): Omit<Lease, 'signature'> {
    const stamp = this.stamp();
    return { epoch, holder: this.node, stamp, durationMs, renewals: 0, renewedAfterMs: 0, released: false };
  }

  #next(message: typeof leaseMessage, key: BlockKey, lease: Lease, change: Partial<Lease>): Lease {
    invariant(lease.holder === this.node, 'only its holder renews or releases a lease');
    invariant(lease.renewals < RENEWALS_MAX, `a lease is renewed at most ${RENEWALS_MAX} times`);
    const { signature: _, ...terms } = { ...lease, ...change, renewals: lease.renewals + 1 };
    return this.#signLease(message, key, terms);
  }

  #signLease(message: typeof leaseMessage, key: BlockKey, terms: Omit<Lease, 'signature'>): Lease {
    return { ...terms, signature: this.#sign(message(key, terms)) };
  }
}

/** What a renewal changes; `renewedAfterMs` never goes back. */
function extension(lease: Lease, renewedAfterMs: number, durationMs: number): Partial<Lease> {
  const after = Math.min(Math.max(lease.renewedAfterMs, Math.floor(renewedAfterMs)), RENEWED_AFTER_MS_MAX);
  return { renewedAfterMs: after, durationMs };
}
