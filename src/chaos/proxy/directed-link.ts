/**
 * The way from one node to another, which all connections between the two share, whoever dialled.
 *
 * Invariant: a fault that is lifted leaves nothing behind but the chunks it had delayed.
 */

import type { Clock, RandomInteger } from '../../../net/clock.ts';
import { enter, IDLE_LINE } from './line.ts';
import { combine, type LinkShape } from './shape.ts';

export class DirectedLink {
  readonly #clock: Clock;
  readonly #random: RandomInteger;
  readonly #faults = new Map<symbol, LinkShape>();
  readonly #listeners = new Set<() => void>();
  #shape = combine([]);
  #line = IDLE_LINE;

  constructor(clock: Clock, random: RandomInteger) {
    this.#clock = clock;
    this.#random = random;
  }

  get isBlocked(): boolean {
    return this.#shape.isBlocked;
  }

  /** When `sizeBytes` that enter now arrive, unless the link is blocked then. */
  arrivalMs(sizeBytes: number): number {
    this.#line = enter(this.#line, sizeBytes, this.#shape, this.#clock.monotonicMs(), this.#random);
    return this.#line.arrivesAtMs;
  }

  /** Adds a fault; the returned function lifts it. */
  impose(shape: LinkShape): () => void {
    const id = Symbol('fault');
    this.#faults.set(id, shape);
    this.#changed();
    return () => {
      if (this.#faults.delete(id)) this.#changed();
    };
  }

  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#shape = combine(this.#faults.values());
    for (const listener of this.#listeners) listener();
  }
}
