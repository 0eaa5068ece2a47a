/**
 * With `factor:N`, who keeps a witness depends on who lives: when a member comes or goes every block is considered anew.
 *
 * Invariant: a sweep takes `BLOCKS_PER_STEP` blocks at a time and lets others work between them; a change of members during
 * a sweep begins another after it.
 */

import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';

/** How often the live members are compared with those of the last sweep. */
export const REPAIR_CHECK_MS = 2_000;
export const BLOCKS_PER_STEP = 1_000;

export interface RepairSweepOptions {
  readonly clock: Clock;
  readonly liveMembers: () => readonly NodeId[];
  /** Blocks whose record speaks of a witness; read on while their records change. */
  readonly keys: () => Iterable<BlockKey>;
  readonly consider: (key: BlockKey) => void;
}

export class RepairSweep {
  readonly #options: RepairSweepOptions;
  #sweptFor = '';
  #cancelTimer: (() => void) | undefined;

  constructor(options: RepairSweepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#after(REPAIR_CHECK_MS, () => this.#check());
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  #check(): void {
    const live = this.#options.liveMembers().join(' ');
    if (live === this.#sweptFor) {
      this.start();
      return;
    }
    this.#sweptFor = live;
    this.#sweep(this.#options.keys()[Symbol.iterator]());
  }

  #sweep(left: Iterator<BlockKey>): void {
    for (let count = 0; count < BLOCKS_PER_STEP; count++) {
      const next = left.next();
      if (next.done === true) {
        this.start();
        return;
      }
      this.#options.consider(next.value);
    }
    this.#after(0, () => this.#sweep(left));
  }

  #after(delayMs: number, act: () => void): void {
    this.#cancelTimer = this.#options.clock.schedule(delayMs, act);
  }
}
