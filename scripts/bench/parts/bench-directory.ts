/**
 * Directories for the files of a run: below `DRIFTLOCK_BENCH_DIR`, else in `node_modules/.cache`, on the disk that the
 * repository is on.
 *
 * Invariant: nothing is removed while rows are measured. ext4 does not give the inode of a deleted file to a new one for
 * the next 1 to 6 minutes, and looks at each of them before it takes another: after some thousands of deletions a file
 * takes up to 300 µs to create in place of 10. So neither row after row, nor where tests leave their litter; and where there is
 * `chattr`, each directory is told to lie in a block group of its own, away from what the last run has left.
 */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PLACE =
  process.env['DRIFTLOCK_BENCH_DIR'] ?? fileURLToPath(new URL('../../../node_modules/.cache', import.meta.url));

const made: string[] = [];

/** A new one. */
export async function benchDirectory(): Promise<string> {
  await mkdir(PLACE, { recursive: true });
  // T: what lies in it is not related. Other file systems have no such thing, and need none.
  await promisify(execFile)('chattr', ['+T', PLACE]).catch(() => undefined);
  const directory = await mkdtemp(join(PLACE, 'driftlock-bench-'));
  made.push(directory);
  return directory;
}

/** Removes all of them, once the last row is measured. */
export async function removeBenchDirectories(): Promise<void> {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true });
}
