/**
 * Reads payloads from the files on the shelf, a chunk at a time, and stored chunks: what peers are served from and
 * challenged on.
 *
 * Invariant: bytes come from the very file that was checked when it was put on the shelf; from another nothing is given.
 * A bit that has rotted meanwhile is found by whoever asked.
 */

import { chunkBytes, chunkCount, CHUNK_BYTES, ChunkLister, encodeChunkList } from '../../crdt/block/payload-digest.ts';
import { hashToBytes, type Hash32 } from '../../crdt/ids.ts';
import { proveStorage, type ChallengeRequest } from '../../net/witness/challenge.ts';
import type { WitnessSource } from '../../net/witness/serve.ts';
import { sameFile, type Disk } from '../disk/disk.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { IoPriority, IoQueue } from './io-queue.ts';
import type { ShelvedWitness, WitnessShelf } from './shelf.ts';

/** Chunk lists that are kept, 32 KiB at most each; another is computed again from its file. */
export const CHUNK_LISTS_KEPT_MAX = 64;

export class PayloadSource implements WitnessSource {
  readonly #disk: Pick<Disk, 'readRange'>;
  readonly #shelf: WitnessShelf;
  readonly #reads: IoQueue;
  readonly #chunks: Pick<ChunkStore, 'read'>;
  readonly #lists = new Map<Hash32, Promise<Uint8Array | undefined>>();

  constructor(disk: Pick<Disk, 'readRange'>, shelf: WitnessShelf, reads: IoQueue, chunks: Pick<ChunkStore, 'read'>) {
    this.#disk = disk;
    this.#shelf = shelf;
    this.#reads = reads;
    this.#chunks = chunks;
  }

  async chunkList(payloadDigest: Hash32): Promise<Uint8Array | undefined> {
    const held = this.#shelf.withDigest(payloadDigest);
    if (held === undefined) return undefined;
    const known = this.#lists.get(payloadDigest);
    const list = known ?? this.#computeList(held);
    this.#lists.delete(payloadDigest);
    this.#lists.set(payloadDigest, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > CHUNK_LISTS_KEPT_MAX && oldest !== undefined) this.#lists.delete(oldest);
    const bytes = await list.catch(() => undefined);
    if (bytes === undefined) this.#lists.delete(payloadDigest);
    return bytes;
  }

  async chunk(payloadDigest: Hash32, index: number, into?: Uint8Array): Promise<Uint8Array | undefined> {
    const held = this.#shelf.withDigest(payloadDigest);
    if (held === undefined) return index === 0 ? this.#chunks.read(payloadDigest) : undefined;
    if (index >= chunkCount(held.payloadBytes)) return undefined;
    return this.read(held, index * CHUNK_BYTES, chunkBytes(held.payloadBytes, index), 'peer', into);
  }

  async prove(request: ChallengeRequest): Promise<Uint8Array | undefined> {
    const proof = await this.proofOf(request);
    return proof === undefined ? undefined : hashToBytes(proof);
  }

  /** What a holder of the payload answers to `request`; undefined when we hold it not. */
  async proofOf(request: ChallengeRequest): Promise<Hash32 | undefined> {
    const held = this.#shelf.withDigest(request.payloadDigest);
    if (held === undefined) return undefined;
    return proveStorage(request, (offset, lengthBytes) => this.read(held, offset, lengthBytes, 'proof'));
  }

  /** Bytes of the payload; undefined when the file is not the one on the shelf any more, or the range not within it. */
  async read(
    held: ShelvedWitness,
    offset: number,
    lengthBytes: number,
    priority: IoPriority,
    into?: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    if (offset + lengthBytes > held.payloadBytes) return undefined;
    const content = await this.#reads.run(priority, () =>
      this.#disk.readRange(held.path, held.payloadOffset + offset, lengthBytes, into),
    );
    const isTheSame = content !== undefined && sameFile(content.identity, held.identity);
    return isTheSame && content.bytes.length === lengthBytes ? content.bytes : undefined;
  }

  async #computeList(held: ShelvedWitness): Promise<Uint8Array | undefined> {
    const lister = new ChunkLister();
    for (let index = 0; index < chunkCount(held.payloadBytes); index++) {
      const lengthBytes = chunkBytes(held.payloadBytes, index);
      const bytes = await this.read(held, index * CHUNK_BYTES, lengthBytes, 'peer');
      if (bytes === undefined) return undefined;
      lister.update(bytes);
    }
    return encodeChunkList(lister.finish());
  }
}
