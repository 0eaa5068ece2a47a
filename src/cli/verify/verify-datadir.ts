/**
 * Looks at every file of a data directory, one after the other, and says of each what it is. Reads only.
 *
 * Invariant: everything in `validate/`, `witness/`, `backup/` and beside them is named once; a file that driftlock does not
 * know is unknown, never bad. A file that goes away meanwhile (the node archives, a reader deletes) is passed over.
 */

import { basename, dirname, join, sep } from 'node:path';
import { DriftlockError } from '../../../crdt/errors.ts';
import type { DatadirLayout } from '../../datadir/layout.ts';
import { fileBytesMax } from '../file-limits.ts';
import { badBecause, checkFile, isKnownFile, type Place, type Verdict } from './check-file.ts';
import type { TreeDisk, TreeEntry } from './tree-disk.ts';

export interface Finding {
  /** Relative to the data directory. */
  readonly file: string;
  readonly verdict: Verdict | { readonly kind: 'unknown' };
}

/** Throws `ERR_NO_DATADIR` when there is no such directory, or a `DiskError` when a directory cannot be listed. */
export async function* verifyDatadir(disk: TreeDisk, layout: DatadirLayout): AsyncGenerator<Finding> {
  const entries = await disk.entries(layout.root);
  if (entries === undefined) {
    const found = `no such directory: ${layout.root}`;
    throw new DriftlockError('ERR_NO_DATADIR', { argument: '--datadir', expected: 'a data directory', found });
  }
  for (const entry of entries) {
    const path = join(layout.root, entry.name);
    if (entry.kind !== 'directory') yield* verifyEntry(disk, layout.root, { kind: 'root' }, '', entry);
    else if (path === layout.validate) yield* verifyFolder(disk, path, { kind: 'validate' }, entry.name);
    else if (path === layout.witness) yield* verifyFolder(disk, path, { kind: 'witness' }, entry.name);
    else if (path === layout.backup) yield* verifyBackup(disk, path, entry.name);
    // What driftlock keeps for itself can be rebuilt, and is no replica of anything.
    else if (path !== layout.state) yield { file: entry.name, verdict: { kind: 'unknown' } };
  }
}

/** The verdict on one file, by its path relative to the data directory; undefined when there is none. Precondition: it is known. */
export async function verifyFile(disk: TreeDisk, layout: DatadirLayout, file: string): Promise<Verdict | undefined> {
  const maxBytes = fileBytesMax(basename(file));
  if (maxBytes === undefined) return undefined;
  return readAndCheck(disk, join(layout.root, file), maxBytes, placeOf(file), basename(file));
}

function placeOf(file: string): Place {
  const [folder = '', inner = ''] = dirname(file).split(sep);
  if (folder === 'backup') return { kind: 'backup', folder: inner };
  return { kind: folder === 'validate' || folder === 'witness' ? folder : 'root' };
}

async function* verifyBackup(disk: TreeDisk, path: string, name: string): AsyncGenerator<Finding> {
  for (const entry of (await disk.entries(path)) ?? []) {
    const file = join(name, entry.name);
    if (entry.kind !== 'directory') yield { file, verdict: { kind: 'unknown' } };
    else yield* verifyFolder(disk, join(path, entry.name), { kind: 'backup', folder: entry.name }, file);
  }
}

async function* verifyFolder(disk: TreeDisk, path: string, place: Place, name: string): AsyncGenerator<Finding> {
  for (const entry of (await disk.entries(path)) ?? []) yield* verifyEntry(disk, path, place, name, entry);
}

async function* verifyEntry(
  disk: TreeDisk,
  directory: string,
  place: Place,
  directoryName: string,
  entry: TreeEntry,
): AsyncGenerator<Finding> {
  const file = join(directoryName, entry.name);
  const maxBytes = fileBytesMax(entry.name);
  if (entry.kind !== 'file' || maxBytes === undefined || !isKnownFile(place, entry.name)) {
    yield { file, verdict: { kind: 'unknown' } };
    return;
  }
  const verdict = await readAndCheck(disk, join(directory, entry.name), maxBytes, place, entry.name);
  if (verdict !== undefined) yield { file, verdict };
}

async function readAndCheck(
  disk: TreeDisk,
  path: string,
  maxBytes: number,
  place: Place,
  name: string,
): Promise<Verdict | undefined> {
  try {
    const content = await disk.read(path, maxBytes);
    return content === undefined ? undefined : checkFile(place, name, content.bytes);
  } catch (error) {
    return badBecause(error);
  }
}
