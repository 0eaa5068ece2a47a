/**
 * The calls that give a file its place, on `node:fs`, each waiting for the kernel: for a thread that does nothing else, and
 * for the two steps of a replacement that must not be torn apart.
 *
 * Invariants: a name that was expected to be free is never overwritten; an identity is taken from the open file that was
 * written; every failure of `placeSync` is a `DiskError`.
 *
 * The file system must have hard links: `link(2)` is the only call Node offers that gives a file a name if, and only if,
 * that name is free (`renameat2` with `RENAME_NOREPLACE` is not exposed).
 */

import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { sameFile, type FileIdentity, type Placed, type Placement } from './disk.ts';
import { diskError, errnoOf } from './errno.ts';

export function identityOf(stats: BigIntStats): FileIdentity {
  return { inode: stats.ino, sizeBytes: Number(stats.size), modifiedNs: stats.mtimeNs };
}

/** Undefined when there is no such entry. Throws what the system call throws. */
export function identifySync(path: string): FileIdentity | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : identityOf(found);
}

/**
 * Renames `from` to `to` if `to` is `expected`, and tells whether it did. Throws what the system calls throw.
 *
 * A free name is taken by link and unlink: atomic, and a crash between the two leaves `from` as a second name. Any other
 * is taken by stat and rename, back to back: a program that renames or writes within those roughly 10 µs is not seen,
 * since no system call compares and renames at once.
 */
export function replaceSync(from: string, to: string, expected: FileIdentity | undefined): boolean {
  return expected === undefined ? takeFree(from, to) : takeOver(from, to, expected);
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
  if (!sameFile(identifySync(to), expected)) return false;
  renameSync(from, to);
  return true;
}

/** One file of `Disk.place`. Throws a `DiskError`, after which the target is unchanged. */
export function placeSync({ temporary, target, bytes, expected }: Placement): Placed {
  const identity = named('create', temporary, () => createSync(temporary, bytes));
  let replaced = false;
  try {
    replaced = named(`rename to ${target}`, temporary, () => replaceSync(temporary, target, expected));
  } finally {
    if (!replaced) removeQuietly(temporary);
  }
  return replaced ? { replaced, identity } : { replaced, found: named('stat', target, () => identifySync(target)) };
}

function createSync(path: string, bytes: Uint8Array): FileIdentity {
  const descriptor = openSync(path, 'wx');
  try {
    // On a disk that fills up the write that does not fit is a short one, and the next one fails.
    for (let writtenBytes = 0; writtenBytes < bytes.length;) {
      writtenBytes += writeSync(descriptor, bytes, writtenBytes);
    }
    return identityOf(fstatSync(descriptor, { bigint: true }));
  } catch (error) {
    removeQuietly(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** What cannot be removed now is a stale temporary file later, and why the write failed must not be lost over it. */
function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

function named<T>(action: string, path: string, effect: () => T): T {
  try {
    return effect();
  } catch (error) {
    throw diskError(error, action, path);
  }
}
