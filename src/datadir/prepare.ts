/**
 * Makes a data directory ready for a node: its directories exist, files can be renamed into them, and nothing is left of
 * writes that a crash cut short.
 *
 * Precondition: the caller holds the lock (`lock.ts`), so every temporary file is stale.
 */

import { join } from 'node:path';
import type { Disk } from '../disk/disk.ts';
import { asDatadirError } from './datadir-error.ts';
import type { DatadirLayout } from './layout.ts';

/** The name of the empty file that is renamed into each directory to try it. */
const PROBE_NAME = 'probe.tmp';

export interface PrepareReport {
  /** How many stale temporary files were removed. */
  readonly staleFilesRemoved: number;
}

/** Throws `ERR_NOT_WRITABLE` or `ERR_CROSS_DEVICE`, both naming the data directory. */
export async function prepareDatadir(disk: Disk, layout: DatadirLayout): Promise<PrepareReport> {
  const targets = [layout.validate, layout.witness, layout.backup, layout.quarantine];
  try {
    const own = [
      layout.temporary,
      layout.index,
      layout.journal,
      layout.partial,
      layout.chunks,
      layout.evidence,
      layout.document,
    ];
    for (const directory of [...targets, ...own]) await disk.makeDirectory(directory);
    const stale = await disk.list(layout.temporary);
    for (const name of stale) await disk.remove(join(layout.temporary, name));
    for (const directory of targets) await probe(disk, layout.temporary, directory);
    return { staleFilesRemoved: stale.length };
  } catch (error) {
    throw asDatadirError(error, layout.root);
  }
}

/** Renames an empty file into `directory`: mounts and links below a data directory show here, not at the first result. */
async function probe(disk: Disk, temporary: string, directory: string): Promise<void> {
  const from = join(temporary, PROBE_NAME);
  const to = join(directory, PROBE_NAME);
  await disk.create(from, new Uint8Array(), { sync: false });
  try {
    await disk.move(from, to);
  } finally {
    await disk.remove(from);
  }
  await disk.remove(to);
}
