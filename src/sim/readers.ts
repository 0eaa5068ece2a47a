/**
 * Programs that read blocks on the machines, with bounds on how old the answer may be and without: any block at any time, and
 * a block just before its result is there, when the questions about it and the result pass each other on the way.
 *
 * Invariant: an answer is looked at in the very moment in which it is given; a reader lives and dies with its machine's node.
 */

import type { RandomInteger } from '../../net/clock.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { ON_STALE, StaleReadError, type ReadOptions } from '../freshness/block-reads.ts';
import type { Machine } from './machine.ts';
import { REGION_DELAY_MS } from './options.ts';
import type { World } from './world.ts';

/** Between two reads, over all machines. */
const READ_MS = 1_500;
/** Bounds that readers ask for: within a round trip between regions, well beyond one, and none. */
const BOUNDS_MS = [50, 500, 5_000, undefined];
/** More than these, so that a read which waits is answered, and less than what was asked about another result. */
const BOUND_AT_RESULT_MS = 5 * REGION_DELAY_MS;
/** Of so many results one is awaited by readers: all of them would add a third to what a run costs. */
const RESULTS_TO_ONE_READ = 2;
/** How long before a result questions about the block are asked, at most: four trips between regions open a stream and bring an answer. */
const BEFORE_RESULT_MS_MAX = 5 * REGION_DELAY_MS;

export class Readers {
  readonly #world: World;
  readonly #random: RandomInteger;

  constructor(world: World, random: RandomInteger) {
    this.#world = world;
    this.#random = random;
  }

  start(untilMs: number): void {
    for (let atMs = READ_MS; atMs < untilMs; atMs += READ_MS) {
      this.#world.time.schedule(atMs, () => this.#readSomewhere());
    }
    this.#world.observers.push({
      onEvent: (machine, event) => {
        if (event.type === 'claimed' && this.#world.time.monotonicMs() < untilMs)
          this.#readAtResult(machine, event.key);
      },
    });
  }

  /** `machine` begins to validate the block: all others read it shortly before the end. */
  #readAtResult(machine: Machine, key: BlockKey): void {
    if (this.#random(RESULTS_TO_ONE_READ) > 0) return;
    const delayMs = this.#world.findings.validationMs(key) - this.#random(BEFORE_RESULT_MS_MAX);
    const options = { maxStalenessMs: BOUND_AT_RESULT_MS, onStale: 'wait' } as const;
    for (const reader of this.#world.machines) {
      if (reader !== machine) this.#world.time.schedule(delayMs, () => void this.#read(reader, key, options));
    }
  }

  #readSomewhere(): void {
    const running = this.#world.running();
    const machine = running[this.#random(Math.max(1, running.length))];
    const { blocks } = this.#world;
    const block = machine === undefined ? undefined : blocks[this.#random(blocks.length)];
    if (machine === undefined || block === undefined) return;
    const maxStalenessMs = BOUNDS_MS[this.#random(BOUNDS_MS.length)];
    const onStale = ON_STALE[this.#random(ON_STALE.length)] ?? 'serve';
    void this.#read(machine, block.key, { maxStalenessMs, onStale });
  }

  async #read(machine: Machine, key: BlockKey, options: ReadOptions): Promise<void> {
    const { node, life, state, clock } = machine;
    if (node === undefined || state !== 'running' || clock.isPaused) return;
    try {
      const read = await node.reads.read(key, options);
      if (life === machine.life) this.#world.wasRead(machine, key, read);
    } catch (error) {
      if (!(error instanceof StaleReadError)) throw error;
    }
  }
}
