/**
 * The two-sided lease rule: when a holder must stop acting, and when everyone else may stop waiting.
 *
 * Invariant: with drift within ±ρ, delivery within m and, where the wall clocks are used at all, offsets within E, the
 * holder's time is over before any observer's is. The holder counts from the moment it sent the claim (or renewal),
 * an observer from its first sight of it, which is later; (1 − ρ) on one side and (1 + ρ) on the other cover drift.
 * A step of a wall clock never shortens a lease: the holder does not look at one, and an observer only while its own
 * clock and the holder's are known to lie within the bound.
 *
 * Gray, Cheriton, SOSP 1989; the drift terms as in Lampson, "How to build a highly available system using consensus".
 */

import { DriftlockError } from '../errors.ts';

/** What is assumed about clocks and delivery. */
export interface ClockBounds {
  /** ρ: by which part a monotonic clock may run fast or slow; 0.0002 is 200 ppm. */
  readonly driftRate: number;
  /** m: how late a claim may be seen, and how long the holder may take to notice that its time is over. */
  readonly deliveryMarginMs: number;
  /** E: how far two wall clocks may be apart and still be compared. */
  readonly skewBoundMs: number;
}

/** Milliseconds for which the holder may still act; 0 or less: it must stop. `elapsedMs` counts from sending, monotonic. */
export function holderRemainingMs(durationMs: number, elapsedMs: number, bounds: ClockBounds): number {
  return durationMs * (1 - bounds.driftRate) - bounds.deliveryMarginMs - elapsedMs;
}

export interface LeaseSighting {
  readonly durationMs: number;
  /** Since this node first saw the claim or its latest renewal, on its monotonic clock. */
  readonly elapsedSinceSightMs: number;
  /** When the latest renewal (or the claim) ends by the holder's wall clock. */
  readonly endsAtWallMs: number;
  readonly nowWallMs: number;
  /** Whether this node's clock and the holder's are both known to lie within the skew bound. */
  readonly clocksWithinBound: boolean;
}

/** Milliseconds for which an observer must still respect the lease; 0 or less: it has expired. */
export function observerRemainingMs(sighting: LeaseSighting, bounds: ClockBounds): number {
  const { durationMs, elapsedSinceSightMs, endsAtWallMs, nowWallMs } = sighting;
  const byMonotonicMs = durationMs * (1 + bounds.driftRate) + bounds.deliveryMarginMs - elapsedSinceSightMs;
  if (!sighting.clocksWithinBound) return byMonotonicMs;
  const byWallMs = endsAtWallMs + bounds.skewBoundMs - nowWallMs;
  return Math.min(byMonotonicMs, byWallMs);
}

/** The least time a claim must leave its holder to act: room for one renewal to be sent in time. */
export const HOLDER_TIME_MS_MIN = 100;

/** Throws `ERR_LOCK_TIME` when drift and margin leave the holder of a lease of `durationMs` no time to act. */
export function checkLeaseDuration(durationMs: number, bounds: ClockBounds, argument: string): void {
  const leftMs = holderRemainingMs(durationMs, 0, bounds);
  if (leftMs >= HOLDER_TIME_MS_MIN) return;
  const needed = Math.ceil((HOLDER_TIME_MS_MIN + bounds.deliveryMarginMs) / (1 - bounds.driftRate));
  throw new DriftlockError('ERR_LOCK_TIME', {
    argument,
    expected: `at least ${needed} ms (delivery margin ${bounds.deliveryMarginMs} ms, drift ${bounds.driftRate})`,
    found: `${durationMs} ms`,
  });
}
