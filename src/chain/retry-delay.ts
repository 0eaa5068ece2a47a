/**
 * How long to wait before asking a failing endpoint again: exponential backoff, half of it random, so that the nodes of
 * a fleet that lost one endpoint together do not come back together.
 *
 * Brooker: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("equal jitter").
 */

import type { RandomInteger } from '../../net/clock.ts';

export const RETRY_DELAY_MS_BASE = 250;
export const RETRY_DELAY_MS_MAX = 8_000;

/** Milliseconds to wait after the try number `failedTries` (1 is the first) has failed. */
export function retryDelayMs(failedTries: number, random: RandomInteger): number {
  const ceilingMs = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_BASE * 2 ** (failedTries - 1));
  const halfMs = ceilingMs / 2;
  return halfMs + random(halfMs + 1);
}
