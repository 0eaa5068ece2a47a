/**
 * Looks once, after a start, at every block that may still need work: its witness may be missing here, or have gone away while
 * nobody was looking.
 *
 * Invariant: a block's record is decoded once for all of it (16,384 of them take half a second), and others get a turn after
 * `BLOCKS_PER_TURN`, so that a node that has just started answers meanwhile.
 */

import { isFailure } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { pause, type Clock } from '../../net/clock.ts';

/** About 5 ms. */
export const BLOCKS_PER_TURN = 256;

export interface FirstLookOptions {
  readonly clock: Clock;
  /** Read on while the blocks change. */
  readonly keys: () => Iterable<BlockKey>;
  /** The file of a witness that the record says is here. Throws as the disk does. */
  readonly recheck: (key: BlockKey) => Promise<void>;
  readonly consider: (key: BlockKey) => void;
  readonly fileOf: (key: BlockKey) => string;
  readonly onEvent: (event: FirstLookEvent) => void;
}

export type FirstLookEvent = { readonly type: 'file-unreadable'; readonly file: string; readonly error: unknown };

export class FirstLook {
  readonly #options: FirstLookOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: FirstLookOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, keys, consider } = this.#options;
    let count = 0;
    for (const key of keys()) {
      if (this.#stopping.signal.aborted) return;
      consider(key);
      await this.#recheck(key);
      count++;
      if (count % BLOCKS_PER_TURN === 0) await pause(clock, 0, this.#stopping.signal).catch(() => {});
    }
  }

  async #recheck(key: BlockKey): Promise<void> {
    try {
      await this.#options.recheck(key);
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#options.onEvent({ type: 'file-unreadable', file: this.#options.fileOf(key), error });
    }
  }
}
