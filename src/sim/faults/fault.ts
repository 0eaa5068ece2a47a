/**
 * A fault: something that goes wrong in a run, at times and places drawn from the seed.
 *
 * Invariant: whatever a fault does is over by `untilMs`, or undone when `end` is called: the promises are about what
 * holds through faults and after them, so every run ends healed.
 */

import type { RandomInteger } from '../../../net/clock.ts';
import type { World } from '../world.ts';

export const FAULT_NAMES = [
  'loss',
  'delay',
  'duplication',
  'reordering',
  'partition',
  'one-way-partition',
  'crash',
  'torn-writes',
  'full-disk',
  'bit-rot',
  'pause',
  'clock-offset',
  'clock-drift',
  'clock-step',
  'foreign-writers',
  'membership',
  'api-clients',
  'reservations',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export interface Fault {
  readonly name: FaultName;
  /** What it does, in one line, for the help. */
  readonly what: string;
  /** Before the machines start: their clocks are not set yet. */
  readonly prepare?: (setup: Setup, random: RandomInteger) => void;
  /** Arranges what is to happen within `untilMs` from now. Returns what undoes the rest. */
  readonly arrange?: (world: World, random: RandomInteger, untilMs: number) => () => void;
}

/** What a fault may choose before the machines exist. */
export interface Setup {
  /** By machine. */
  readonly clocks: { wallOffsetMs: number; driftRate: number }[];
  readonly bounds: { readonly driftRate: number; readonly skewBoundMs: number };
  /** When each machine starts, from the beginning. */
  readonly startsAtMs: number[];
  /** How long each machine reserves a block for each node that ranks before it; undefined: not at all. */
  readonly reserveMs: (number | undefined)[];
}

/** Lets `strike` happen `count` times, at random times before `untilMs`; `strike` gets how long it may last at most. */
export function atRandomTimes(
  world: World,
  random: RandomInteger,
  { count, untilMs }: { readonly count: number; readonly untilMs: number },
  strike: (leftMs: number) => void,
): void {
  for (let at = 0; at < count; at++) {
    const startsMs = random(untilMs);
    world.time.schedule(startsMs, () => strike(untilMs - startsMs));
  }
}

/** One of `from`; undefined when there is none. */
export function pick<T>(from: readonly T[], random: RandomInteger): T | undefined {
  return from[random(Math.max(1, from.length))];
}

/** Things to undo, in the order in which they were done; each is undone once. */
export class Undo {
  readonly #pending = new Set<() => void>();

  /** Returns what undoes it now. */
  add(undo: () => void): () => void {
    const once = (): void => {
      if (this.#pending.delete(once)) undo();
    };
    this.#pending.add(once);
    return once;
  }

  all(): void {
    for (const undo of this.#pending) undo();
  }
}
