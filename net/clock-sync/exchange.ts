/**
 * One exchange of four timestamps, and what it says: an interval for how far the peer's monotonic clock is ahead of ours.
 *
 * Monotonic clocks are compared because they do not step; what the peer's wall clock showed at one moment of its
 * monotonic clock comes with the answer. The interval assumes nothing about the way: if all delay lay on the way there,
 * the offset is at its greatest, if all of it lay on the way back, at its least.
 *
 * Mills, Martin, Burbank, Kasch: "Network Time Protocol Version 4", RFC 5905, section 8; the bound is that of Cristian:
 * "Probabilistic clock synchronization", Distributed Computing 3, 1989.
 */

import type { ClockAnswer } from './messages.ts';
import type { Interval } from './interval.ts';
import { relativeDriftRate } from './reading.ts';

export interface Exchange {
  /** Before the request was sent, on our monotonic clock. */
  readonly sentAtMs: number;
  readonly answer: ClockAnswer;
  /** After the answer arrived. */
  readonly receivedAtMs: number;
}

/** Timestamps in answers are cut to whole microseconds. */
const ANSWER_RESOLUTION_MS = 0.001;

/**
 * The peer's monotonic clock minus ours, at the end of the exchange. Undefined when the peer says that it kept the
 * request for longer than the exchange took: nothing can be learnt from that.
 */
export function offsetOf({ sentAtMs, answer, receivedAtMs }: Exchange, driftRate: number): Interval | undefined {
  const driftMs = relativeDriftRate(driftRate) * (receivedAtMs - sentAtMs) + ANSWER_RESOLUTION_MS;
  const minMs = answer.sentMs - receivedAtMs - driftMs;
  const maxMs = answer.receivedMs - sentAtMs + driftMs;
  return minMs <= maxMs ? { minMs, maxMs } : undefined;
}

/** The time both ways took together, without what the peer spent in between. */
export function roundTripOf({ sentAtMs, answer, receivedAtMs }: Exchange): number {
  return Math.max(0, receivedAtMs - sentAtMs - (answer.sentMs - answer.receivedMs));
}
