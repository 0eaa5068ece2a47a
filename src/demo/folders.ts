/** The folders of a demo: those it makes, and those it is given. Each failure is one that names the flag or the path. */

import { stat } from 'node:fs/promises';
import { DriftlockError } from '../../crdt/errors.ts';
import { asDatadirError } from '../datadir/datadir-error.ts';
import { errnoOf } from '../disk/errno.ts';
import { NodeDisk } from '../disk/node-disk.ts';

/** Makes `path` and what is above it, where they are not there yet. Throws `ERR_NOT_WRITABLE`. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await new NodeDisk().makeDirectory(path);
  } catch (error) {
    throw asDatadirError(error, path);
  }
}

/** Throws `ERR_NO_FOLDER` that names `flag` unless `path` is a folder. */
export async function requireFolder(path: string, flag: string): Promise<void> {
  const detail = { argument: flag, expected: 'a folder' };
  let found = `another kind of entry: ${path}`;
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    found = `${errnoOf(error) ?? 'no answer'} on ${path}`;
  }
  throw new DriftlockError('ERR_NO_FOLDER', { ...detail, found });
}
