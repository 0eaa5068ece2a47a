/**
 * One task at a time for each block, any number of blocks at once.
 *
 * Invariant: tasks of one block run in the order they were asked for, and a task that fails does not stop the next.
 * Its failure is its caller's: one that nobody handles ends the process.
 */

import type { BlockId } from '../../crdt/ids.ts';

export class KeyedMutex {
  readonly #tails = new Map<BlockId, Promise<void>>();

  /** Runs `task` once every earlier task of `id` has ended, and settles as it does. */
  run<T>(id: BlockId, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(id);
    const result = before === undefined ? task() : before.then(task);
    const tail = result.then(ignore, ignore).then(() => {
      if (this.#tails.get(id) === tail) this.#tails.delete(id);
    });
    this.#tails.set(id, tail);
    // A promise of its own: `tail` counts as having handled the failure of `result`, which must not pass unheard.
    return result.then((value) => value);
  }

  /** Resolves once no task is running or waiting. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}

function ignore(): void {}
