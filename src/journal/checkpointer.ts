/**
 * Empties the journal: makes the files of a closed segment durable, then removes it.
 *
 * Invariant: a segment goes only after every file that its entries stand for was synced, content and name. What fails is
 * tried again; until it works the segment stays, and nothing is lost.
 *
 * It is in no hurry: some time after a file was written the kernel has written it back by itself, and a sync finds
 * little to do. Only a journal that fills up is emptied at once.
 */

import { dirname } from 'node:path';
import PQueue from 'p-queue';
import { isFailure } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { Disk } from '../disk/disk.ts';
import { JOURNAL_BYTES_MAX, type Journal, type Segment } from './journal.ts';

/** From the end of a segment to its checkpoint: Linux begins to write a page back when it is 30 s old, and looks every 5 s. */
export const CHECKPOINT_DELAY_MS = 40_000;
/** A journal of this size is emptied without delay, so that nobody comes to wait for room. */
export const EAGER_CHECKPOINT_BYTES = JOURNAL_BYTES_MAX / 2;
/** After a checkpoint that did not succeed. */
const RETRY_MS = 1_000;
/** Two of libuv's four threads, so that a checkpoint leaves room for the work at hand. */
const SYNCS_IN_FLIGHT = 2;
/** While the node stops there is nothing else to do. */
const SYNCS_IN_FLIGHT_AT_STOP = 16;

export interface CheckpointerOptions {
  readonly journal: Journal;
  readonly disk: Pick<Disk, 'syncDirectory'>;
  readonly clock: Clock;
  /** Syncs the file that holds the block's record; gives its path, or undefined when it does not hold all of it now. */
  readonly secure: (key: BlockKey) => Promise<string | undefined>;
  /** It will be tried again. */
  readonly onFailure: (file: string, error: unknown) => void;
}

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #running: Promise<void> | undefined;
  #cancelTimer: () => void = () => undefined;
  #isStopped = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** There may be something to do: a segment was closed, or time has passed. */
  consider(): void {
    if (this.#isStopped || this.#running !== undefined) return;
    this.#running = this.#checkpointDue().finally(() => (this.#running = undefined));
  }

  /** Empties the whole journal, as far as the disk lets it, and ends. */
  async stop(): Promise<void> {
    const { journal } = this.#options;
    this.#isStopped = true;
    this.#cancelTimer();
    await this.#running;
    journal.closeActive();
    for (const segment of journal.closed) await this.#checkpoint(segment, SYNCS_IN_FLIGHT_AT_STOP);
  }

  async #checkpointDue(): Promise<void> {
    const { journal, clock } = this.#options;
    this.#cancelTimer();
    for (let oldest = journal.closed[0]; oldest !== undefined && !this.#isStopped; oldest = journal.closed[0]) {
      const dueInMs = oldest.closedAtMs + CHECKPOINT_DELAY_MS - clock.monotonicMs();
      const isDue = dueInMs <= 0 || journal.sizeBytes >= EAGER_CHECKPOINT_BYTES;
      if (isDue && (await this.#checkpoint(oldest, SYNCS_IN_FLIGHT))) continue;
      this.#cancelTimer = clock.schedule(isDue ? RETRY_MS : dueInMs, () => this.consider());
      return;
    }
  }

  /** Whether the segment is gone. */
  async #checkpoint(segment: Segment, syncsInFlight: number): Promise<boolean> {
    const { journal, disk, secure, onFailure } = this.#options;
    const queue = new PQueue({ concurrency: syncsInFlight });
    try {
      const paths = await queue.addAll(journal.newestIn(segment).map((key) => () => secure(key)));
      if (paths.includes(undefined)) return false;
      const directories = new Set(paths.flatMap((path) => (path === undefined ? [] : [dirname(path)])));
      for (const directory of directories) await disk.syncDirectory(directory);
      await journal.remove(segment);
      return true;
    } catch (error) {
      if (!isFailure(error)) throw error;
      onFailure(segment.path, error);
      return false;
    } finally {
      queue.clear();
    }
  }
}
