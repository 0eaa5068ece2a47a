/**
 * When a page that lost its node tries again, and when it takes a silent one for lost.
 *
 * Invariant: pure. Waits double up to a limit and are spread by chance, so that all pages of a node that restarts do not come
 * at one moment; the first try comes soon, since a restart takes a second.
 */

import type { RandomInteger } from '../../../../net/clock.ts';

const RETRY_MS_MIN = 400;
const RETRY_MS_MAX = 8_000;
/** A node sends a frame a second, whatever it does; its machine may be busy. */
export const SILENCE_MS_MAX = 8_000;
/** From here on the page says how old what it shows is. */
export const SILENCE_SHOWN_MS = 3_000;

/** `failures`: tries since the last frame, from 1. */
export function retryDelayMs(failures: number, random: RandomInteger): number {
  const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(failures - 1, 10));
  return delayMs / 2 + random(Math.ceil(delayMs / 2) + 1);
}

export function isSilent(heardAtMs: number, nowMs: number): boolean {
  return nowMs - heardAtMs > SILENCE_MS_MAX;
}
