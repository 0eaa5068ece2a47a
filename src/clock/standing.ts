/**
 * Whether this node's clock lies within the skew bound of the majority: the decision, with hysteresis.
 *
 * Invariant: a node is taken for outside only when no error of measurement can explain it, and for within again only
 * when none can deny it, by a tenth of the bound; a clock that drifts along the bound does not change sides with every
 * measurement.
 */

import { isBeyond, isWithin, type Interval } from '../../net/clock-sync/interval.ts';

export type Standing =
  /** Nobody to compare with, or too coarsely measured to tell. */
  'unknown' | 'within' | 'outside';

/** A node that was outside is within again when its offset is no more than this part of the bound. */
export const RETURN_FRACTION = 0.9;

/** `own`: this node's offset against the majority; undefined when there is nobody to compare with. */
export function decideStanding(before: Standing, own: Interval | undefined, skewBoundMs: number): Standing {
  if (own === undefined) return 'unknown';
  if (isBeyond(own, skewBoundMs)) return 'outside';
  if (before === 'outside') return isWithin(own, skewBoundMs * RETURN_FRACTION) ? 'within' : 'outside';
  return isWithin(own, skewBoundMs) ? 'within' : before;
}
