/** Reads a shelved witness's payload from its file. */

import { isFailure } from '../../crdt/errors.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import type { Disk } from '../disk/disk.ts';
import { blockFileName } from '../files/file-names.ts';
import { decodeWitnessFile } from '../files/witness-file.ts';
import { WITNESS_FILE_BYTES_MAX, type WitnessStatus } from '../files/witness-status.ts';
import type { ShelvedWitness, WitnessShelf } from './shelf.ts';

/** The file's content, checked against its checksum and name; undefined when it is gone or has gone bad. */
export async function readShelved(disk: Pick<Disk, 'read'>, held: ShelvedWitness): Promise<WitnessStatus | undefined> {
  const content = await disk.read(held.path, WITNESS_FILE_BYTES_MAX);
  if (content === undefined) return undefined;
  try {
    return decodeWitnessFile(content.bytes, blockFileName('witness', held.key)).status;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}

/** The payload, checked, of the one of `blocks` whose parent is `parentHash`; undefined when it is not on the shelf. */
export async function payloadOfChild(
  disk: Pick<Disk, 'read'>,
  blocks: readonly BlockKey[],
  shelf: WitnessShelf,
  parentHash: Hash32,
): Promise<Uint8Array | undefined> {
  for (const key of blocks) {
    const held = shelf.get(key);
    const status = held === undefined ? undefined : await readShelved(disk, held);
    if (status?.parentHash === parentHash) return status.witnessData;
  }
  return undefined;
}
