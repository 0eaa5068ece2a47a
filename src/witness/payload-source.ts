/**
 * Reads payloads from the files on the shelf, a chunk at a time, and stored chunks: what peers are served from and
 * challenged on.
 *
 * Invariant: bytes come from the very file that was checked when it was put on the shelf; from another nothing is given.
 * A bit that has rotted meanwhile is found by whoever asked. The digest of a settled block's witness is known to nobody until
 * somebody asks which witness it is: its file is read for that, and the payload can be asked for by what was found.
 */

import { chunkBytes, chunkCount, CHUNK_BYTES, ChunkLister, encodeChunkList } from '../../crdt/block/payload-digest.ts';
import { WITNESS_BLOB_IDS_MAX } from '../../crdt/block/witness.ts';
import { isFailure } from '../../crdt/errors.ts';
import { hashToBytes, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { encodeDescription } from '../../net/witness/messages.ts';
import { proveStorage, type ChallengeRequest } from '../../net/witness/challenge.ts';
import type { ServedChunk, WitnessSource } from '../../net/witness/serve.ts';
import { sameFile, type Disk, type FileIdentity } from '../disk/disk.ts';
import { blockFileName } from '../files/file-names.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { IoPriority, IoQueue } from './io-queue.ts';
import type { ShelvedWitness, WitnessShelf } from './shelf.ts';
import { readWitnessFacts, type WitnessFacts } from './witness-facts.ts';

/** Chunk lists that are kept, 32 KiB at most each; another is computed again from its file. */
export const CHUNK_LISTS_KEPT_MAX = 64;
/** Payloads of settled blocks that can be asked for by their digest, those described last. */
export const DESCRIBED_MAX = 64;

interface Described {
  readonly key: BlockKey;
  readonly identity: FileIdentity;
}

export class PayloadSource implements WitnessSource {
  readonly #disk: Pick<Disk, 'identify' | 'read' | 'readRange'>;
  readonly #shelf: WitnessShelf;
  readonly #reads: IoQueue;
  readonly #chunks: Pick<ChunkStore, 'has' | 'read'>;
  readonly #lists = new Map<Hash32, Promise<Uint8Array | undefined>>();
  /** By payload digest, the latest last. */
  readonly #described = new Map<Hash32, Described>();

  constructor(
    disk: Pick<Disk, 'identify' | 'read' | 'readRange'>,
    shelf: WitnessShelf,
    reads: IoQueue,
    chunks: Pick<ChunkStore, 'has' | 'read'>,
  ) {
    this.#disk = disk;
    this.#shelf = shelf;
    this.#reads = reads;
    this.#chunks = chunks;
  }

  async describe(key: BlockKey): Promise<Uint8Array | undefined> {
    const held = this.#shelf.get(key);
    const facts = held === undefined ? undefined : await this.#factsOf(held);
    if (held === undefined || facts === undefined) return undefined;
    const { fields, payloadDigest, payloadBytes, identity } = facts;
    const { status: state, parentHash, preStateRoot, lockTimeSeconds, blobIds } = fields;
    if (blobIds.length > WITNESS_BLOB_IDS_MAX) return undefined;
    if (held.payloadDigest === undefined) {
      keepLatest(this.#described, payloadDigest, { key, identity }, DESCRIBED_MAX);
    }
    const description = { state, payloadDigest, payloadBytes, parentHash, preStateRoot, lockTimeSeconds, blobIds };
    return encodeDescription(description);
  }

  async chunkList(payloadDigest: Hash32): Promise<Uint8Array | undefined> {
    const held = this.#find(payloadDigest);
    if (held === undefined) return undefined;
    const known = this.#lists.get(payloadDigest);
    const list = known ?? this.#computeList(held);
    keepLatest(this.#lists, payloadDigest, list, CHUNK_LISTS_KEPT_MAX);
    const bytes = await list.catch(() => undefined);
    if (bytes === undefined) this.#lists.delete(payloadDigest);
    return bytes;
  }

  chunk(payloadDigest: Hash32, index: number): ServedChunk | undefined {
    const held = this.#find(payloadDigest);
    if (held === undefined) {
      const isStored = index === 0 && this.#chunks.has(payloadDigest);
      return isStored ? { sizeBytes: CHUNK_BYTES, read: () => this.#chunks.read(payloadDigest) } : undefined;
    }
    if (index >= chunkCount(held.payloadBytes)) return undefined;
    const sizeBytes = chunkBytes(held.payloadBytes, index);
    return { sizeBytes, read: (into) => this.read(held, index * CHUNK_BYTES, sizeBytes, 'peer', into) };
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

  #find(payloadDigest: Hash32): ShelvedWitness | undefined {
    const held = this.#shelf.withDigest(payloadDigest);
    const described = held === undefined ? this.#described.get(payloadDigest) : undefined;
    if (described === undefined) return held;
    const found = this.#shelf.get(described.key);
    return sameFile(found?.identity, described.identity) ? found : undefined;
  }

  /** Of the file that is on the shelf, if it is still good. */
  async #factsOf({ key, path, identity }: ShelvedWitness): Promise<WitnessFacts | undefined> {
    try {
      const name = blockFileName('witness', key);
      const facts = await this.#reads.run('peer', () => readWitnessFacts(this.#disk, path, name));
      return sameFile(facts?.identity, identity) ? facts : undefined;
    } catch (error) {
      if (!isFailure(error)) throw error;
      return undefined;
    }
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

/** `key` becomes the latest of at most `sizeMax`. */
function keepLatest<Key, Value>(kept: Map<Key, Value>, key: Key, value: Value, sizeMax: number): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > sizeMax && oldest !== undefined) kept.delete(oldest);
}
