/**
 * Chunks by their BLAKE3, for programs that have bytes of their own to share: kept below `.driftlock/chunks/`, served to
 * peers like a payload of one chunk.
 *
 * Invariant: a chunk is what its name says or it is not given out; storing what is there already changes nothing. It is a
 * cache: nothing of the node depends on it, and it may be removed at any time.
 */

import { join } from 'node:path';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import { blake3Hash } from '../../crdt/hash.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { Disk } from '../disk/disk.ts';

/** 1 GiB of whole chunks. */
export const CHUNKS_STORED_MAX = 4_096;

export class ChunkStore {
  readonly #disk: Disk;
  readonly #writer: DurableWriter;
  readonly #directory: string;
  readonly #stored = new Set<string>();

  constructor(disk: Disk, writer: DurableWriter, directory: string) {
    this.#disk = disk;
    this.#writer = writer;
    this.#directory = directory;
  }

  /** Learns what is there. Precondition: nothing else was called before. */
  async open(): Promise<void> {
    for (const name of await this.#disk.list(this.#directory)) this.#stored.add(name);
  }

  /** Keeps `bytes`, durably, and returns their digest. Throws `ERR_OVER_LIMIT` and `DiskError`. */
  async store(bytes: Uint8Array): Promise<Hash32> {
    if (bytes.length > CHUNK_BYTES) throw overLimit('chunk', `at most ${CHUNK_BYTES} bytes`, `${bytes.length}`);
    const digest = blake3Hash(bytes);
    if ((await this.read(digest)) !== undefined) return digest;
    if (this.#stored.size >= CHUNKS_STORED_MAX) {
      throw overLimit('chunk store', `at most ${CHUNKS_STORED_MAX} chunks`, 'one more');
    }
    await this.#writer.write(join(this.#directory, digest), bytes, { durability: 'durable', expected: 'any' });
    this.#stored.add(digest);
    return digest;
  }

  has(digest: Hash32): boolean {
    return this.#stored.has(digest);
  }

  /** The chunk; undefined when it is not here, or not any more what it was. */
  async read(digest: Hash32): Promise<Uint8Array | undefined> {
    if (!this.#stored.has(digest)) return undefined;
    const content = await this.#disk.readRange(join(this.#directory, digest), 0, CHUNK_BYTES);
    if (content !== undefined && blake3Hash(content.bytes) === digest) return content.bytes;
    this.#stored.delete(digest);
    return undefined;
  }
}

function overLimit(argument: string, expected: string, found: string): DriftlockError {
  return new DriftlockError('ERR_OVER_LIMIT', { argument, expected, found });
}
