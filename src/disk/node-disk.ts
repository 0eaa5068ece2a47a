/**
 * The machine's disk, on `node:fs`.
 *
 * Invariants: an identity belongs to the very bytes it comes with (both are taken from one open file); `replace` never
 * overwrites a name it expected to be free; every failure is a `DiskError` that names the path.
 *
 * The file system must have hard links: `link(2)` is the only call Node offers that gives a file a name if, and only if,
 * that name is free (`renameat2` with `RENAME_NOREPLACE` is not exposed).
 */

import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  linkSync,
  open as openWithCallback,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  watch,
  write,
  type BigIntStats,
  type Dirent,
} from 'node:fs';
import { mkdir, open, opendir, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DiskError, sameFile, type Disk, type FileContent, type FileIdentity, type ScannedFile } from './disk.ts';
import { diskError, errnoOf } from './errno.ts';

/** How often a file is read again because it changed meanwhile; a writer of small files is done within one. */
const READ_ATTEMPTS_MAX = 4;

/** Files that a scan looks at without a pause. */
const SCAN_GROUP_FILES = 128;
/** Of which a count asks the system at once: a million take a second. */
const COUNT_GROUP_FILES = 4_096;

/** `O_NONBLOCK`: a FIFO among the files must not hold one of libuv's few threads for ever. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Bare descriptors where every result passes: a durable write takes 4 to 15 % less user time than with `FileHandle`s.
 * What may wait for the disk's journal or its platter (open with create, write, sync) runs in libuv's pool, since on
 * this thread creating a file was a third of its time under load. Closing what is synced, and opening what exists, waits
 * for neither.
 */
const openDescriptor = promisify(openWithCallback);
const writeDescriptor = promisify(write);
const syncDescriptor = promisify(fsync);
const syncDataDescriptor = promisify(fdatasync);

export class NodeDisk implements Disk {
  read(path: string, maxBytes: number): Promise<FileContent | undefined> {
    return orAbsent('read', path, async () => {
      await using file = await open(path, READ_FLAGS);
      for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
        const content = await readUnchanged(file, path, maxBytes);
        if (content !== undefined) return content;
      }
      throw new DiskError('ERR_CHANGING', {
        argument: path,
        expected: 'a file that stays the same while it is read',
        found: `another change in each of ${READ_ATTEMPTS_MAX} attempts`,
      });
    });
  }

  readRange(path: string, offset: number, lengthBytes: number): Promise<FileContent | undefined> {
    return orAbsent('read', path, async () => {
      await using file = await open(path, READ_FLAGS);
      const identity = identityOfRegular(file, path);
      const bytes = new Uint8Array(Math.max(0, Math.min(lengthBytes, identity.sizeBytes - offset)));
      const filledBytes = await fill(file, bytes, offset);
      return { bytes: bytes.subarray(0, filledBytes), identity };
    });
  }

  identify(path: string): Promise<FileIdentity | undefined> {
    return orAbsent('stat', path, async () => identityOf(await stat(path, { bigint: true })));
  }

  list(directory: string): Promise<string[]> {
    return namesIn(directory, (entry) => entry.isFile());
  }

  /**
   * One `stat` after the other on this thread: 4 µs each, where a trip to libuv's pool takes 14 and more processor time.
   * A group holds the event loop up for half a millisecond.
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

  async count(directory: string): Promise<number> {
    const entries = await orAbsent('list', directory, () => opendir(directory, { bufferSize: COUNT_GROUP_FILES }));
    let files = 0;
    for await (const entry of entries ?? []) if (entry.isFile()) files++;
    return files;
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

  writeAt(path: string, offset: number, bytes: Uint8Array): Promise<void> {
    return named('write', path, async () => {
      const descriptor = await openDescriptor(path, constants.O_WRONLY | constants.O_CREAT);
      try {
        await writeAll(descriptor, bytes, offset);
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
   * A free name is taken by link and unlink: atomic, and a crash between the two leaves `from` as a second name.
   * Any other is taken by stat and rename, back to back: a program that renames or writes within those roughly 10 µs
   * is not seen, since no system call compares and renames at once.
   *
   * All on this thread: these calls wait for no sync, a trip to libuv's pool would widen that window, and with link and
   * unlink in the pool a durable write takes a third more CPU (74 against 56 µs on tmpfs).
   */
  replace(from: string, to: string, expected: FileIdentity | undefined): Promise<boolean> {
    return named(`rename to ${to}`, from, async () =>
      expected === undefined ? takeFree(from, to) : takeOver(from, to, expected),
    );
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
function identifyNow(path: string): FileIdentity | undefined {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? undefined : identityOf(found);
  } catch {
    return undefined;
  }
}

function takeFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  unlinkSync(from);
  return true;
}

function takeOver(from: string, to: string, expected: FileIdentity): boolean {
  const found = statSync(to, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || !sameFile(identityOf(found), expected)) return false;
  renameSync(from, to);
  return true;
}

async function namesIn(directory: string, counts: (entry: Dirent) => boolean): Promise<string[]> {
  const entries = await orAbsent('list', directory, () => readdir(directory, { withFileTypes: true }));
  return (entries ?? []).filter(counts).map((entry) => entry.name);
}

/** The bytes and identity of `file`, or undefined when it changed between the first look and the last byte. */
async function readUnchanged(file: FileHandle, path: string, maxBytes: number): Promise<FileContent | undefined> {
  const identity = identityOfRegular(file, path);
  if (identity.sizeBytes > maxBytes) {
    throw new DiskError('ERR_OVER_LIMIT', {
      argument: path,
      expected: `at most ${maxBytes} bytes`,
      found: `${identity.sizeBytes}`,
    });
  }
  const bytes = new Uint8Array(identity.sizeBytes);
  if ((await fill(file, bytes, 0)) < bytes.length) return undefined;
  const after = identityOf(fstatSync(file.fd, { bigint: true }));
  return sameFile(identity, after) ? { bytes, identity } : undefined;
}

function identityOfRegular(file: FileHandle, path: string): FileIdentity {
  const stats = fstatSync(file.fd, { bigint: true });
  if (stats.isFile()) return identityOf(stats);
  throw new DiskError('ERR_DISK', { argument: path, expected: 'a regular file', found: 'another kind of entry' });
}

/** Reads from `offset` on until `bytes` is full or the file ends; returns how many bytes it read. */
async function fill(file: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  let filledBytes = 0;
  while (filledBytes < bytes.length) {
    const { bytesRead } = await file.read(bytes, filledBytes, bytes.length - filledBytes, offset + filledBytes);
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

function identityOf(stats: BigIntStats): FileIdentity {
  return { inode: stats.ino, sizeBytes: Number(stats.size), modifiedNs: stats.mtimeNs };
}

async function sync(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** From `offset` on; where the file's own position is when it is undefined. */
async function writeAll(descriptor: number, bytes: Uint8Array, offset?: number): Promise<void> {
  let writtenBytes = 0;
  while (writtenBytes < bytes.length) {
    // On a disk that fills up the write that does not fit is a short one, and the next one fails.
    const position = offset === undefined ? null : offset + writtenBytes;
    const leftBytes = bytes.length - writtenBytes;
    writtenBytes += (await writeDescriptor(descriptor, bytes, writtenBytes, leftBytes, position)).bytesWritten;
  }
}

async function named<T>(action: string, path: string, effect: () => Promise<T>): Promise<T> {
  try {
    return await effect();
  } catch (error) {
    throw diskError(error, action, path);
  }
}

/** As `named`, but an absent entry is an answer, not a failure. */
async function orAbsent<T>(action: string, path: string, effect: () => Promise<T>): Promise<T | undefined> {
  try {
    return await effect();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError(error, action, path);
  }
}
