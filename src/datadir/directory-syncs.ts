/**
 * Group commit for directories: writers that finish at the same moment share a sync, and those that finish while it runs
 * the next one.
 *
 * Invariant: the sync that answers a call began after the call, so it covers every rename made before it. The one that is
 * already running never answers: whether it saw the caller's rename is unknown.
 */

import type { Disk } from '../disk/disk.ts';

interface Group {
  readonly running: Promise<void>;
  hasBegun: boolean;
  /** The sync after `running`, once somebody waits for it. */
  next: Promise<void> | undefined;
}

export class DirectorySyncs {
  readonly #disk: Pick<Disk, 'syncDirectory'>;
  readonly #groups = new Map<string, Group>();

  constructor(disk: Pick<Disk, 'syncDirectory'>) {
    this.#disk = disk;
  }

  /** Resolves when all that was done to the names in `directory` before this call is durable. */
  sync(directory: string): Promise<void> {
    const group = this.#groups.get(directory);
    if (group === undefined) return this.#start(directory);
    if (!group.hasBegun) return group.running;
    const begin = (): Promise<void> => this.#start(directory);
    // Its failure is the failure of those who waited for it; the next sync is tried all the same.
    group.next ??= group.running.then(begin, begin);
    return group.next;
  }

  #start(directory: string): Promise<void> {
    const forget = (): void => {
      if (group.next === undefined) this.#groups.delete(directory);
    };
    // After the current task: a batch of files has many writers.
    const running = Promise.resolve().then(() => {
      group.hasBegun = true;
      return this.#disk.syncDirectory(directory);
    });
    const group: Group = { running, hasBegun: false, next: undefined };
    this.#groups.set(directory, group);
    group.running.then(forget, forget);
    return group.running;
  }
}
