/**
 * When to dial a peer again: capped exponential backoff with jitter, for ever.
 *
 * libp2p's own means do not fit: a peer that is down at the first dial is never retried, the keep-alive queue gives up
 * after five tries, and with unlimited tries it reconnected 600 times in 3 s to a peer that denies us, because a denied
 * dial succeeds before it is closed. So a link must have lasted before the delay starts over.
 */

import type { RandomInteger } from '../clock.ts';

/** The upper bound of the first delay. The lower bound is half of it, here and below. */
export const REDIAL_DELAY_MS_MIN = 200;
/** The upper bound of every delay: how long a healed region may go unnoticed. */
export const REDIAL_DELAY_MS_MAX = 5_000;
/** A link that lasted this long was real: the next dial starts over at the shortest delay. */
export const LINK_STABLE_MS = 10_000;

/** Milliseconds to wait before dial number `attempt` + 1 (`attempt` counts from 0), uniform in the upper half of the bound. */
export function nextDialDelayMs(attempt: number, random: RandomInteger): number {
  const boundMs = Math.min(REDIAL_DELAY_MS_MAX, REDIAL_DELAY_MS_MIN * 2 ** attempt);
  return boundMs / 2 + random(boundMs / 2 + 1);
}

/** The attempt number to go on with after a link was lost that had lasted `lastedMs`. */
export function attemptAfterLoss(attempt: number, lastedMs: number): number {
  return lastedMs >= LINK_STABLE_MS ? 0 : attempt;
}
