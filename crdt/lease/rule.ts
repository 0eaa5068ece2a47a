/**
 * The two-sided lease rule: when a holder must stop acting, and when everyone else may stop waiting.
 *
 * Invariant: with drift within ±ρ, delivery and notice within m and, where wall clocks are used at all, offsets within
 * E, the holder's time is over before any observer's is. In true time, for a claim or renewal stamped at s:
 *
 * - the holder's clock shows L(1 − ρ) − m at s + L − m/(1 − ρ) at the latest; with m to notice, it has stopped by s + L.
 *   A last renewal was sent before that, and with m on its way is there by s + L;
 * - an observer's monotonic clock shows L(1 + ρ) + m since first sight, which is after s, at s + L + m/(1 + ρ) or later;
 * - a wall clock at most E from the holder's shows stamp + L(1 + ρ) + m + E at s + L or later: ρ covers its rate and m
 *   the two roundings to whole milliseconds. A hybrid stamp ahead of the holder's clock only makes that later.
 *
 * A step of a wall clock never shortens a lease: the holder does not look at one, a node outside the bound makes no
 * claim, and an observer reads its own only while both clocks are known to lie within the bound. What no ρ covers is a
 * suspended machine, whose monotonic clock stands still: there the epoch fences.
 *
 * Gray, Cheriton, SOSP 1989; the drift terms as in Lampson, "How to build a highly available system using consensus".
 */

import { DriftlockError } from '../errors.ts';
import { LEASE_DURATION_MS_MAX, type Lease } from './lease.ts';

/** What is assumed about clocks and delivery. */
export interface ClockBounds {
  /** ρ: by which part a clock may run fast or slow between steps; 0.0002 is 200 ppm. */
  readonly driftRate: number;
  /** m: how late a claim may be seen, and how long the holder may take to notice that its time is over. At least 2 ms. */
  readonly deliveryMarginMs: number;
  /** E: how far two wall clocks may be apart and still be compared. */
  readonly skewBoundMs: number;
}

/**
 * Milliseconds for which the holder may still act; 0 or less: it must stop. `elapsedMs` counts from the moment the
 * claim or renewal was stamped (not from when it left, which is later), on the holder's monotonic clock.
 */
export function holderRemainingMs(durationMs: number, elapsedMs: number, bounds: ClockBounds): number {
  return durationMs * (1 - bounds.driftRate) - bounds.deliveryMarginMs - elapsedMs;
}

export interface LeaseSighting {
  readonly durationMs: number;
  /** Since this node first saw the claim or its latest renewal, on its monotonic clock. */
  readonly elapsedSinceSightMs: number;
  /** When the latest renewal (or the claim) ends by the holder's wall clock: {@link leaseEndsAtWallMs}. */
  readonly endsAtWallMs: number;
  /**
   * This node's wall clock. A reading taken while the clocks were known to lie within the bound, and carried on from
   * there by the monotonic clock, is as good and is not moved by a step that was not noticed yet.
   */
  readonly nowWallMs: number;
  /** Whether this node's clock and the holder's are both known to lie within the skew bound. */
  readonly clocksWithinBound: boolean;
}

/** Milliseconds for which an observer must still respect the lease; 0 or less: it has expired. */
export function observerRemainingMs(sighting: LeaseSighting, bounds: ClockBounds): number {
  const { durationMs, elapsedSinceSightMs, endsAtWallMs, nowWallMs } = sighting;
  const paddingMs = durationMs * bounds.driftRate + bounds.deliveryMarginMs;
  const byMonotonicMs = durationMs + paddingMs - elapsedSinceSightMs;
  if (!sighting.clocksWithinBound) return byMonotonicMs;
  const byWallMs = endsAtWallMs + paddingMs + bounds.skewBoundMs - nowWallMs;
  return Math.min(byMonotonicMs, byWallMs);
}

/**
 * When the lease ends by the holder's wall clock, at the latest. The holder counted its renewals on its monotonic clock,
 * and the two may have drifted apart since the claim: 1.4 s in an hour at 200 ppm each.
 */
export function leaseEndsAtWallMs(
  lease: Pick<Lease, 'stamp' | 'durationMs' | 'renewedAfterMs'>,
  bounds: ClockBounds,
): number {
  const renewedAfterMs = lease.renewedAfterMs * ((1 + bounds.driftRate) / (1 - bounds.driftRate));
  return lease.stamp.wallMs + renewedAfterMs + lease.durationMs;
}

/** The least time a claim must leave its holder to act: room for one renewal to be sent in time. */
export const HOLDER_TIME_MS_MIN = 100;

/**
 * Throws `ERR_LOCK_TIME` when drift and margin leave the holder of a lease of `durationMs` less than
 * `HOLDER_TIME_MS_MIN` to act, or when it is over `LEASE_DURATION_MS_MAX`, which no decoder takes.
 */
export function checkLeaseDuration(durationMs: number, bounds: ClockBounds, argument: string): void {
  const leastMs = Math.ceil((HOLDER_TIME_MS_MIN + bounds.deliveryMarginMs) / (1 - bounds.driftRate));
  if (durationMs >= leastMs && durationMs <= LEASE_DURATION_MS_MAX) return;
  throw new DriftlockError('ERR_LOCK_TIME', {
    argument,
    expected: `${leastMs} to ${LEASE_DURATION_MS_MAX} ms (delivery margin ${bounds.deliveryMarginMs} ms, drift ${bounds.driftRate})`,
    found: `${durationMs} ms`,
  });
}
