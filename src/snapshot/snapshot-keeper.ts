/**
 * When snapshots are read and written: read once, before anything else; written when the directory was read, every ten
 * minutes in which records changed, and at the end of an orderly stop.
 *
 * Invariant: a snapshot that cannot be written or read costs the next start time and nothing else.
 */

import { isFailure } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { Disk } from '../disk/disk.ts';
import { adoptInto, snapshotOf, type SnapshotParts } from './node-snapshot.ts';
import { SnapshotStore } from './snapshot-store.ts';

export interface SnapshotKeeperOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly directory: string;
  readonly owner: NodeId;
  readonly parts: SnapshotParts;
  readonly onFailure: (error: unknown) => void;
}

const WRITE_INTERVAL_MS = 600_000;

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  readonly #store: SnapshotStore;
  /** The digest of the records when the last snapshot was taken. */
  #written: bigint | undefined;
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => undefined;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
    this.#store = new SnapshotStore(options);
  }

  /** Takes over the snapshot, if there is one, and gives the number of its blocks. */
  async read(): Promise<number> {
    const { parts } = this.#options;
    await this.#orReport(() => this.#store.read(adoptInto(parts)));
    if (parts.replica.size > 0) this.#written = parts.replica.digest;
    return parts.replica.size;
  }

  /** Writes one now, and again whenever it is time. */
  start(): void {
    void this.write();
    this.#cancelTimer = this.#options.clock.schedule(WRITE_INTERVAL_MS, () => this.start());
  }

  /** Resolves when a snapshot of the records as they are now is written, or could not be. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#orReport(() => this.#writeIfChanged()));
    return this.#writing;
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
    await this.write();
  }

  async #writeIfChanged(): Promise<void> {
    const { parts } = this.#options;
    const { digest } = parts.replica;
    if (digest === this.#written) return;
    await this.#store.write(snapshotOf(parts));
    this.#written = digest;
  }

  async #orReport(task: () => Promise<unknown>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#options.onFailure(error);
    }
  }
}
