/**
 * Watches `validate/` and `witness/` and passes on which block to look at; reads the archive once, at start.
 *
 * Invariants: when `start` resolves, every file that was there before it began has been looked at. By the time a witness is,
 * its block's record is known, which says that it was announced: a restart announces nothing anew.
 */

import { join } from 'node:path';
import PQueue from 'p-queue';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import {
  LOOKS_IN_FLIGHT_MAX,
  watchDirectory,
  type DirectoryWatch,
  type KnownFiles,
} from '../datadir/directory-watch.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { Disk } from '../disk/disk.ts';
import { blockFileName, parseBlockFileName, type BlockFileKind } from '../files/file-names.ts';
import type { FileLedger } from '../store/file-ledger.ts';
import type { NodeEvent } from './events.ts';
import type { LoadMeter } from './load-meter.ts';

export interface DatadirWatchOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly layout: DatadirLayout;
  readonly files: FileLedger;
  readonly scanIntervalMs: number;
  /** Told of the first look at every file. */
  readonly meter: LoadMeter;
  readonly takeInValidate: (key: BlockKey) => Promise<void>;
  readonly takeInWitness: (key: BlockKey) => Promise<void>;
  readonly onEvent: (event: NodeEvent) => void;
}

const ARCHIVE_FOLDER_NAME = /^(0|[1-9][0-9]*)$/;

export class DatadirWatch {
  readonly #options: DatadirWatchOptions;
  readonly #watches: DirectoryWatch[] = [];
  #isLoading = true;

  constructor(options: DatadirWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { meter } = this.#options;
    meter.begin(await this.#countFiles());
    try {
      await this.#readAll();
    } finally {
      meter.end();
      this.#isLoading = false;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  async #readAll(): Promise<void> {
    for (const kind of ['validate', 'witness'] as const) {
      await this.#readArchive(kind);
      const watch = this.#watch(this.#options.layout[kind], kind);
      this.#watches.push(watch);
      // Joins the first scan, which each watch begins with.
      await watch.scan();
    }
  }

  /** Those in the archive are met once for each kind. */
  async #countFiles(): Promise<number> {
    const { disk, layout } = this.#options;
    let files = (await disk.count(layout.validate)) + (await disk.count(layout.witness));
    for (const directory of await this.#archiveDirectories()) files += 2 * (await disk.count(directory));
    return files;
  }

  async #archiveDirectories(): Promise<readonly string[]> {
    const { disk, layout } = this.#options;
    const folders = await disk.listDirectories(layout.backup);
    return folders.filter((folder) => ARCHIVE_FOLDER_NAME.test(folder)).map((folder) => join(layout.backup, folder));
  }

  /** A file is passed, read or not. */
  readonly #pass = (): void => {
    if (this.#isLoading) this.#options.meter.pass();
  };

  #watch(directory: string, kind: BlockFileKind): DirectoryWatch {
    const { disk, clock, files, scanIntervalMs, onEvent } = this.#options;
    return watchDirectory({
      disk,
      directory,
      clock,
      scanIntervalMs,
      known: knownFiles(files, kind, this.#pass),
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

  /** Looks at the archived files that are not known in the state in which they are. */
  async #readArchive(kind: BlockFileKind): Promise<void> {
    const { disk, files } = this.#options;
    const looks = new PQueue({ concurrency: LOOKS_IN_FLIGHT_MAX });
    files.beginScan(kind);
    for (const directory of await this.#archiveDirectories()) {
      for await (const group of disk.scan(directory)) {
        for (const { name, identity } of group) {
          this.#pass();
          const file = parseBlockFileName(name);
          if (file?.kind !== kind) continue;
          if (identity !== undefined && files.meet(kind, file.key, { identity, place: 'backup' })) continue;
          await looks.onSizeLessThan(LOOKS_IN_FLIGHT_MAX);
          void looks.add(() => this.#look(name)).catch(this.#reportFailure);
        }
      }
    }
    for (const key of files.unmet(kind, 'backup')) await this.#look(blockFileName(kind, key));
    await looks.onIdle();
  }

  readonly #reportFailure = (error: unknown): void => {
    this.#options.onEvent({ type: 'scan-failed', directory: this.#options.layout.backup, error });
  };
}

/** The ledger as a scan of the first place of `kind` sees it. */
function knownFiles(files: FileLedger, kind: BlockFileKind, onPassed: () => void): KnownFiles {
  return {
    beginScan: () => files.beginScan(kind),
    isKnown(name, identity) {
      onPassed();
      const key = parseBlockFileName(name)?.key;
      return key !== undefined && identity !== undefined && files.meet(kind, key, { identity, place: 'primary' });
    },
    *gone() {
      for (const key of files.unmet(kind, 'primary')) yield blockFileName(kind, key);
    },
  };
}
