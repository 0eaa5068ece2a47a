/** How long after a fetch that no holder could serve the next one comes: each time twice as long, up to a limit. */

/** After every holder in reach was tried in vain, for the first time. */
export const RETRY_MS_MIN = 2_000;
export const RETRY_MS_MAX = 64_000;

/** How long to wait after so many tries before this one. */
export function retryDelayMs(attempts: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(attempts, 10));
}
