/**
 * The one scale that all clock offsets are drawn on: linear near zero and logarithmic beyond, so that half a millisecond and
 * the skew bound of half a second can both be read from it.
 *
 * Invariant: the scale depends on the skew bound alone; a clock beyond its end is drawn at the end, and is said to be beyond.
 */

/** Where the scale turns from linear to logarithmic. */
const LINEAR_MS = 1;
/** How far the scale goes, in skew bounds. */
const REACH = 3;

/** Of ±`skewBoundMs * REACH`: 0 at the left end, 0.5 for no offset, 1 at the right end. */
export function clockPosition(offsetMs: number, skewBoundMs: number): number {
  const share = Math.asinh(offsetMs / LINEAR_MS) / Math.asinh((skewBoundMs * REACH) / LINEAR_MS);
  return 0.5 + Math.min(1, Math.max(-1, share)) / 2;
}

export function isBeyondScale(offsetMs: number, skewBoundMs: number): boolean {
  return Math.abs(offsetMs) > skewBoundMs * REACH;
}
