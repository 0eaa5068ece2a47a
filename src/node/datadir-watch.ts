/**
 * Watches `validate/` and `witness/` and passes on which block to look at; reads the archive once, at start.
 *
 * Invariants: when `start` resolves, every file that was there before it began has been looked at. By the time a witness is,
 * its block's record is known, which says that it was announced: a restart announces nothing anew.
 */

import { join } from 'node:path';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { watchDirectory, type DirectoryWatch } from '../datadir/directory-watch.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { Disk } from '../disk/disk.ts';
import { blockFileKind, parseBlockFileName, type BlockFileKind } from '../files/file-names.ts';
import type { NodeEvent } from './events.ts';

export interface DatadirWatchOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly layout: DatadirLayout;
  readonly scanIntervalMs: number;
  readonly takeInValidate: (key: BlockKey) => Promise<void>;
  readonly takeInWitness: (key: BlockKey) => Promise<void>;
  readonly onEvent: (event: NodeEvent) => void;
}

const ARCHIVE_FOLDER_NAME = /^(0|[1-9][0-9]*)$/;

export class DatadirWatch {
  readonly #options: DatadirWatchOptions;
  readonly #watches: DirectoryWatch[] = [];

  constructor(options: DatadirWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const kind of ['validate', 'witness'] as const) {
      await this.#readArchive(kind);
      const watch = this.#watch(this.#options.layout[kind], kind);
      this.#watches.push(watch);
      // Joins the first scan, which each watch begins with.
      await watch.scan();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  #watch(directory: string, kind: BlockFileKind): DirectoryWatch {
    const { disk, clock, scanIntervalMs, onEvent } = this.#options;
    return watchDirectory({
      disk,
      directory,
      clock,
      scanIntervalMs,
      accepts: (name) => parseBlockFileName(name)?.kind === kind,
      onName: (name) => this.#look(name),
      onFailure: (error) => onEvent({ type: 'scan-failed', directory, error }),
    });
  }

  async #look(name: string): Promise<void> {
    const file = parseBlockFileName(name);
    if (file === undefined) return;
    const { takeInValidate, takeInWitness } = this.#options;
    await (file.kind === 'validate' ? takeInValidate(file.key) : takeInWitness(file.key));
  }

  async #readArchive(kind: BlockFileKind): Promise<void> {
    const { disk, layout } = this.#options;
    for (const folder of await disk.listDirectories(layout.backup)) {
      if (!ARCHIVE_FOLDER_NAME.test(folder)) continue;
      for (const name of await disk.list(join(layout.backup, folder))) {
        if (blockFileKind(name) === kind) await this.#look(name);
      }
    }
  }
}
