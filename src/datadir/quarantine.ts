/**
 * Where files go that are not what their name says: kept for people to look at, out of the way of every reader.
 *
 * Invariants: only the file that was found bad is moved, never one that took its name meanwhile; what is in quarantine
 * always has its reason beside it; at most `QUARANTINED_FILES_MAX` are kept, the oldest go first.
 */

import { basename, join } from 'node:path';
import type { DriftlockError } from '../../crdt/errors.ts';
import { compareText } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { sameFile, type Disk, type FileIdentity } from '../disk/disk.ts';

/** 64 bad witnesses are 1 GB at the 14 MB of a large one; more would tell people no more. */
export const QUARANTINED_FILES_MAX = 64;

const REASON_SUFFIX = '.reason.json';
/** Digits of a time in milliseconds, so that names sort by age until the year 2286. */
const WALL_MS_DIGITS = 13;
/** Names of one file, put here twice in one millisecond, differ by chance. */
const NAME_TAGS = 2 ** 32;

export interface QuarantineOptions {
  readonly disk: Disk;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly random: RandomInteger;
  /** Exists, on the file system of the files that may come. */
  readonly directory: string;
}

/** What `{name}.reason.json` holds. */
export interface QuarantineReason {
  /** Where the file was found. */
  readonly file: string;
  readonly code: string;
  readonly message: string;
  readonly wallMs: number;
}

export class Quarantine {
  readonly #options: QuarantineOptions;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /**
   * Moves the file at `path` here if it still is the one that was `read`, and tells whether it did: on false it is gone,
   * or another file that nobody has looked at yet. Throws `DiskError`.
   */
  async put(path: string, error: DriftlockError, read: FileIdentity): Promise<boolean> {
    const { disk } = this.#options;
    if (!sameFile(await disk.identify(path), read)) return false;
    const kept = await this.#writeReason(path, error);
    const isMoved = await this.#moveIfStill(path, kept, read);
    if (isMoved) await this.#dropOldest();
    else await disk.remove(kept + REASON_SUFFIX);
    return isMoved;
  }

  /** Keeps `bytes`, a part of the file at `path` that is to be taken out of it, durably but for its name. Throws `DiskError`. */
  async keep(path: string, error: Pick<DriftlockError, 'code' | 'message'>, bytes: Uint8Array): Promise<void> {
    const kept = await this.#writeReason(path, error);
    await this.#options.disk.create(kept, bytes, { sync: true });
    await this.#dropOldest();
  }

  /** The quarantined files, oldest first, without their reasons. */
  async list(): Promise<string[]> {
    const names = await this.#options.disk.list(this.#options.directory);
    return names.filter((name) => !name.endsWith(REASON_SUFFIX)).sort(compareText);
  }

  /** Where the file is that was put here last of those that had the same name, by that name. */
  async latest(): Promise<ReadonlyMap<string, string>> {
    const { directory } = this.#options;
    return new Map((await this.list()).map((name) => [name.split('.').slice(2).join('.'), join(directory, name)]));
  }

  /**
   * Returns where what was found at `path` is to be put. The reason comes first: a crash between the two leaves the file where
   * it is found again, and a reason to be dropped.
   */
  async #writeReason(path: string, { code, message }: Pick<DriftlockError, 'code' | 'message'>): Promise<string> {
    const { disk, clock, random, directory } = this.#options;
    const wallMs = clock.wallMs();
    const stamp = String(Math.max(0, Math.trunc(wallMs))).padStart(WALL_MS_DIGITS, '0');
    const kept = join(directory, `${stamp}.${random(NAME_TAGS).toString(16).padStart(8, '0')}.${basename(path)}`);
    const reason: QuarantineReason = { file: path, code, message, wallMs };
    await disk.create(kept + REASON_SUFFIX, Buffer.from(`${JSON.stringify(reason, null, 2)}\n`), { sync: false });
    return kept;
  }

  /**
   * The name is free when another file is found at the end of the move, unless a third one took it: then the second
   * stays here, complete.
   */
  async #moveIfStill(from: string, to: string, read: FileIdentity): Promise<boolean> {
    const { disk } = this.#options;
    try {
      await disk.move(from, to);
    } catch (error) {
      if ((await disk.identify(from)) === undefined) return false;
      throw error;
    }
    if (sameFile(await disk.identify(to), read)) return true;
    return !(await disk.replace(to, from, undefined));
  }

  async #dropOldest(): Promise<void> {
    const { disk, directory } = this.#options;
    const reasons = (await disk.list(directory)).filter((name) => name.endsWith(REASON_SUFFIX)).sort(compareText);
    for (const reason of reasons.slice(0, Math.max(0, reasons.length - QUARANTINED_FILES_MAX))) {
      await disk.remove(join(directory, reason.slice(0, -REASON_SUFFIX.length)));
      await disk.remove(join(directory, reason));
    }
  }
}
