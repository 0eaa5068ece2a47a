/**
 * Virtual time for everything that takes a `Clock`: it stands still until the test moves it.
 *
 * Invariants: timers fire in the order of their times, and of equal times in the order in which they were set; between
 * two of them every promise chain that can go on without a timer has gone on. So a run is a function of the calls made.
 */

import type { Clock } from '../net/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/** Turns of the event loop that pass without a new timer before the program counts as waiting for time alone. */
const QUIET_TURNS = 2;
/** An ordinary moment in 2023; zero would hide mistakes with clocks that went back. */
const START_WALL_MS = 1_700_000_000_000;

export class VirtualClock implements Clock {
  /** In the order in which they fire. */
  readonly #timers: Timer[] = [];
  #nowMs = 0;
  #timersSet = 0;

  wallMs(): number {
    return START_WALL_MS + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), fire };
    this.#timers.splice(this.#placeOf(timer.atMs), 0, timer);
    this.#timersSet++;
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** Timers that were neither fired nor cancelled. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Moves `ms` ahead, timer by timer. */
  async advance(ms: number): Promise<void> {
    await this.advanceUntil(() => false, ms);
  }

  /** Moves ahead until `condition` holds, and tells whether it does; `limitMs` ahead when it does not come to hold. */
  async advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.#nowMs + limitMs;
    await this.settle();
    while (!condition()) {
      const next = this.#timers[0];
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = untilMs;
        return false;
      }
      this.#timers.shift();
      this.#nowMs = next.atMs;
      next.fire();
      await this.settle();
    }
    return true;
  }

  /** Lets everything happen that does not wait for time. */
  async settle(): Promise<void> {
    let quiet = 0;
    while (quiet < QUIET_TURNS) {
      const before = this.#timersSet;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      quiet = this.#timersSet === before ? quiet + 1 : 0;
    }
  }

  /** After all timers of the same time and earlier. */
  #placeOf(atMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.atMs ?? Infinity) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One machine's view of virtual time: its wall clock may be off, and its timers end with it. */
export class MachineClock implements Clock {
  readonly #time: VirtualClock;
  readonly #cancels = new Set<() => void>();
  #wallOffsetMs: number;
  #isHalted = false;

  constructor(time: VirtualClock, wallOffsetMs = 0) {
    this.#time = time;
    this.#wallOffsetMs = wallOffsetMs;
  }

  wallMs(): number {
    return this.#time.wallMs() + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  schedule(delayMs: number, fire: () => void): () => void {
    if (this.#isHalted) return () => undefined;
    const cancelTimer = this.#time.schedule(delayMs, () => {
      this.#cancels.delete(cancel);
      fire();
    });
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  /** Steps the wall clock, as an administrator or NTP does. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** The machine is dead: nothing fires on it any more. */
  halt(): void {
    this.#isHalted = true;
    for (const cancel of this.#cancels) cancel();
  }
}
