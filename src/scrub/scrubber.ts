/**
 * Reads every file again, slowly and for ever, whether its identity changed or not: a disk that rots tells nobody.
 *
 * Invariant: a file is taken in as if it had never been read, so whatever intake does about a bad one happens: it goes to
 * quarantine, a `.v` is written again from its record, a `.w` is fetched from a peer that holds it.
 */

import type { BlockKey } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import { pause, type Clock } from '../../net/clock.ts';
import type { BlockFileKind } from '../files/file-names.ts';
import type { BlockTable } from '../replica/block-table.ts';
import type { FileLedger } from '../store/file-ledger.ts';

export interface ScrubberOptions {
  readonly clock: Clock;
  readonly files: FileLedger;
  readonly blocks: BlockTable;
  /** 0: off. */
  readonly filesPerSecond: number;
  readonly takeIn: Readonly<Record<BlockFileKind, (key: BlockKey) => Promise<void>>>;
  readonly onEvent: (event: ScrubEvent) => void;
}

export type ScrubEvent =
  | { readonly type: 'scrubbed'; readonly files: number }
  | { readonly type: 'scrub-failed'; readonly key: BlockKey; readonly error: unknown };

const SECOND_MS = 1_000;
/** Between two rounds: one of an almost empty directory must not become a loop. */
const ROUND_PAUSE_MS = 600_000;

const KINDS: readonly BlockFileKind[] = ['validate', 'witness'];

export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  /** `isOverdue`: this run of the node has not read the files itself, so the first round begins at once. */
  start(isOverdue: boolean): void {
    if (this.#options.filesPerSecond > 0) this.#running = this.#run(isOverdue);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await this.#running;
  }

  async #run(isOverdue: boolean): Promise<void> {
    if (isOverdue) await this.#round();
    while (await this.#wait(ROUND_PAUSE_MS)) await this.#round();
  }

  async #round(): Promise<void> {
    const { blocks, files, filesPerSecond, onEvent } = this.#options;
    let count = 0;
    for (let slot = 0; slot < blocks.slotsEnd; slot++) {
      for (const kind of KINDS) {
        if (files.knownAt(kind, slot) === undefined) continue;
        await this.#check(kind, blocks.keyOf(slot));
        count++;
        if (!(await this.#wait(SECOND_MS / filesPerSecond))) return;
      }
    }
    onEvent({ type: 'scrubbed', files: count });
  }

  async #check(kind: BlockFileKind, key: BlockKey): Promise<void> {
    const { files, takeIn, onEvent } = this.#options;
    try {
      files.distrust(kind, key);
      await takeIn[kind](key);
    } catch (error) {
      if (!isFailure(error)) throw error;
      onEvent({ type: 'scrub-failed', key, error });
    }
  }

  /** False when the node stops. */
  async #wait(ms: number): Promise<boolean> {
    await pause(this.#options.clock, ms, this.#stopping.signal).catch(() => {});
    return !this.#stopping.signal.aborted;
  }
}
