/**
 * The machine's disk, on `node:fs`.
 *
 * Invariants: an identity belongs to the very bytes it comes with (both are taken from one open file); `replace` never
 * overwrites a name it expected to be free; every failure is a `DiskError` that names the path.
 */

import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  open as openWithCallback,
  openSync,
  read,
  readSync,
  statSync,
  watch,
  type Dirent,
} from 'node:fs';
import { mkdir, opendir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  DiskError,
  sameFile,
  type Disk,
  type FileContent,
  type FileIdentity,
  type Placement,
  type PlacementOutcome,
  type ScannedFile,
} from './disk.ts';
import { diskError, errnoOf, named, orAbsent } from './errno.ts';
import { checkBatch } from './place.ts';
import { identifySync, identityOf, replaceSync, syncDescriptor } from './place-sync.ts';
import { PlacementThread } from './placement-thread.ts';
import { RANGE_BYTES_MAX, RangeReads } from './range-reads.ts';
import { readRangeSync } from './read-range.ts';
import { checkRegular, READ_FLAGS } from './regular-file.ts';
import { WARM_READ_BYTES_MAX, type WarmReads } from './warm-reads.ts';
import { writeAll, writeParts } from './write-whole.ts';

/** How often a file is read again because it changed meanwhile; a writer of small files is done within one. */
const READ_ATTEMPTS_MAX = 4;

/** Files that a scan looks at without a pause. */
const SCAN_GROUP_FILES = 64;
/** Names that are asked for at once. */
const NAMES_GROUP_FILES = 4_096;

/**
 * Bare descriptors where every result passes: a durable write takes 4 to 15 % less user time than with `FileHandle`s.
 * What may wait for the disk's journal or its platter (open with create, write, sync) runs in libuv's pool, since on
 * this thread creating a file was a third of its time under load. Closing what is synced, and opening what exists, waits
 * for neither.
 */
const openDescriptor = promisify(openWithCallback);
const readDescriptor = promisify(read);
const syncDataDescriptor = promisify(fdatasync);

export class NodeDisk implements Disk {
  readonly #placements = new PlacementThread();
  readonly #ranges = new RangeReads();
  readonly #warmReads: WarmReads | undefined;

  /** Without `warmReads` no part of a file is read on this thread. */
  constructor(warmReads?: WarmReads) {
    this.#warmReads = warmReads;
  }

  read(path: string, maxBytes: number): Promise<FileContent | undefined> {
    return orAbsent('read', path, async () => {
      const descriptor = openSync(path, READ_FLAGS);
      try {
        for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
          const content = await readUnchanged(descriptor, path, maxBytes);
          if (content !== undefined) return content;
        }
      } finally {
        closeSync(descriptor);
      }
      throw new DiskError('ERR_CHANGING', {
        argument: path,
        expected: 'a file that stays the same while it is read',
        found: `another change in each of ${READ_ATTEMPTS_MAX} attempts`,
      });
    });
  }

  readRange(path: string, offset: number, lengthBytes: number, into?: Uint8Array): Promise<FileContent | undefined> {
    const range = { path, offset, lengthBytes };
    const warmReads = lengthBytes <= WARM_READ_BYTES_MAX && this.#warmReads?.next() === 'here' && this.#warmReads;
    if (warmReads) {
      return orAbsent('read', path, async () => {
        const bytes = into ?? bytesToFill(lengthBytes);
        const { identity, readBytes } = warmReads.timed(() => readRangeSync(range, bytes));
        return { bytes: bytes.subarray(0, readBytes), identity };
      });
    }
    if (into === undefined && lengthBytes <= RANGE_BYTES_MAX) return this.#ranges.read(range);
    return orAbsent('read', path, async () => {
      const descriptor = openSync(path, READ_FLAGS);
      try {
        const identity = identityOfRegular(descriptor, path);
        const presentBytes = Math.max(0, Math.min(lengthBytes, identity.sizeBytes - offset));
        const bytes = into?.subarray(0, presentBytes) ?? bytesToFill(presentBytes);
        const filledBytes = await fill(descriptor, bytes, offset);
        return { bytes: bytes.subarray(0, filledBytes), identity };
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** On this thread, as a scan does: every file that this node writes is looked at once its watcher has seen it. */
  identify(path: string): Promise<FileIdentity | undefined> {
    return orAbsent('stat', path, async () => identifySync(path));
  }

  list(directory: string): Promise<string[]> {
    return namesIn(directory, (entry) => entry.isFile());
  }

  /**
   * One `stat` after the other on this thread: 4 µs each, where a trip to libuv's pool takes 14 and more processor time.
   * A group holds the event loop up for a quarter of a millisecond.
   */
  async *scan(directory: string): AsyncGenerator<readonly ScannedFile[]> {
    const entries = await orAbsent('list', directory, () => opendir(directory, { bufferSize: SCAN_GROUP_FILES }));
    if (entries === undefined) return;
    let group: ScannedFile[] = [];
    for await (const entry of entries) {
      if (!entry.isFile()) continue;
      group.push({ name: entry.name, identity: identifyNow(join(directory, entry.name)) });
      if (group.length < SCAN_GROUP_FILES) continue;
      yield group;
      group = [];
    }
    yield group;
  }

  /** Libuv's pool fetches a group at its first name; a promise for each of the others would be two thirds of the time. */
  async *names(directory: string): AsyncGenerator<readonly string[]> {
    const entries = await orAbsent('list', directory, () => opendir(directory, { bufferSize: NAMES_GROUP_FILES }));
    if (entries === undefined) return;
    try {
      for (let entry = await entries.read(); entry !== null; entry = await entries.read()) {
        const group: string[] = [];
        for (let at = 0; entry !== null; entry = entries.readSync()) {
          if (entry.isFile()) group.push(entry.name);
          if (++at === NAMES_GROUP_FILES) break;
        }
        yield group;
        if (entry === null) return;
      }
    } catch (error) {
      throw diskError(error, 'list', directory);
    } finally {
      entries.closeSync();
    }
  }

  /** On this thread: 15 µs a file that the system has in memory, where `read` takes five trips to libuv's pool. */
  readBatch(paths: readonly string[], maxBytes: number): Promise<readonly (FileContent | undefined)[]> {
    return Promise.resolve(paths.map((path) => readNow(path, maxBytes)));
  }

  listDirectories(directory: string): Promise<string[]> {
    return namesIn(directory, (entry) => entry.isDirectory());
  }

  makeDirectory(directory: string): Promise<void> {
    return named('make directory', directory, () => makeWithParents(directory));
  }

  create(path: string, bytes: Uint8Array, options: { readonly sync: boolean }): Promise<FileIdentity> {
    return named('create', path, async () => {
      const descriptor = await openDescriptor(path, 'wx');
      try {
        await writeAll(descriptor, bytes);
        if (options.sync) await syncDescriptor(descriptor);
        return identityOf(fstatSync(descriptor, { bigint: true }));
      } catch (error) {
        // The first failure is the one to report; what cannot be removed now is a stale temporary file later.
        await unlink(path).catch(() => undefined);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    });
  }

  writeAt(path: string, offset: number, ...parts: readonly Uint8Array[]): Promise<void> {
    return named('write', path, async () => {
      const descriptor = await openToWriteAt(path);
      try {
        await writeParts(descriptor, parts, offset);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  syncFile(path: string): Promise<void> {
    return named('sync', path, () => sync(path));
  }

  syncDirectory(directory: string): Promise<void> {
    return named('sync', directory, () => sync(directory));
  }

  /**
   * All on this thread: these calls wait for no sync, a trip to libuv's pool would widen the window between the last look
   * and the rename, and with link and unlink in the pool a durable write takes a third more CPU (74 against 56 µs on tmpfs).
   */
  replace(from: string, to: string, expected: FileIdentity | undefined): Promise<boolean> {
    return named(`rename to ${to}`, from, async () => replaceSync(from, to, expected));
  }

  async place(batch: readonly Placement[], options: { readonly sync: boolean }): Promise<readonly PlacementOutcome[]> {
    checkBatch(batch);
    return this.#placements.place(batch, options);
  }

  /** Ends the threads that place and read files; the next batch would start another. */
  async close(): Promise<void> {
    await Promise.all([this.#placements.close(), this.#ranges.close()]);
  }

  move(from: string, to: string): Promise<void> {
    return named(`rename to ${to}`, from, () => rename(from, to));
  }

  append(path: string, bytes: Uint8Array): Promise<void> {
    return named('append', path, async () => {
      const isNew = statSync(path, { throwIfNoEntry: false }) === undefined;
      const descriptor = await openDescriptor(path, 'a');
      try {
        await writeAll(descriptor, bytes);
        await syncDataDescriptor(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (isNew) await sync(dirname(path));
    });
  }

  async remove(path: string): Promise<void> {
    await orAbsent('remove', path, () => unlink(path));
  }

  /** After `onChange(undefined)` the watcher may be dead: the kernel gave up on it. */
  watch(directory: string, onChange: (name: string | undefined) => void): () => void {
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => onChange(name ?? undefined));
      watcher.on('error', () => onChange(undefined));
      return () => watcher.close();
    } catch (error) {
      throw new DiskError(
        'ERR_NOT_WATCHABLE',
        { argument: directory, expected: 'a directory the system can watch', found: errnoOf(error) ?? 'a failure' },
        { cause: error },
      );
    }
  }
}

/** Undefined also for a file that cannot be looked at: whoever reads it learns why. */
function readNow(path: string, maxBytes: number): FileContent | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, READ_FLAGS);
    const before = fstatSync(descriptor, { bigint: true });
    if (!before.isFile() || before.size > BigInt(maxBytes)) return undefined;
    const bytes = new Uint8Array(Number(before.size));
    if (readSync(descriptor, bytes) !== bytes.length) return undefined;
    const identity = identityOf(fstatSync(descriptor, { bigint: true }));
    return sameFile(identity, identityOf(before)) ? { bytes, identity } : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function identifyNow(path: string): FileIdentity | undefined {
  try {
    return identifySync(path);
  } catch {
    return undefined;
  }
}

async function namesIn(directory: string, counts: (entry: Dirent) => boolean): Promise<string[]> {
  const entries = await orAbsent('list', directory, () => readdir(directory, { withFileTypes: true }));
  return (entries ?? []).filter(counts).map((entry) => entry.name);
}

/** The bytes and identity of `file`, or undefined when it changed between the first look and the last byte. */
async function readUnchanged(descriptor: number, path: string, maxBytes: number): Promise<FileContent | undefined> {
  const identity = identityOfRegular(descriptor, path);
  if (identity.sizeBytes > maxBytes) {
    throw new DiskError('ERR_OVER_LIMIT', {
      argument: path,
      expected: `at most ${maxBytes} bytes`,
      found: `${identity.sizeBytes}`,
    });
  }
  const bytes = bytesToFill(identity.sizeBytes);
  if ((await fill(descriptor, bytes, 0)) < bytes.length) return undefined;
  const after = identityOf(fstatSync(descriptor, { bigint: true }));
  return sameFile(identity, after) ? { bytes, identity } : undefined;
}

function identityOfRegular(descriptor: number, path: string): FileIdentity {
  const stats = fstatSync(descriptor, { bigint: true });
  checkRegular(stats, path);
  return identityOf(stats);
}

/** Memory of its own that is not zeroed: what was not filled is never handed out. */
function bytesToFill(lengthBytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);
}

/** Only what makes the file may wait for the disk. */
async function openToWriteAt(path: string): Promise<number> {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return openDescriptor(path, constants.O_WRONLY | constants.O_CREAT);
  }
}

/** Reads from `offset` on until `bytes` is full or the file ends; returns how many bytes it read. */
async function fill(descriptor: number, bytes: Uint8Array, offset: number): Promise<number> {
  let filledBytes = 0;
  while (filledBytes < bytes.length) {
    const leftBytes = bytes.length - filledBytes;
    const { bytesRead } = await readDescriptor(descriptor, bytes, filledBytes, leftBytes, offset + filledBytes);
    if (bytesRead === 0) break;
    filledBytes += bytesRead;
  }
  return filledBytes;
}

/** Not Node's own recursive `mkdir`: where the system says ENOENT whatever is made, as below /proc, that never ends. */
async function makeWithParents(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeWithParents(parent);
  try {
    await mkdir(directory);
  } catch (error) {
    // Another program may have made it meanwhile.
    if (errnoOf(error) === 'EEXIST' && (await isDirectory(directory))) return;
    throw error;
  }
  await sync(parent);
}

/** False when there is nothing. Throws `ERR_NOT_A_DIRECTORY` when there is something else. */
async function isDirectory(path: string): Promise<boolean> {
  const found = await orAbsent('make directory', path, () => stat(path));
  if (found === undefined || found.isDirectory()) return found !== undefined;
  throw new DiskError('ERR_NOT_A_DIRECTORY', {
    argument: path,
    expected: 'a directory or nothing',
    found: 'another kind of entry',
  });
}

async function sync(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
