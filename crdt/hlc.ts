/**
 * Hybrid logical clock: 48 bits of wall-clock milliseconds and a 16-bit counter.
 *
 * Invariant: stamps made by one clock strictly increase, and a stamp made after another was received is greater than
 * it, unless that one lay further ahead than the skew bound, in which case it moves nothing.
 *
 * Kulkarni, Demirbas, Madappa, Avva, Leone: "Logical Physical Clocks", OPODIS 2014.
 */

import type { Reader } from './codec/reader.ts';
import type { Writer } from './codec/writer.ts';
import { invariant } from './invariant.ts';

export interface HlcStamp {
  /** Unix time in milliseconds, 0…2^48 − 1. */
  readonly wallMs: number;
  /** Orders the stamps of one millisecond, 0…65535. */
  readonly counter: number;
}

export const HLC_WALL_MS_MAX = 2 ** 48 - 1;
export const HLC_COUNTER_MAX = 2 ** 16 - 1;
export const HLC_ZERO: HlcStamp = { wallMs: 0, counter: 0 };
export const HLC_BYTES = 8;

export function compareStamps(a: HlcStamp, b: HlcStamp): number {
  return a.wallMs - b.wallMs || a.counter - b.counter;
}

/** The stamp for an event at `wallMs`, given the clock's `last` stamp. Greater than `last`, whatever the wall clock did. */
export function nextStamp(last: HlcStamp, wallMs: number): HlcStamp {
  const now = Math.min(Math.max(0, Math.floor(wallMs)), HLC_WALL_MS_MAX);
  if (now > last.wallMs) return { wallMs: now, counter: 0 };
  if (last.counter < HLC_COUNTER_MAX) return { wallMs: last.wallMs, counter: last.counter + 1 };
  invariant(last.wallMs < HLC_WALL_MS_MAX, 'the hybrid clock has not reached the end of its range');
  return { wallMs: last.wallMs + 1, counter: 0 };
}

/**
 * The clock's `last` stamp after it saw `received` at `wallMs`. A stamp more than `skewBoundMs` ahead of the wall clock
 * leaves it as it was, so that one wrong clock cannot drag the others along.
 */
export function witnessStamp(last: HlcStamp, received: HlcStamp, wallMs: number, skewBoundMs: number): HlcStamp {
  if (received.wallMs > wallMs + skewBoundMs) return last;
  return compareStamps(received, last) > 0 ? received : last;
}

export function writeStamp(writer: Writer, stamp: HlcStamp): void {
  writer.uintBE(stamp.wallMs, 6).uintBE(stamp.counter, 2);
}

export function readStamp(reader: Reader, field: string): HlcStamp {
  const wallMs = reader.uintBE(`${field} milliseconds`, 6);
  return { wallMs, counter: reader.uintBE(`${field} counter`, 2) };
}
