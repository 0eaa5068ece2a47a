/**
 * Virtual time for everything that takes a `Clock`: it stands still until it is moved.
 *
 * Invariants: timers fire in the order of their times, and of equal times in the order in which they were set; between
 * two of them every promise chain that can go on without a timer has gone on. So a run is a function of the calls made,
 * as long as nothing real is awaited: no file, no socket, no thread.
 */

import type { Clock } from '../../net/clock.ts';
import { eventLoopTurn } from '../node/machine.ts';
import { TimerHeap, type Timer } from './timer-heap.ts';

/** An ordinary moment in 2023; zero would hide mistakes with clocks that went back. */
const START_WALL_MS = 1_700_000_000_000;

export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #nowMs = 0;

  wallMs(): number {
    return START_WALL_MS + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, fire: () => void): () => void {
    const timer: Timer = this.#timers.add(this.#nowMs + Math.max(0, delayMs), fire);
    return () => this.#timers.cancel(timer);
  }

  /** Timers that were neither fired nor cancelled. */
  get timers(): number {
    return this.#timers.size;
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
      const next = this.#timers.takeUntil(untilMs);
      if (next === undefined) {
        this.#nowMs = untilMs;
        return false;
      }
      this.#nowMs = next.atMs;
      next.fire();
      await this.settle();
    }
    return true;
  }

  /** Lets everything happen that does not wait for time. One turn is enough: promise chains end before the next begins. */
  settle(): Promise<void> {
    return eventLoopTurn();
  }
}
