/**
 * The witness generators: they drop each block's witness when its time has come, and try again until it is there.
 *
 * Invariant: a generator writes as the reference does, whole beside its place, synced, then renamed; it lives and dies
 * with its machine.
 */

import { dirname, join } from 'node:path';
import type { Machine } from './machine.ts';
import { isFailure } from '../../crdt/errors.ts';
import { filePaths } from '../node/file-paths.ts';
import { shortBlock } from './event-line.ts';
import { witnessFileOf, type SimBlock } from './sim-block.ts';
import type { World } from './world.ts';

const RETRY_MS = 1_000;

export class Workload {
  readonly #world: World;
  #left = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Witnesses that are still to be written. */
  get left(): number {
    return this.#left;
  }

  start(): void {
    for (const block of this.#world.blocks) {
      for (const index of block.droppedOn) {
        const machine = this.#world.machines[index];
        if (machine === undefined) continue;
        this.#left++;
        this.#world.time.schedule(block.droppedAtMs, () => void this.#drop(machine, block));
      }
    }
  }

  async #drop(machine: Machine, block: SimBlock): Promise<void> {
    const retry = (): void => void this.#world.time.schedule(RETRY_MS, () => void this.#drop(machine, block));
    if (machine.state !== 'running' || machine.clock.isPaused) {
      retry();
      return;
    }
    const path = filePaths(machine.layout).witness(block.key);
    try {
      await machine.runProgram(() => writeAsReference(machine, path, witnessFileOf(block.key)));
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#world.trace.note(machine.name, `the generator fails: ${error.message}`);
      retry();
      return;
    }
    this.#left--;
    this.#world.trace.note(machine.name, `a generator wrote the witness of ${shortBlock(block.key)}`);
  }
}

/** Writes a file as other programs do: whole, in the root of the data directory, and renamed to its place, durably. */
export async function writeAsReference(machine: Machine, path: string, bytes: Uint8Array): Promise<void> {
  const { disk, layout } = machine;
  const temporary = join(layout.root, `${machine.life}.${path.slice(dirname(path).length + 1)}.tmp`);
  await disk.remove(temporary);
  await disk.create(temporary, bytes, { sync: true });
  await disk.move(temporary, path);
  await disk.syncDirectory(dirname(path));
}
