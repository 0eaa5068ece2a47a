/**
 * When this node first saw each lease, on its monotonic clock: the moment an observer counts from.
 *
 * Invariant: a sighting is kept for the claim and renewal it belongs to, and starts anew only for a later renewal or
 * another claim; seeing the same lease again never prolongs it. A node that restarts has seen nothing, so it counts
 * from its start, which is later and therefore safe.
 */

import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import { isSameClaim, type Lease } from '../../crdt/lease/lease.ts';
import { leaseEndsAtWallMs, observerRemainingMs, type ClockBounds, type LeaseSighting } from '../../crdt/lease/rule.ts';

interface Sighting {
  readonly lease: Lease;
  readonly seenAtMonotonicMs: number;
}

/** The moment of a judgement, on both clocks. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** What the sightings judge by. An argument, so that the simulator can show that its checks notice a wrong one. */
export interface SightingRules {
  readonly remainingMs: (sighting: LeaseSighting, bounds: ClockBounds) => number;
  /** Whether `lease` is to be counted from now on, by one who has counted `known`. */
  readonly startsAnew: (known: Lease, lease: Lease) => boolean;
}

export const SIGHTING_RULES: SightingRules = {
  remainingMs: observerRemainingMs,
  startsAnew: (known, lease) => !isSameClaim(known, lease) || lease.renewals > known.renewals,
};

export class LeaseSightings {
  readonly #sightings = new Map<BlockId, Sighting>();
  readonly #bounds: ClockBounds;
  readonly #clocksWithinBound: (lease: Lease) => boolean;
  readonly #rules: SightingRules;

  /** `clocksWithinBound`: whether our clock and the holder's are known to lie within the skew bound. */
  constructor(bounds: ClockBounds, clocksWithinBound: (lease: Lease) => boolean, rules = SIGHTING_RULES) {
    this.#rules = rules;
    this.#bounds = bounds;
    this.#clocksWithinBound = clocksWithinBound;
  }

  /** Milliseconds for which the lease must still be respected; 0 or less: it has expired. Notes a first sight. */
  remainingMs(key: BlockKey, lease: Lease, now: Instant): number {
    if (lease.released) return 0;
    const { seenAtMonotonicMs } = this.#sight(key, lease, now);
    return this.#rules.remainingMs(
      {
        durationMs: lease.durationMs,
        elapsedSinceSightMs: now.monotonicMs - seenAtMonotonicMs,
        endsAtWallMs: leaseEndsAtWallMs(lease, this.#bounds),
        nowWallMs: now.wallMs,
        clocksWithinBound: this.#clocksWithinBound(lease),
      },
      this.#bounds,
    );
  }

  isLive(key: BlockKey, lease: Lease, now: Instant): boolean {
    return this.remainingMs(key, lease, now) > 0;
  }

  /** The block is finished: nobody needs its lease any more. */
  forget(key: BlockKey): void {
    this.#sightings.delete(blockId(key));
  }

  get size(): number {
    return this.#sightings.size;
  }

  #sight(key: BlockKey, lease: Lease, now: Instant): Sighting {
    const id = blockId(key);
    const known = this.#sightings.get(id);
    if (known !== undefined && !this.#rules.startsAnew(known.lease, lease)) return known;
    const sighting = { lease, seenAtMonotonicMs: now.monotonicMs };
    this.#sightings.set(id, sighting);
    return sighting;
  }
}
