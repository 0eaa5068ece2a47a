/**
 * One running node a data directory: a lock of the operating system, so a killed owner leaves nothing to clean up.
 *
 * Invariant: while a process holds the lock no other on the same kernel gets it, whatever containers they run in; the
 * kernel drops it with the process (exit, SIGKILL, power loss).
 *
 * Node has no flock(2), but it ships SQLite, whose exclusive transaction is a POSIX advisory lock (fcntl(2), F_SETLK) on
 * the database file (sqlite.org/lockingv3.html). The file stays empty. What was weighed against it: a file with a pid
 * needs a guess whether that pid is still the same program, and guesses wrong across pid namespaces, as do two
 * starters that both find it stale; an abstract socket ends at the network namespace, a socket file outlives its owner.
 *
 * Limits: POSIX locks belong to the process and fall when it closes *any* descriptor of the file, so nothing else may
 * open `layout.lock`. Removing the file under a running node lets a second one in. File systems without fcntl locks
 * (some network and FUSE mounts) protect nothing.
 */

import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { asDatadirError, DatadirError } from './datadir-error.ts';
import type { DatadirLayout } from './layout.ts';

/** Result codes of SQLite (sqlite.org/rescode.html), as `errcode` carries them. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

const OWNER_BYTES_MAX = 256;

export interface DatadirLock {
  /** Lets the next owner in. Later calls do nothing. */
  release(): void;
}

export interface LockDatadirOptions {
  readonly disk: Disk;
  readonly layout: DatadirLayout;
  /** This process, for the message that a second one will see. */
  readonly processId: number;
}

/**
 * Takes the lock at once or throws: `ERR_DATADIR_IN_USE` names the directory and the owner's pid, `ERR_NOT_WRITABLE` a
 * directory that cannot be written or is a file, `ERR_BAD_LOCK_FILE` a lock file that is something else.
 */
export async function lockDatadir({ disk, layout, processId }: LockDatadirOptions): Promise<DatadirLock> {
  let database: DatabaseSync | undefined;
  try {
    await disk.makeDirectory(layout.temporary);
    database = takeLock(layout);
    if (database === undefined) throw await inUse(disk, layout);
    await writeOwner(disk, layout, processId);
  } catch (error) {
    database?.close();
    throw asDatadirError(error, layout.root);
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/** The open database that holds the lock, or undefined when another one has it. */
function takeLock(layout: DatadirLayout): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(layout.lock, { timeout: 0 });
    // Without a journal the lock file is the only file.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    switch (sqliteCodeOf(error)) {
      case SQLITE_BUSY:
        return undefined;
      case SQLITE_NOTADB:
        throw new DatadirError(
          'ERR_BAD_LOCK_FILE',
          { argument: layout.lock, expected: 'the empty file that driftlock locks', found: 'other content' },
          { cause: error },
        );
      case undefined:
        throw error;
      default:
        throw new DatadirError(
          'ERR_NOT_WRITABLE',
          {
            argument: layout.root,
            expected: 'a file system that can lock a file',
            found: `a failure on ${layout.lock}`,
          },
          { cause: error },
        );
    }
  }
}

function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

async function writeOwner(disk: Disk, layout: DatadirLayout, processId: number): Promise<void> {
  const temporary = join(layout.temporary, `owner.${processId}.tmp`);
  await disk.remove(temporary);
  await disk.create(temporary, Buffer.from(JSON.stringify({ pid: processId })), { sync: false });
  await disk.move(temporary, layout.owner);
}

async function inUse(disk: Disk, layout: DatadirLayout): Promise<DatadirError> {
  const pid = await readOwner(disk, layout);
  return new DatadirError('ERR_DATADIR_IN_USE', {
    argument: layout.root,
    expected: 'a data directory that no other node runs on',
    found: pid === undefined ? 'one locked by another process' : `one locked by process ${pid}`,
  });
}

/** The pid the owner wrote, as its own pid namespace counts; undefined when it has not yet, or cannot be read. */
async function readOwner(disk: Disk, layout: DatadirLayout): Promise<number | undefined> {
  try {
    const content = await disk.read(layout.owner, OWNER_BYTES_MAX);
    const owner: unknown = JSON.parse(Buffer.from(content?.bytes ?? []).toString());
    if (typeof owner !== 'object' || owner === null || !('pid' in owner)) return undefined;
    return typeof owner.pid === 'number' ? owner.pid : undefined;
  } catch {
    return undefined;
  }
}
