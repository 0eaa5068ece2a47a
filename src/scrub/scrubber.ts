/**
 * Reads every file again, slowly and for ever, whether its identity changed or not: a disk that rots tells nobody.
 *
 * Invariant: a round passes every block once, at no more than `filesPerSecond`, after `contracts.txt`; what is found bad is dealt with as
 * `reread.ts` says, and the round goes on.
 */

import type { BlockKey } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import { pause, type Clock } from '../../net/clock.ts';
import type { BlockFileKind } from '../files/file-names.ts';
import type { BlockTable } from '../replica/block-table.ts';
import { rereadFile, type RereadParts } from './reread.ts';

export interface ScrubberOptions extends RereadParts {
  readonly clock: Clock;
  readonly blocks: BlockTable;
  /** 0: off. */
  readonly filesPerSecond: number;
  /** Reads `contracts.txt` again; what is rotten in it is dealt with. */
  readonly lookAtContracts: () => Promise<unknown>;
  readonly onEvent: (event: ScrubEvent) => void;
}

export type ScrubEvent =
  | { readonly type: 'scrubbed'; readonly files: number }
  | { readonly type: 'scrub-failed'; readonly key: BlockKey | undefined; readonly error: unknown };

export interface ScrubProgress {
  /** Rounds that this run of the node has ended. */
  readonly rounds: number;
  /** Blocks passed in the round that is under way; undefined between two rounds. */
  readonly passed: number | undefined;
}

const SECOND_MS = 1_000;
/** Between two rounds: one of an almost empty directory must not become a loop. */
const ROUND_PAUSE_MS = 600_000;

const KINDS: readonly BlockFileKind[] = ['validate', 'witness'];

export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #rounds = 0;
  #passed: number | undefined;

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  get progress(): ScrubProgress {
    return { rounds: this.#rounds, passed: this.#passed };
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
    await this.#orReport(undefined, this.#options.lookAtContracts);
    let count = 0;
    for (let slot = 0; slot < blocks.slotsEnd; slot++) {
      this.#passed = slot;
      for (const kind of KINDS) {
        if (files.knownAt(kind, slot) === undefined) continue;
        const key = blocks.keyOf(slot);
        await this.#orReport(key, () => rereadFile(this.#options, kind, key));
        count++;
        if (!(await this.#wait(SECOND_MS / filesPerSecond))) return;
      }
    }
    this.#passed = undefined;
    this.#rounds++;
    onEvent({ type: 'scrubbed', files: count });
  }

  async #orReport(key: BlockKey | undefined, look: () => Promise<unknown>): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#options.onEvent({ type: 'scrub-failed', key, error });
    }
  }

  /** False when the node stops. */
  async #wait(ms: number): Promise<boolean> {
    await pause(this.#options.clock, ms, this.#stopping.signal).catch(() => {});
    return !this.#stopping.signal.aborted;
  }
}
