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
  readonly keys: () => Iterable<{ readonly key: BlockKey }>;
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
    this.#sweep([...this.#options.keys()].map(({ key }) => key));
  }

  #sweep(left: readonly BlockKey[]): void {
    for (const key of left.slice(0, BLOCKS_PER_STEP)) this.#options.consider(key);
    const rest = left.slice(BLOCKS_PER_STEP);
    if (rest.length === 0) this.start();
    else this.#after(0, () => this.#sweep(rest));
  }

  #after(delayMs: number, act: () => void): void {
    this.#cancelTimer = this.#options.clock.schedule(delayMs, act);
  }
}
