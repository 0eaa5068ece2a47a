/**
 * Both clocks of one machine, read together, and the steps that show between two such readings.
 *
 * Invariant: between two steps of the wall clock both clocks advance alike, each at a rate within ±ρ of true time; so the
 * difference between wall and monotonic clock moves only by what drift and reading explain, or the wall clock was
 * stepped, or the machine was suspended (its monotonic clock stood still). Both spoil what was measured before.
 */

import type { Clock } from '../clock.ts';

export interface ClockReading {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** How much later than the monotonic clock the wall clock may have been read. */
  readonly apartMs: number;
}

/** Clocks read further apart than this were read across a stall of the process, and are read again: it takes 1 µs. */
export const APART_MS_MAX = 0.1;
const READ_TRIES_MAX = 3;

/** The best of up to `READ_TRIES_MAX` tries. */
export function readClocks(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): ClockReading {
  let best = readOnce(clock);
  for (let tries = 1; best.apartMs > APART_MS_MAX && tries < READ_TRIES_MAX; tries++) {
    const next = readOnce(clock);
    if (next.apartMs < best.apartMs) best = next;
  }
  return best;
}

function readOnce(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): ClockReading {
  const monotonicMs = clock.monotonicMs();
  const wallMs = clock.wallMs();
  return { wallMs, monotonicMs, apartMs: clock.monotonicMs() - monotonicMs };
}

/**
 * A difference up to this is no step: readings are whole milliseconds, and what is smaller than a scheduler's time slice
 * is not worth measuring everything anew.
 */
export const STEP_MS_MIN = 5;

/**
 * By how much the wall clock was stepped between two readings of one machine, the earlier first; 0 when all of the
 * difference can be explained without a step.
 */
export function stepBetween(before: ClockReading, after: ClockReading, driftRate: number): number {
  const elapsedMs = after.monotonicMs - before.monotonicMs;
  const gainedMs = after.wallMs - before.wallMs - elapsedMs;
  const explainedMs = STEP_MS_MIN + before.apartMs + after.apartMs + relativeDriftRate(driftRate) * Math.abs(elapsedMs);
  return Math.abs(gainedMs) <= explainedMs ? 0 : gainedMs;
}

/** By how much, at most, one clock gains or loses on another in each millisecond of the other, when both drift within ±ρ. */
export function relativeDriftRate(driftRate: number): number {
  return (2 * driftRate) / (1 - driftRate);
}
