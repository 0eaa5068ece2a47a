/**
 * Directories for the files of a run: below `DRIFTLOCK_BENCH_DIR`, else in `node_modules/.cache`, on the disk that the
 * repository is on.
 *
 * Invariant: nothing is removed while rows are measured. ext4 does not give the inode of a deleted file to a new one for
 * the next 1 to 6 minutes, and looks at each of them before it takes another: after some thousands of deletions a file
 * takes up to 300 µs to create in place of 10. So neither row after row, nor where tests leave their litter.
 */

import { mkdir, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PLACE =
  process.env['DRIFTLOCK_BENCH_DIR'] ?? fileURLToPath(new URL('../../../node_modules/.cache', import.meta.url));

const made: string[] = [];

/** A new one. */
export async function benchDirectory(): Promise<string> {
  await mkdir(PLACE, { recursive: true });
  const directory = await mkdtemp(join(PLACE, 'driftlock-bench-'));
  made.push(directory);
  return directory;
}

/** Gives back the room of all files below `directory`, and keeps their inodes. */
export async function emptyFiles(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) await truncate(join(entry.parentPath, entry.name));
  }
}

/** Removes all of them, once the last row is measured. */
export async function removeBenchDirectories(): Promise<void> {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true });
}
