/**
 * When this node first saw each lease, on its monotonic clock: the moment an observer counts from. And, once both clocks
 * were known to be right, what our wall clock showed at one moment, for comparison with the lease's stamp.
 *
 * Invariant: a sighting is kept for the claim and renewal it belongs to, and starts anew only for a later renewal or
 * another claim; seeing the same lease again never prolongs it. A node that restarts has seen nothing, so it counts
 * from its start, which is later and therefore safe. A claim has one wall reading, carried on by the monotonic clock, so
 * a step of either wall clock after it moves nothing.
 */

import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import { isSameClaim, type Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import { leaseEndsAtWallMs, observerRemainingMs, type ClockBounds, type LeaseSighting } from '../../crdt/lease/rule.ts';

interface Sighting {
  readonly lease: Lease;
  readonly seenAtMonotonicMs: number;
  /** When the claim was, of which `lease` may be a renewal. */
  readonly claimSeenAtMonotonicMs: number;
  /** Both our clocks, read while ours and the holder's were known to lie within the bound; undefined: not yet. */
  reading: Instant | undefined;
}

/** `seenAtMonotonicMs`: when the claim of the lease was first seen here. */
export type ReadingFor = (lease: Lease, seenAtMonotonicMs: number) => Instant | undefined;

/** The moment of a judgement, on both clocks. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Now. */
export function instantOf(clock: Pick<Clock, 'monotonicMs' | 'wallMs'>): Instant {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
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
  readonly #readingFor: ReadingFor;
  readonly #rules: SightingRules;

  /**
   * `readingFor`: our clocks now, if the wall clock can be compared with the lease's stamp: our clock and the holder's are
   * known to lie within the skew bound, and the holder's not to have been stepped since the stamp.
   */
  constructor(bounds: ClockBounds, readingFor: ReadingFor, rules = SIGHTING_RULES) {
    this.#rules = rules;
    this.#bounds = bounds;
    this.#readingFor = readingFor;
  }

  /** Milliseconds for which the lease must still be respected; 0 or less: it has expired. Notes a first sight. */
  remainingMs(key: BlockKey, lease: Lease, now: Instant): number {
    if (lease.released) return 0;
    const { seenAtMonotonicMs, reading } = this.#sight(key, lease, now);
    return this.#rules.remainingMs(
      {
        durationMs: lease.durationMs,
        elapsedSinceSightMs: now.monotonicMs - seenAtMonotonicMs,
        endsAtWallMs: leaseEndsAtWallMs(lease, this.#bounds),
        nowWallMs: reading === undefined ? now.wallMs : reading.wallMs + (now.monotonicMs - reading.monotonicMs),
        clocksWithinBound: reading !== undefined,
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
    if (known !== undefined && !this.#rules.startsAnew(known.lease, lease)) {
      known.reading ??= this.#readingFor(lease, known.claimSeenAtMonotonicMs);
      return known;
    }
    // Renewals do not stamp anew: what is known about the claim's stamp stays known.
    const claim = known !== undefined && isSameClaim(known.lease, lease) ? known : undefined;
    const claimSeenAtMonotonicMs = claim?.claimSeenAtMonotonicMs ?? now.monotonicMs;
    const reading = claim?.reading ?? this.#readingFor(lease, claimSeenAtMonotonicMs);
    const sighting = { lease, seenAtMonotonicMs: now.monotonicMs, claimSeenAtMonotonicMs, reading };
    this.#sightings.set(id, sighting);
    return sighting;
  }
}
