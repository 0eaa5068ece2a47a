/**
 * What is known of one peer's clock, exchange by exchange: the intersection of what each exchange says, aged by drift
 * since then.
 *
 * Invariant: as long as clocks drift within ±ρ and no machine was suspended, the interval holds the true offset, whatever
 * the delays were. What breaks that (a restart of the peer, a step of its wall clock, a suspended machine, a clock worse
 * than ρ) shows as another run, a step between two readings, or intervals without a common value; then the estimate
 * begins anew with the latest exchange alone.
 *
 * Marzullo's thesis, Stanford 1984; RFC 5905, section 10, for ageing.
 */

import type { HlcStamp } from '../../crdt/hlc.ts';
import { offsetOf, roundTripOf, type Exchange } from './exchange.ts';
import { intersect, shift, widen, type Interval } from './interval.ts';
import { APART_MS_MAX, relativeDriftRate, stepBetween, type ClockReading } from './reading.ts';

export interface ClockEstimate {
  readonly run: number;
  /** The peer's monotonic clock minus ours, at `atMs`. */
  readonly offset: Interval;
  /** The end of the latest exchange, on our monotonic clock. */
  readonly atMs: number;
  /** Its begin, likewise. */
  readonly askedAtMs: number;
  /** The peer's clocks as it read them for the latest exchange. */
  readonly peer: ClockReading;
  /** Its wall clock at the moment since which it has not been stepped, as far as the peer noticed. */
  readonly steadySinceWallMs: number;
  /** Of the latest exchange. */
  readonly roundTripMs: number;
}

export type EstimateOutcome =
  | 'first'
  | 'refined'
  /** Begun anew: the peer runs anew. */
  | 'peer-restarted'
  /** Begun anew: the peer's wall clock was stepped, or its machine suspended. */
  | 'peer-stepped'
  /** Begun anew: the exchange and the estimate cannot both be right. */
  | 'contradiction'
  /** Left as it was: the exchange contradicts itself. */
  | 'impossible';

export interface Refined {
  readonly estimate: ClockEstimate | undefined;
  readonly outcome: EstimateOutcome;
}

/** The estimate after one more exchange. */
export function refineEstimate(known: ClockEstimate | undefined, exchange: Exchange, driftRate: number): Refined {
  const measured = offsetOf(exchange, driftRate);
  if (measured === undefined) return { estimate: known, outcome: 'impossible' };
  const latest = estimateFrom(exchange, measured, driftRate);
  if (known === undefined) return { estimate: latest, outcome: 'first' };
  if (known.run !== latest.run) return { estimate: latest, outcome: 'peer-restarted' };
  if (stepBetween(known.peer, latest.peer, driftRate) !== 0) return { estimate: latest, outcome: 'peer-stepped' };
  const offset = intersect(aged(known, latest.atMs, driftRate), measured);
  if (offset === undefined) return { estimate: latest, outcome: 'contradiction' };
  return { estimate: { ...latest, offset }, outcome: 'refined' };
}

function estimateFrom(exchange: Exchange, offset: Interval, driftRate: number): ClockEstimate {
  const { run, sentMs, wallMs, steadyForMs } = exchange.answer;
  // Both clocks may drift, and the reading is a whole number: rather a little too late.
  const steadyForMsMin = steadyForMs * (1 - relativeDriftRate(driftRate)) - WALL_RESOLUTION_MS;
  return {
    run,
    offset,
    atMs: exchange.receivedAtMs,
    askedAtMs: exchange.sentAtMs,
    peer: { wallMs, monotonicMs: sentMs, apartMs: APART_MS_MAX },
    steadySinceWallMs: wallMs - Math.max(0, steadyForMsMin),
    roundTripMs: roundTripOf(exchange),
  };
}

function aged({ offset, atMs }: ClockEstimate, nowMs: number, driftRate: number): Interval {
  return widen(offset, relativeDriftRate(driftRate) * Math.max(0, nowMs - atMs));
}

/** Wall clocks are read in whole milliseconds. */
const WALL_RESOLUTION_MS = 1;

/**
 * The peer's wall clock minus ours, for our clocks read `now`: what lies between the monotonic clocks, and between each
 * of these and its wall clock. It assumes that the peer's wall clock was not stepped since the latest exchange.
 */
export function wallOffset(estimate: ClockEstimate, now: ClockReading, driftRate: number): Interval {
  const { peer } = estimate;
  const peerAheadMs = peer.wallMs - peer.monotonicMs;
  const ownAheadMs = now.wallMs - now.monotonicMs;
  const offset = aged(estimate, now.monotonicMs, driftRate);
  return widen(shift(offset, peerAheadMs - ownAheadMs), WALL_RESOLUTION_MS + peer.apartMs + now.apartMs);
}

/**
 * Whether the peer's wall clock is known to have run without a step from `stamp`, which it made, until the latest
 * exchange. Only then does a measured offset say anything about the moment of the stamp. (A stamp that the hybrid clock
 * put ahead of the wall clock is taken for later than it was, which makes nothing end sooner.)
 *
 * The exchange must have been asked for after the stamp was seen here, at `seenAtMs` on our monotonic clock: the wall clocks
 * alone do not tell which came first. A stamp made after a step back can lie between two moments from before the step.
 */
export function coversStamp(estimate: ClockEstimate, stamp: HlcStamp, seenAtMs: number): boolean {
  const { peer, steadySinceWallMs, askedAtMs } = estimate;
  return seenAtMs <= askedAtMs && steadySinceWallMs <= stamp.wallMs && stamp.wallMs <= peer.wallMs;
}
