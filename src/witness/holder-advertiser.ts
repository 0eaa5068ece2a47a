/**
 * Keeps the directory of holders told of what is on this node's shelf.
 *
 * Invariants: one digest is told at a time, and no more than one each `PROVIDE_INTERVAL_MS`, so that a node that joins with ten
 * thousand witnesses does not flood the members that keep the records; at most `DIGESTS_PER_PROVIDER_MAX` are told or wait to be
 * told, the newest, since those are asked for. What left the shelf is withdrawn. What nobody heard is told again.
 */

import { blockId, type BlockId, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { DIGESTS_PER_PROVIDER_MAX, type HolderDirectory } from '../../net/holder-directory.ts';
import type { WitnessShelf } from './shelf.ts';

/** Eight a second: a record goes to up to twenty members, each of which takes some thirty a second from one. */
export const PROVIDE_INTERVAL_MS = 125;
/** After nobody could be told. */
export const PROVIDE_RETRY_MS = 5_000;

export interface HolderAdvertiserOptions {
  readonly directory: HolderDirectory;
  readonly clock: Clock;
  readonly shelf: WitnessShelf;
}

export class HolderAdvertiser {
  readonly #options: HolderAdvertiserOptions;
  /** Of the blocks noted last: of those that matter, told or to be told. */
  readonly #digests = new Map<BlockId, Hash32>();
  /** To be told or withdrawn, by what the shelf says then; the oldest first. */
  readonly #due = new Set<Hash32>();
  readonly #provided = new Set<Hash32>();
  readonly #stopping = new AbortController();
  #cancelTimer: (() => void) | undefined;
  #telling: Promise<void> = Promise.resolve();
  #isStarted = false;

  constructor(options: HolderAdvertiserOptions) {
    this.#options = options;
  }

  get providedCount(): number {
    return this.#provided.size;
  }

  get waitingCount(): number {
    return this.#due.size;
  }

  /** The block's place on the shelf changed. */
  note(key: BlockKey): void {
    const id = blockId(key);
    const before = this.#digests.get(id);
    const now = this.#options.shelf.get(key)?.payloadDigest;
    if (before === now) return;
    this.#digests.delete(id);
    if (now !== undefined) this.#digests.set(id, now);
    const [oldest] = this.#digests.keys();
    if (this.#digests.size > 2 * DIGESTS_PER_PROVIDER_MAX && oldest !== undefined) this.#digests.delete(oldest);
    for (const digest of [before, now]) if (digest !== undefined) this.#queue(digest);
    this.#schedule(PROVIDE_INTERVAL_MS);
  }

  /** The network runs. */
  start(): void {
    this.#isStarted = true;
    this.#schedule(PROVIDE_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    this.#cancelTimer?.();
    await this.#telling;
  }

  #queue(digest: Hash32): void {
    this.#due.delete(digest);
    this.#due.add(digest);
    const [oldest] = this.#due;
    if (this.#due.size > DIGESTS_PER_PROVIDER_MAX && oldest !== undefined) this.#due.delete(oldest);
  }

  #schedule(delayMs: number): void {
    const { signal } = this.#stopping;
    if (!this.#isStarted || signal.aborted || this.#cancelTimer !== undefined || this.#due.size === 0) return;
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => {
      this.#telling = this.#tellNext().then((nextMs) => {
        this.#cancelTimer = undefined;
        this.#schedule(nextMs);
      });
    });
  }

  /** Returns after how long the next one may be told. */
  async #tellNext(): Promise<number> {
    const [digest] = this.#due;
    if (digest === undefined) return PROVIDE_INTERVAL_MS;
    this.#due.delete(digest);
    const isTold = await this.#tell(digest).catch(() => false);
    if (isTold) return PROVIDE_INTERVAL_MS;
    this.#queue(digest);
    return PROVIDE_RETRY_MS;
  }

  async #tell(digest: Hash32): Promise<boolean> {
    const { directory, shelf } = this.#options;
    const { signal } = this.#stopping;
    if (shelf.withDigest(digest) === undefined) {
      if (this.#provided.delete(digest)) await directory.withdraw(digest, signal);
      return true;
    }
    if (!(await directory.provide(digest, signal))) return false;
    this.#provided.add(digest);
    const [oldest] = this.#provided;
    if (this.#provided.size > DIGESTS_PER_PROVIDER_MAX && oldest !== undefined) {
      this.#provided.delete(oldest);
      await directory.withdraw(oldest, signal);
    }
    return true;
  }
}
