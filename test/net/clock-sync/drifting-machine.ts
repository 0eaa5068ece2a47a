/** Two clocks that drift, as functions of true time: what estimates are held against. */

import fc from 'fast-check';
import type { Exchange } from '../../../net/clock-sync/exchange.ts';
import { decodeClockAnswer, encodeClockAnswer } from '../../../net/clock-sync/messages.ts';
import type { ClockReading } from '../../../net/clock-sync/reading.ts';

export const DRIFT_RATE = 0.001;

export interface DriftingMachine {
  /** What the clocks showed at true time 0, and how fast each runs. */
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly monotonicRate: number;
  readonly wallRate: number;
}

const rate = fc.double({ min: 1 - DRIFT_RATE, max: 1 + DRIFT_RATE, noNaN: true });

export const arbitraryMachine: fc.Arbitrary<DriftingMachine> = fc.record({
  monotonicMs: fc.nat(10_000_000),
  wallMs: fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  monotonicRate: rate,
  wallRate: rate,
});

export function wallAt(machine: DriftingMachine, trueMs: number): number {
  return machine.wallMs + trueMs * machine.wallRate;
}

export function monotonicAt(machine: DriftingMachine, trueMs: number): number {
  return machine.monotonicMs + trueMs * machine.monotonicRate;
}

/** As a program reads them: the wall clock in whole milliseconds. */
export function readingAt(machine: DriftingMachine, trueMs: number): ClockReading {
  return { wallMs: Math.floor(wallAt(machine, trueMs)), monotonicMs: monotonicAt(machine, trueMs), apartMs: 0 };
}

export interface Way {
  readonly thereMs: number;
  readonly servingMs: number;
  readonly backMs: number;
}

/** Delays of any size, and as uneven as can be. */
export const arbitraryWay: fc.Arbitrary<Way> = fc.record({
  thereMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })),
  servingMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1_000, noNaN: true })),
  backMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })),
});

/** The exchange that `own` starts with `peer` at true time `trueMs`. The peer runs without a step since its clocks' zero. */
export function exchangeAt(own: DriftingMachine, peer: DriftingMachine, trueMs: number, way: Way): Exchange {
  const arrivedMs = trueMs + way.thereMs;
  const answeredMs = arrivedMs + way.servingMs;
  const sentMs = monotonicAt(peer, answeredMs);
  const bytes = encodeClockAnswer({
    run: 7,
    receivedMs: monotonicAt(peer, arrivedMs),
    sentMs,
    wallMs: wallAt(peer, answeredMs),
    steadyForMs: sentMs,
  });
  return {
    sentAtMs: monotonicAt(own, trueMs),
    answer: decodeClockAnswer(bytes),
    receivedAtMs: monotonicAt(own, answeredMs + way.backMs),
  };
}
