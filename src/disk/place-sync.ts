/**
 * The calls that give a file its place, on `node:fs`, each waiting for the kernel: for a thread that does nothing else, and
 * for the two steps of a replacement that must not be torn apart.
 *
 * Invariants: a name that was expected to be free is never overwritten; an identity is taken from the open file that was
 * written; a file that is to be synced gets its name after that; every failure of a file is a `DiskError`, and no other's.
 *
 * The file system must have hard links: `link(2)` is the only call Node offers that gives a file a name if, and only if,
 * that name is free (`renameat2` with `RENAME_NOREPLACE` is not exposed).
 */

import {
  closeSync,
  fstatSync,
  fsync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { promisify } from 'node:util';
import { invariant } from '../../crdt/invariant.ts';
import { DiskError, sameFile, type FileIdentity, type Placed, type Placement, type PlacementOutcome } from './disk.ts';
import { diskError, errnoOf } from './errno.ts';

/** In libuv's pool. */
export const syncDescriptor = promisify(fsync);

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

/** The batch of `Disk.place`, without sync. */
export function placeUnsynced(batch: readonly Placement[]): readonly PlacementOutcome[] {
  return batch.map((placement) =>
    outcomeOf(() => {
      const { descriptor, identity } = createSync(placement);
      closeSync(descriptor);
      return takePlace(placement, identity);
    }),
  );
}

/** The same with sync: of all files at once, which the file system's journal then commits together, a few at a time. */
export async function placeSynced(batch: readonly Placement[]): Promise<readonly PlacementOutcome[]> {
  const contents = await Promise.all(batch.map(createSynced));
  return batch.map((placement, at) => {
    const content = contents[at];
    invariant(content !== undefined, 'each file of a batch was written, or failed');
    return 'failure' in content ? content : outcomeOf(() => takePlace(placement, content.identity));
  });
}

async function createSynced(
  placement: Placement,
): Promise<Pick<Created, 'identity'> | { readonly failure: DiskError }> {
  const created = outcomeOf(() => createSync(placement));
  if ('failure' in created) return created;
  try {
    await syncDescriptor(created.descriptor);
    return created;
  } catch (error) {
    removeQuietly(placement.temporary);
    return { failure: diskError(error, 'sync', placement.temporary) };
  } finally {
    closeSync(created.descriptor);
  }
}

function outcomeOf<T>(effect: () => T): T | { readonly failure: DiskError } {
  try {
    return effect();
  } catch (error) {
    if (error instanceof DiskError) return { failure: error };
    throw error;
  }
}

function takePlace({ temporary, target, expected }: Placement, identity: FileIdentity): Placed {
  let replaced = false;
  try {
    replaced = named(`rename to ${target}`, temporary, () => replaceSync(temporary, target, expected));
  } finally {
    if (!replaced) removeQuietly(temporary);
  }
  return replaced ? { replaced, identity } : { replaced, found: named('stat', target, () => identifySync(target)) };
}

/** A temporary file with its content, still open. */
interface Created {
  readonly descriptor: number;
  readonly identity: FileIdentity;
}

function createSync({ temporary, bytes }: Placement): Created {
  return named('create', temporary, () => {
    const descriptor = openSync(temporary, 'wx');
    try {
      // On a disk that fills up the write that does not fit is a short one, and the next one fails.
      for (let writtenBytes = 0; writtenBytes < bytes.length;) {
        writtenBytes += writeSync(descriptor, bytes, writtenBytes);
      }
      return { descriptor, identity: identityOf(fstatSync(descriptor, { bigint: true })) };
    } catch (error) {
      removeQuietly(temporary);
      closeSync(descriptor);
      throw error;
    }
  });
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
