/**
 * One stream of hints "look at this name" for a directory: the watcher's events for speed, a periodic scan for
 * certainty. A hint says nothing about what happened; whoever gets it looks.
 *
 * Invariants:
 * - Every file that appears, changes or goes is hinted at by the end of the first scan that begins after it, even if
 *   the watcher reports nothing at all.
 * - A scan reports no file that its owner already knows in this very state, however many there are: it costs their number
 *   of `stat`s and no memory. What an event reported and a look took in, no scan reports again.
 * - Scanning takes a twentieth of the time at most: it pauses between the groups of a large directory, and after a scan that took
 *   long the next one begins later.
 * - Hints for one name never overlap; a burst of events during a look becomes one more look.
 */

import { pause, type Clock } from '../../net/clock.ts';
import type { Disk, FileIdentity } from '../disk/disk.ts';

/** Looks under way: enough to keep the disk busy, few enough that a scan of 20,000 files leaves room for writes. */
export const LOOKS_IN_FLIGHT_MAX = 16;
/** Names with events that wait for a look. Beyond it they are dropped and the next scan, which begins at once, finds them. */
export const PENDING_NAMES_MAX = 4096;
/** Beyond so many files a scan leaves the event loop to others after each group: a claim takes some twenty turns of it. */
export const SCAN_FILES_AT_ONCE = 1_024;
/** Sixteen times as long as a group takes: a million files are scanned in 80 s. */
const SCAN_BREATH_MS = 4;
/**
 * How many times as long as the last scan took the pause after it lasts at least. Its pauses do not count, nor what it waited for
 * looks: one at a file that a full disk lets nobody put aside took 6 s, and made the next scan come 108 s later.
 */
const SCAN_PAUSE_FACTOR = 19;

/** What its owner knows of the files of the directory. */
export interface KnownFiles {
  /** From here on {@link isKnown} is asked by the scan that begins. */
  beginScan(): void;
  /** Whether the file is known in this state. Notes that the scan met it. */
  isKnown(name: string, identity: FileIdentity | undefined): boolean;
  /** The names of known files that the scan did not meet. */
  gone(): Iterable<string>;
}

export interface DirectoryWatchOptions {
  readonly disk: Disk;
  /** Exists. */
  readonly directory: string;
  readonly clock: Clock;
  /** From the end of one scan to the beginning of the next. */
  readonly scanIntervalMs: number;
  readonly known: KnownFiles;
  /** Which names count; the rest are ignored. */
  readonly accepts: (name: string) => boolean;
  /** Looks at the file: it may be new, changed, unchanged or gone. The next hint for this name waits for it. */
  readonly onName: (name: string) => void | Promise<void>;
  /** Watching, scanning or a look failed (then `name` is given, and the next scan reports it again). It all goes on. */
  readonly onFailure: (error: unknown, name?: string) => void;
}

export interface DirectoryWatch {
  /** Scans now, or after the scan under way; resolves when all it found has been looked at. Calls before it begins share it. */
  scan(): Promise<void>;
  /** Ends events and scans; resolves when no look is under way any more. */
  stop(): Promise<void>;
}

/** Begins with a scan that reports every accepted file. */
export function watchDirectory(options: DirectoryWatchOptions): DirectoryWatch {
  return new Watch(options);
}

class Watch implements DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  /** Names with an event and no look yet, oldest first. */
  readonly #pending = new Set<string>();
  readonly #looks = new Map<string, Promise<void>>();
  readonly #unwatch: () => void;
  #eventLooks = 0;
  #cancelTimer: () => void = () => undefined;
  #scanning: Promise<void> | undefined;
  #nextScan: Promise<void> | undefined;
  /** Of the scan under way. */
  #idleMs = 0;
  #isStopped = false;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
    this.#unwatch = this.#watch();
    void this.scan();
  }

  scan(): Promise<void> {
    // Never the scan under way: it may have passed the name already that the caller cares for.
    this.#nextScan ??= (this.#scanning ?? Promise.resolve()).then(() => this.#beginScan());
    return this.#nextScan;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unwatch();
    this.#cancelTimer();
    this.#pending.clear();
    await this.#scanning;
    await Promise.all(this.#looks.values());
  }

  #watch(): () => void {
    const { disk, directory, onFailure } = this.#options;
    try {
      return disk.watch(directory, (name) => this.#onEvent(name));
    } catch (error) {
      onFailure(error);
      return () => undefined;
    }
  }

  #onEvent(name: string | undefined): void {
    if (this.#isStopped || (name !== undefined && !this.#options.accepts(name))) return;
    if (name === undefined || (this.#pending.size >= PENDING_NAMES_MAX && !this.#pending.has(name))) {
      this.#pending.clear();
      void this.scan();
      return;
    }
    this.#pending.add(name);
    this.#takePending();
  }

  #takePending(): void {
    for (const name of this.#pending) {
      if (this.#eventLooks >= LOOKS_IN_FLIGHT_MAX) return;
      if (this.#looks.has(name)) continue;
      this.#pending.delete(name);
      this.#eventLooks++;
      void this.#look(name).finally(() => {
        this.#eventLooks--;
        this.#takePending();
      });
    }
  }

  /** One look, after the one under way for this name. */
  async #look(name: string): Promise<void> {
    for (let before = this.#looks.get(name); before !== undefined; before = this.#looks.get(name)) await before;
    if (this.#isStopped) return;
    const look = this.#report(name).finally(() => this.#looks.delete(name));
    this.#looks.set(name, look);
    await look;
    if (this.#pending.has(name)) this.#takePending();
  }

  async #report(name: string): Promise<void> {
    try {
      await this.#options.onName(name);
    } catch (error) {
      this.#options.onFailure(error, name);
    }
  }

  #beginScan(): Promise<void> {
    this.#nextScan = undefined;
    if (this.#isStopped) return Promise.resolve();
    this.#cancelTimer();
    const { clock, onFailure } = this.#options;
    const beganMs = clock.monotonicMs();
    this.#idleMs = 0;
    this.#scanning = this.#scan()
      .catch((error: unknown) => onFailure(error))
      .finally(() => this.#endScan(clock.monotonicMs() - beganMs - this.#idleMs));
    return this.#scanning;
  }

  #endScan(tookMs: number): void {
    this.#scanning = undefined;
    if (this.#isStopped || this.#nextScan !== undefined) return;
    const pauseMs = Math.max(this.#options.scanIntervalMs, tookMs * SCAN_PAUSE_FACTOR);
    this.#cancelTimer = this.#options.clock.schedule(pauseMs, () => void this.scan());
  }

  /** Waits for what is no work of the scan. */
  async #idleUntil(end: Promise<unknown>): Promise<void> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    await end;
    this.#idleMs += clock.monotonicMs() - beganMs;
  }

  async #scan(): Promise<void> {
    const { disk, directory, clock, accepts, known } = this.#options;
    const looks = new Set<Promise<void>>();
    const look = async (name: string): Promise<void> => {
      if (looks.size >= LOOKS_IN_FLIGHT_MAX) await this.#idleUntil(Promise.race(looks));
      const done = this.#look(name).finally(() => looks.delete(done));
      looks.add(done);
    };
    known.beginScan();
    let met = 0;
    for await (const files of disk.scan(directory)) {
      met += files.length;
      if (met > SCAN_FILES_AT_ONCE) await this.#idleUntil(pause(clock, SCAN_BREATH_MS));
      for (const { name, identity } of files) {
        if (this.#isStopped) break;
        if (accepts(name) && !known.isKnown(name, identity)) await look(name);
      }
      if (this.#isStopped) break;
    }
    for (const name of known.gone()) {
      if (this.#isStopped) break;
      await look(name);
    }
    await this.#idleUntil(Promise.all(looks));
  }
}
