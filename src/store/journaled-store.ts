/**
 * The store with what makes it durable: the writer of its files, the journal in front of them, and the checkpoints that
 * empty it.
 *
 * Invariant: after `recover` the store has all that was durable in the journal; after `stop` the files have it, and the
 * journal is empty, unless the disk did not take them: then the next `recover` goes on where this one ended.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { DurableWriter } from '../datadir/durable-writer.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { Disk } from '../disk/disk.ts';
import { Checkpointer } from '../journal/checkpointer.ts';
import { Journal, type JournalEvent } from '../journal/journal.ts';
import { filePaths } from '../node/file-paths.ts';
import { BlockStore, type BlockStoreOptions } from './block-store.ts';

/** What the store needs of the machine. */
export interface StoreWorld {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly layout: DatadirLayout;
}

export interface JournaledStoreOptions extends Omit<
  BlockStoreOptions,
  'writer' | 'journal' | 'disk' | 'clock' | 'pathOf'
> {
  readonly world: StoreWorld;
  /** Checks the signatures in a record that are not known yet. */
  readonly isAuthentic: (keyed: KeyedRecord) => boolean;
}

export type RecoveryEvent =
  | JournalEvent
  /** A signature in a record of the journal is not its author's. */
  | { readonly type: 'journal-entry-refused'; readonly key: BlockKey };

export class JournaledStore {
  readonly store: BlockStore;
  readonly writer: DurableWriter;
  readonly journal: Journal;
  readonly checkpointer: Checkpointer;
  readonly #isAuthentic: JournaledStoreOptions['isAuthentic'];

  constructor(options: JournaledStoreOptions) {
    const { world, onWriteError } = options;
    const { disk, clock, layout, random } = world;
    const paths = filePaths(layout);
    this.#isAuthentic = options.isAuthentic;
    this.writer = new DurableWriter({ disk, temporaryDirectory: layout.temporary, random });
    this.journal = new Journal({
      disk,
      clock,
      directory: layout.journal,
      onClosed: () => this.checkpointer.consider(),
    });
    this.store = new BlockStore({
      ...options,
      disk,
      clock,
      writer: this.writer,
      journal: this.journal,
      pathOf: paths.validate,
    });
    this.checkpointer = new Checkpointer({
      journal: this.journal,
      disk,
      clock,
      secure: (key) => this.store.secure(key),
      onFailure: onWriteError,
    });
  }

  /** Merges what a crash left in the journal, before anything else is; nothing after a clean stop. */
  async recover(): Promise<readonly RecoveryEvent[]> {
    const refused: RecoveryEvent[] = [];
    const events = await this.journal.recover(async (keyed) => {
      if (this.#isAuthentic(keyed)) await this.store.replay(keyed);
      else refused.push({ type: 'journal-entry-refused', key: keyed.key });
    });
    return [...events, ...refused];
  }

  /** Gives up on files that cannot be written, and makes the others durable. */
  async stop(): Promise<void> {
    await this.store.stop();
    await this.checkpointer.stop();
  }
}
