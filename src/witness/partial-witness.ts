/**
 * A `.w` that is being assembled from chunks, in whatever order they come: a file below `.driftlock/partial/` that gets its
 * final name when it is complete.
 *
 * Invariants: a chunk counts as there only once it was written and is what the chunk list says; after a restart every
 * chunk is read and checked again, so neither a torn write nor a lost one is ever taken for good, and no bitmap has to
 * be kept beside the file. The file's own checksum comes from the very bytes that were checked. A few chunks are in
 * memory, whatever the size.
 */

import { join } from 'node:path';
import { CHUNK_BYTES, chunkBytes } from '../../crdt/block/payload-digest.ts';
import { blake3Hash, blake3Stream } from '../../crdt/hash.ts';
import { isHash32, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import type { Disk } from '../disk/disk.ts';
import { checkFileSize } from '../files/file-error.ts';
import { blockFileName, parseBlockFileName } from '../files/file-names.ts';
import { encodeStateDataHeader, STATE_DATA_HEADER_BYTES } from '../files/state-data.ts';
import { encodeWitnessFields, WITNESS_FILE_BYTES_MAX, type WitnessFields } from '../files/witness-status.ts';

/** Chunks that are written at a time, 2 MiB: what one source may have in memory. */
export const CHUNKS_PER_WRITE_MAX = 8;
/** What is written is handed to the disk in portions of this size, so that the sync at the end finds little left. */
export const SYNC_AHEAD_BYTES = 8 * 1024 * 1024;

export interface PartialOptions {
  readonly disk: Pick<Disk, 'identify' | 'readRange' | 'writeAt' | 'syncFile' | 'remove'>;
  /** `.driftlock/partial/`. */
  readonly directory: string;
  readonly fields: WitnessFields;
  readonly payloadDigest: Hash32;
  readonly payloadBytes: number;
}

/** A chunk that waits to be written. */
interface Unwritten {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly settle: PromiseWithResolvers<void>;
}

export class PartialWitness {
  readonly path: string;
  readonly #options: PartialOptions;
  readonly #chunks: readonly Hash32[];
  readonly #head: Uint8Array;
  readonly #envelope = blake3Stream();
  readonly #there: boolean[];
  /** Chunks that the envelope's hash has been over: always the first ones. */
  #hashedCount = 0;
  #hashing: Promise<void> = Promise.resolve();
  readonly #unwritten: Unwritten[] = [];
  #isWriting = false;
  #unsyncedBytes = 0;
  #syncing: Promise<void> | undefined;
  #syncFailure: { readonly error: unknown } | undefined;

  private constructor(options: PartialOptions, chunks: readonly Hash32[]) {
    const { fields, payloadBytes, payloadDigest, directory } = options;
    this.#options = options;
    this.#chunks = chunks;
    this.#head = encodeWitnessFields(fields, payloadBytes);
    this.#there = chunks.map(() => false);
    // The offset is part of the name: a file whose fields take another room is not the one to go on with.
    const key = { number: fields.blockNumber, hash: fields.blockHash };
    this.path = join(directory, partialName(key, payloadDigest, this.#payloadOffset));
  }

  /** Takes up what an earlier run has left of it. Throws `ERR_OVER_LIMIT` when the whole file would be too large. */
  static async open(options: PartialOptions, chunks: readonly Hash32[]): Promise<PartialWitness> {
    const partial = new PartialWitness(options, chunks);
    const { blockNumber, blockHash } = options.fields;
    const name = blockFileName('witness', { number: blockNumber, hash: blockHash });
    checkFileSize(name, partial.#payloadOffset + options.payloadBytes, WITNESS_FILE_BYTES_MAX);
    partial.#envelope.update(partial.#head);
    await partial.#takeUp();
    return partial;
  }

  has(index: number): boolean {
    return this.#there[index] === true;
  }

  get missingCount(): number {
    return this.#there.filter((isThere) => !isThere).length;
  }

  /** Keeps chunk `index`, which the caller has checked against the list. Throws `DiskError`. */
  async write(index: number, bytes: Uint8Array): Promise<void> {
    // At once where it is the next: then it need not be read again.
    if (index === this.#hashedCount) this.#hashNext(bytes);
    await this.#written(index, bytes);
    this.#there[index] = true;
    this.#unsyncedBytes += bytes.length;
    if (this.#unsyncedBytes >= SYNC_AHEAD_BYTES) this.#syncAhead();
    await this.#catchUp();
  }

  /**
   * Writes the header, and returns the BLAKE3 that it states. The file is complete then, and neither synced nor named. Throws `DiskError`, also when an earlier
   * sync failed: the kernel may have dropped what it held, and a second sync would not say so.
   */
  async finish(): Promise<Hash32> {
    invariant(this.missingCount === 0, 'a witness is finished when every chunk is there');
    await this.#catchUp();
    await this.#syncing;
    if (this.#syncFailure !== undefined) throw this.#syncFailure.error;
    const fileHash = this.#envelope.digest();
    const header = encodeStateDataHeader(fileHash, this.#head.length + this.#options.payloadBytes);
    const front = new Uint8Array(header.length + this.#head.length);
    front.set(header);
    front.set(this.#head, header.length);
    await this.#options.disk.writeAt(this.path, 0, front);
    return fileHash;
  }

  async discard(): Promise<void> {
    await this.#syncing;
    await this.#options.disk.remove(this.path);
  }

  get #payloadOffset(): number {
    return STATE_DATA_HEADER_BYTES + this.#head.length;
  }

  #offsetOf(index: number): number {
    return this.#payloadOffset + index * CHUNK_BYTES;
  }

  async #takeUp(): Promise<void> {
    if ((await this.#options.disk.identify(this.path)) === undefined) return;
    for (const [index, digest] of this.#chunks.entries()) {
      const bytes = await this.#read(index);
      if (bytes.length === 0 && this.#options.payloadBytes > 0) return;
      if (blake3Hash(bytes) !== digest) continue;
      this.#there[index] = true;
      if (index === this.#hashedCount) this.#hashNext(bytes);
    }
  }

  /** Hashes what follows the chunks hashed so far and is there; one call at a time. */
  #catchUp(): Promise<void> {
    const next = async (): Promise<void> => {
      while (this.#there[this.#hashedCount] === true) {
        const index = this.#hashedCount;
        const bytes = await this.#read(index);
        if (index === this.#hashedCount) this.#hashNext(bytes);
      }
    };
    if (this.#there[this.#hashedCount] === true) this.#hashing = this.#hashing.then(next);
    return this.#hashing;
  }

  /** What comes while a write is under way makes the next one, as far as it lies side by side: a trip to the disk costs 0.1 ms. */
  #written(index: number, bytes: Uint8Array): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#unwritten.push({ index, bytes, settle });
    if (!this.#isWriting) void this.#writeAll();
    return settle.promise;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#unwritten.length > 0) await this.#writeGroup(takeNeighbours(this.#unwritten));
    this.#isWriting = false;
  }

  async #writeGroup(group: readonly Unwritten[]): Promise<void> {
    const [first] = group;
    invariant(first !== undefined, 'a group has a chunk');
    try {
      await this.#options.disk.writeAt(this.path, this.#offsetOf(first.index), ...group.map(({ bytes }) => bytes));
      for (const { settle } of group) settle.resolve();
    } catch (error) {
      for (const { settle } of group) settle.reject(error);
    }
  }

  #hashNext(bytes: Uint8Array): void {
    this.#envelope.update(bytes);
    this.#hashedCount++;
  }

  async #read(index: number): Promise<Uint8Array> {
    const lengthBytes = chunkBytes(this.#options.payloadBytes, index);
    const content = await this.#options.disk.readRange(this.path, this.#offsetOf(index), lengthBytes);
    return content?.bytes ?? new Uint8Array();
  }

  #syncAhead(): void {
    if (this.#syncing !== undefined) return;
    this.#unsyncedBytes = 0;
    this.#syncing = this.#options.disk
      .syncFile(this.path)
      .catch((error: unknown) => void (this.#syncFailure = { error }))
      .finally(() => (this.#syncing = undefined));
  }
}

/** Removes from `unwritten` the oldest and those that follow each other behind it, in the order in which they lie in the file. */
function takeNeighbours(unwritten: Unwritten[]): readonly Unwritten[] {
  const group: Unwritten[] = [];
  const [oldest] = unwritten;
  for (let next = oldest; next !== undefined && group.length < CHUNKS_PER_WRITE_MAX;) {
    unwritten.splice(unwritten.indexOf(next), 1);
    group.push(next);
    const follows = next.index + 1;
    next = unwritten.find(({ index }) => index === follows);
  }
  return group;
}

/** The name of a partial file. `offset`: where the payload begins in it. */
function partialName(key: BlockKey, payloadDigest: Hash32, offset: number): string {
  return `${blockFileName('witness', key)}.${payloadDigest}.${offset}`;
}

/** Of which payload the partial file called `name` is; undefined for a name that none has. */
export function parsePartialName(name: string): { readonly key: BlockKey; readonly payloadDigest: Hash32 } | undefined {
  const [payloadDigest = '', offset = ''] = name.split('.').slice(-2);
  const file = parseBlockFileName(name.slice(0, -`.${payloadDigest}.${offset}`.length));
  if (file?.kind !== 'witness' || !isHash32(payloadDigest)) return undefined;
  return partialName(file.key, payloadDigest, Number(offset)) === name ? { key: file.key, payloadDigest } : undefined;
}
