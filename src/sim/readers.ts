/**
 * Programs that read blocks on the machines, with bounds on how old the answer may be and without.
 *
 * Invariant: an answer is looked at in the very moment in which it is given; a reader lives and dies with its machine's node.
 */

import type { RandomInteger } from '../../net/clock.ts';
import { ON_STALE, StaleReadError } from '../freshness/block-reads.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** Between two reads, over all machines. */
const READ_MS = 1_500;
/** Bounds that readers ask for: within a round trip between regions, well beyond one, and none. */
const BOUNDS_MS = [50, 500, 5_000, undefined];

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
  }

  #readSomewhere(): void {
    const running = this.#world.running();
    const machine = running[this.#random(Math.max(1, running.length))];
    if (machine !== undefined) void this.#read(machine);
  }

  async #read(machine: Machine): Promise<void> {
    const { blocks } = this.#world;
    const { node, life } = machine;
    const block = blocks[this.#random(blocks.length)];
    const maxStalenessMs = BOUNDS_MS[this.#random(BOUNDS_MS.length)];
    const onStale = ON_STALE[this.#random(ON_STALE.length)] ?? 'serve';
    if (node === undefined || block === undefined) return;
    try {
      const read = await node.reads.read(block.key, { maxStalenessMs, onStale });
      if (life === machine.life) this.#world.wasRead(machine, block.key, read);
    } catch (error) {
      if (!(error instanceof StaleReadError)) throw error;
    }
  }
}
