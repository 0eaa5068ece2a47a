/**
 * The identity of a data directory: the key in `.driftlock/key`, made on first use.
 *
 * Invariant: a key that exists is never replaced, not by a second process that starts at the same moment either; a key
 * file is whole or absent; a damaged one is refused, because a new key would be a stranger to the cluster.
 */

import { dirname } from 'node:path';
import { generateKey, type SecretIdentity } from '../../net/identity/identity.ts';
import { decodeKeyFile, encodeKeyFile } from '../../net/identity/key-file.ts';
import { asDatadirError } from '../datadir/datadir-error.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { KeyDisk } from './key-disk.ts';

export interface LoadedIdentity {
  readonly identity: SecretIdentity;
  /** Whether it was made now. */
  readonly created: boolean;
  /** Whether other users of the machine can read the key, and so be this node. */
  readonly openToOthers: boolean;
}

/** Of a file that may be anything; a key has 68. */
const READ_BYTES_MAX = 4096;

/**
 * Reads the key, or makes the data directory and a key. `processId` tells apart two processes that do so at once. Throws
 * `ERR_BAD_KEY_FILE` or `ERR_OVER_LIMIT` that name the key file, `ERR_NOT_WRITABLE` that names the data directory.
 */
export async function loadIdentity(disk: KeyDisk, layout: DatadirLayout, processId: number): Promise<LoadedIdentity> {
  try {
    const known = await readKey(disk, layout);
    if (known !== undefined) return known;
    const identity = generateKey();
    if (await placeKey(disk, layout, identity, processId)) return { identity, created: true, openToOthers: false };
    const placedByAnother = await readKey(disk, layout);
    return placedByAnother ?? (await loadIdentity(disk, layout, processId));
  } catch (error) {
    throw asDatadirError(error, layout.root);
  }
}

async function readKey(disk: KeyDisk, layout: DatadirLayout): Promise<LoadedIdentity | undefined> {
  const content = await disk.read(layout.key, READ_BYTES_MAX);
  if (content === undefined) return undefined;
  const identity = decodeKeyFile(content.bytes, layout.key);
  return { identity, created: false, openToOthers: await disk.isOpenToOthers(layout.key) };
}

/** Writes the key under a name of its own and links it to its place if, and only if, that is free. */
async function placeKey(
  disk: KeyDisk,
  layout: DatadirLayout,
  identity: SecretIdentity,
  processId: number,
): Promise<boolean> {
  const temporary = `${layout.key}.${processId}.tmp`;
  await disk.makeDirectory(layout.state);
  // Left by a process of the same id that was killed at this very moment.
  await disk.remove(temporary);
  await disk.createPrivate(temporary, encodeKeyFile(identity));
  try {
    const placed = await disk.replace(temporary, layout.key, undefined);
    if (placed) await disk.syncDirectory(dirname(layout.key));
    return placed;
  } finally {
    await disk.remove(temporary);
  }
}
