/**
 * Intervals of milliseconds that are known to hold a value: what is known of a clock's offset.
 *
 * Invariant: each operation keeps the promise. If its arguments held the true values, so does its result; `intersect` of
 * two intervals that cannot both hold one says so.
 *
 * Marzullo, Owicki: "Maintaining the time in a distributed system", PODC 1983; Marzullo's thesis, Stanford 1984.
 */

export interface Interval {
  readonly minMs: number;
  readonly maxMs: number;
}

export const ZERO: Interval = { minMs: 0, maxMs: 0 };

/** By `byMs` on both sides. */
export function widen({ minMs, maxMs }: Interval, byMs: number): Interval {
  return { minMs: minMs - byMs, maxMs: maxMs + byMs };
}

export function shift({ minMs, maxMs }: Interval, byMs: number): Interval {
  return { minMs: minMs + byMs, maxMs: maxMs + byMs };
}

/** Of the value with the other sign. */
export function negate({ minMs, maxMs }: Interval): Interval {
  return { minMs: 0 - maxMs, maxMs: 0 - minMs };
}

/** Undefined: they have no value in common, so one of them does not hold what it promised. */
export function intersect(a: Interval, b: Interval): Interval | undefined {
  const minMs = Math.max(a.minMs, b.minMs);
  const maxMs = Math.min(a.maxMs, b.maxMs);
  return minMs <= maxMs ? { minMs, maxMs } : undefined;
}

export function middleMs({ minMs, maxMs }: Interval): number {
  return (minMs + maxMs) / 2;
}

/** How far the value can be from {@link middleMs}. */
export function errorMs({ minMs, maxMs }: Interval): number {
  return (maxMs - minMs) / 2;
}

/** Whether the value is at most `boundMs` from 0, wherever in the interval it lies. */
export function isWithin({ minMs, maxMs }: Interval, boundMs: number): boolean {
  return minMs >= -boundMs && maxMs <= boundMs;
}

/** Whether the value is more than `boundMs` from 0, wherever in the interval it lies. */
export function isBeyond({ minMs, maxMs }: Interval, boundMs: number): boolean {
  return minMs > boundMs || maxMs < -boundMs;
}
