/**
 * When a chunk that enters a shaped line comes out of it: a queue at the given bandwidth, then the way.
 *
 * Invariant: what entered first comes out first, whatever the jitter: TCP delivers in order.
 */

import type { RandomInteger } from '../../../net/clock.ts';
import type { LinkShape } from './shape.ts';

/** Monotonic milliseconds. */
export interface Line {
  /** When the last chunk has left the queue. */
  readonly freeAtMs: number;
  /** When it arrives. */
  readonly arrivesAtMs: number;
}

export const IDLE_LINE: Line = { freeAtMs: 0, arrivesAtMs: 0 };

/** The line after `sizeBytes` entered it; its `arrivesAtMs` is theirs. */
export function enter(line: Line, sizeBytes: number, shape: LinkShape, nowMs: number, random: RandomInteger): Line {
  const isStalled = shape.stallPermille > 0 && random(1_000) < shape.stallPermille;
  const sendMs = (sizeBytes / shape.bytesPerSecond) * 1_000 + (isStalled ? shape.stallMs : 0);
  const freeAtMs = Math.max(nowMs, line.freeAtMs) + sendMs;
  const jitterMs = shape.jitterMs > 0 ? random(Math.ceil(shape.jitterMs) + 1) : 0;
  return { freeAtMs, arrivesAtMs: Math.max(line.arrivesAtMs, freeAtMs + shape.latencyMs + jitterMs) };
}
