/** A clock whose timers fire when the test says so, and which a test can wait on to see a timer being set. */

import type { Clock } from '../../net/clock.ts';

export interface Timer {
  readonly delayMs: number;
  readonly fire: () => void;
}

export class ManualClock implements Clock {
  /** Set and neither fired nor cancelled, oldest first. */
  readonly timers: Timer[] = [];
  /** The delays of every timer that was ever set. */
  readonly delaysMs: number[] = [];
  #waiting: (() => void)[] = [];

  wallMs(): number {
    return 0;
  }

  monotonicMs(): number {
    return 0;
  }

  schedule(delayMs: number, fire: () => void): () => void {
    const timer = { delayMs, fire };
    this.timers.push(timer);
    this.delaysMs.push(delayMs);
    for (const wake of this.#waiting.splice(0)) wake();
    return () => this.#remove(timer);
  }

  /** Waits until a timer that `accept` accepts is set. */
  async set(accept: (delayMs: number) => boolean): Promise<Timer> {
    for (;;) {
      const timer = this.timers.find(({ delayMs }) => accept(delayMs));
      if (timer !== undefined) return timer;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Fires the oldest timer that `accept` accepts; waits for one to be set when there is none. */
  async fire(accept: (delayMs: number) => boolean): Promise<void> {
    const timer = await this.set(accept);
    this.#remove(timer);
    timer.fire();
  }

  #remove(timer: Timer): void {
    const at = this.timers.indexOf(timer);
    if (at >= 0) this.timers.splice(at, 1);
  }
}
