/**
 * Reads the directory at start, then watches `validate/` and `witness/` and passes on which block to look at.
 *
 * Invariants: when `start` resolves, every file that was there before it began is known, from a look at it or from the
 * snapshot. Whether a file still is what the snapshot says, the first scan tells, like any change that nobody was told of; it
 * begins then. By the time a witness is looked at, its block's record is known, which says that it was announced.
 */

import { join } from 'node:path';
import PQueue from 'p-queue';
import type { VerifyLater } from '../../crdt/block/signing.ts';
import { isFailure } from '../../crdt/errors.ts';
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
import { loadDirectory } from '../load/directory-load.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { FileLedger } from '../store/file-ledger.ts';
import type { WitnessIntake } from '../witness/intake.ts';
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
  readonly store: Pick<BlockStore, 'load'>;
  readonly witnesses: Pick<WitnessIntake, 'adopt'>;
  readonly verifyLater: VerifyLater;
  readonly takeInValidate: (key: BlockKey) => Promise<void>;
  readonly takeInWitness: (key: BlockKey) => Promise<void>;
  readonly onEvent: (event: NodeEvent) => void;
}

const KINDS: readonly BlockFileKind[] = ['validate', 'witness'];
const ARCHIVE_FOLDER_NAME = /^(0|[1-9][0-9]*)$/;

export class DatadirWatch {
  readonly #options: DatadirWatchOptions;
  readonly #watches: DirectoryWatch[] = [];
  readonly #stopping = new AbortController();
  #checking: Promise<void> = Promise.resolve();

  constructor(options: DatadirWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { meter, files } = this.#options;
    meter.begin(files.count() || (await this.#countFiles()));
    try {
      // By the time a witness is looked at, its block's record is known: a restart announces nothing anew.
      for (const kind of KINDS) await this.#load(kind);
    } finally {
      meter.end();
    }
    for (const kind of KINDS) this.#watches.push(this.#watch(this.#options.layout[kind], kind));
    this.#checking = this.#checkArchive();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#watches.map((watch) => watch.stop()));
    await this.#checking;
  }

  async #countFiles(): Promise<number> {
    const { disk, layout } = this.#options;
    let count = 0;
    for (const directory of [layout.validate, layout.witness, ...(await this.#archiveDirectories())]) {
      for await (const names of disk.names(directory)) count += names.length;
    }
    return count;
  }

  async #archiveDirectories(): Promise<readonly string[]> {
    const { disk, layout } = this.#options;
    const folders = await disk.listDirectories(layout.backup);
    return folders.filter((folder) => ARCHIVE_FOLDER_NAME.test(folder)).map((folder) => join(layout.backup, folder));
  }

  /** Takes in the files that the snapshot did not know. */
  async #load(kind: BlockFileKind): Promise<void> {
    const { layout, meter } = this.#options;
    const options = { ...this.#options, onPassed: () => meter.pass() };
    const left = [await loadDirectory(options, kind, 'primary', layout[kind])];
    for (const directory of await this.#archiveDirectories()) {
      left.push(await loadDirectory(options, kind, 'backup', directory));
    }
    await this.#lookAt(left.flat());
  }

  async #lookAt(names: Iterable<string>): Promise<void> {
    const looks = new PQueue({ concurrency: LOOKS_IN_FLIGHT_MAX });
    for (const name of names) {
      await looks.onSizeLessThan(LOOKS_IN_FLIGHT_MAX);
      if (this.#stopping.signal.aborted) break;
      void looks.add(() => this.#look(name)).catch(this.#reportFailure);
    }
    await looks.onIdle();
  }

  #watch(directory: string, kind: BlockFileKind): DirectoryWatch {
    const { disk, clock, files, scanIntervalMs, onEvent } = this.#options;
    return watchDirectory({
      disk,
      directory,
      clock,
      scanIntervalMs,
      known: knownFiles(files, kind),
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

  /** Looks at the archived files that are not as the snapshot says, and at those that are gone. */
  async #checkArchive(): Promise<void> {
    try {
      for (const kind of KINDS) await this.#checkArchived(kind);
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#reportFailure(error);
    }
  }

  async #checkArchived(kind: BlockFileKind): Promise<void> {
    const { disk, files } = this.#options;
    files.beginScan(kind);
    for (const directory of await this.#archiveDirectories()) {
      for await (const group of disk.scan(directory)) {
        if (this.#stopping.signal.aborted) return;
        const changed = group.filter(({ name, identity }) => {
          const file = parseBlockFileName(name);
          if (file?.kind !== kind) return false;
          return identity === undefined || !files.meet(kind, file.key, { identity, place: 'backup' });
        });
        await this.#lookAt(changed.map(({ name }) => name));
      }
    }
    const gone = [...files.unmet(kind, 'backup')];
    await this.#lookAt(gone.map((key) => blockFileName(kind, key)));
  }

  readonly #reportFailure = (error: unknown): void => {
    this.#options.onEvent({ type: 'scan-failed', directory: this.#options.layout.backup, error });
  };
}

/** The ledger as a scan of the first place of `kind` sees it. */
function knownFiles(files: FileLedger, kind: BlockFileKind): KnownFiles {
  return {
    beginScan: () => files.beginScan(kind),
    isKnown(name, identity) {
      const key = parseBlockFileName(name)?.key;
      return key !== undefined && identity !== undefined && files.meet(kind, key, { identity, place: 'primary' });
    },
    *gone() {
      for (const key of files.unmet(kind, 'primary')) yield blockFileName(kind, key);
    },
  };
}
