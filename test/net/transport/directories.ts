/** What tests of directories of holders share. */

import assert from 'node:assert/strict';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { NodeId } from '../../../crdt/ids.ts';
import type { HolderDirectory } from '../../../net/holder-directory.ts';
import type { DirectoryNetwork } from './clusters.ts';
import { nextTurn } from './until.ts';

export const NEVER = new AbortController().signal;
export const DIGEST = blake3Hash(new TextEncoder().encode('a payload'));

export function directoryOf(network: DirectoryNetwork | undefined): HolderDirectory {
  assert(network?.directory !== undefined);
  return network.directory;
}

/** Provides `DIGEST` until it is heard: links stand before the members know each other as keepers of records. */
export async function provided(directory: HolderDirectory): Promise<void> {
  while (!(await directory.provide(DIGEST, NEVER))) await nextTurn();
}

/** Who is found to hold `DIGEST`, once it is so many. */
export async function found(directory: HolderDirectory, count = 1): Promise<readonly NodeId[]> {
  for (;;) {
    const holders = await directory.find(DIGEST, NEVER);
    if (holders.length >= count) return holders;
    await nextTurn();
  }
}
