/**
 * What a rotten `.w` still says of the file that it was: the BLAKE3 in its envelope.
 *
 * Invariant: of a file with damage in one place either the hash that it states or the hash of what it holds is that of the file
 * as it was written. A file whose hash is right never rotted, and says nothing about what should be there instead.
 */

import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { blake3Stream } from '../../crdt/hash.ts';
import { HASH_BYTES, hashFromBytes, type Hash32 } from '../../crdt/ids.ts';
import type { Disk } from '../disk/disk.ts';
import { U64_BYTES } from '../files/bincode.ts';
import { STATE_DATA_HEADER_BYTES } from '../files/state-data.ts';

/** The hash in the envelope of `file`, which is at least `STATE_DATA_HEADER_BYTES` long. */
export function statedFileHash(file: Uint8Array): Hash32 {
  return hashFromBytes(file.subarray(U64_BYTES, U64_BYTES + HASH_BYTES));
}

/** The hashes that the file at `path` can have had before it rotted; none when it does not tell. Throws `DiskError`. */
export async function fileHashesBefore(disk: Pick<Disk, 'readRange'>, path: string): Promise<ReadonlySet<Hash32>> {
  const header = (await disk.readRange(path, 0, STATE_DATA_HEADER_BYTES))?.bytes;
  if (header === undefined || header.length < STATE_DATA_HEADER_BYTES) return new Set();
  const envelope = blake3Stream();
  for (let at = STATE_DATA_HEADER_BYTES; ; at += CHUNK_BYTES) {
    const part = (await disk.readRange(path, at, CHUNK_BYTES))?.bytes ?? new Uint8Array();
    envelope.update(part);
    if (part.length < CHUNK_BYTES) break;
  }
  const [stated, held] = [statedFileHash(header), envelope.digest()];
  return stated === held ? new Set() : new Set([stated, held]);
}
