/**
 * The digest that names a witness payload, made so that every chunk can be checked as it arrives: the root of a tree of
 * two levels. A payload of one chunk is named by its BLAKE3; a longer one by a keyed BLAKE3 over its size and the BLAKE3
 * of each of its chunks, the chunk list.
 *
 * Invariant: digest and size fix every byte, and a chunk list that was checked against them fixes every chunk. The key
 * tells the list from a payload that happens to hold the same bytes.
 *
 * Why not BLAKE3's own tree: docs/decisions/0020-witnesses-in-chunks.md.
 */

import { Writer } from '../codec/writer.ts';
import { blake3, blake3Hash, blake3Stream, keyedBlake3 } from '../hash.ts';
import { HASH_BYTES, hashFromBytes, hashToBytes, type Hash32 } from '../ids.ts';
import { invariant } from '../invariant.ts';

/**
 * One chunk, the last of a payload may be shorter. 256 KiB: at most 1,024 of them and 32 KiB of list a payload, a few in
 * memory are a few MiB, and 100 ms of round trip cost one window of them and not one of many.
 */
export const CHUNK_BYTES = 256 * 1024;

const LIST_KEY = blake3(new TextEncoder().encode('driftlock/chunk-list/1'));

/** How many chunks a payload of this size has; an empty one has one, which is empty. */
export function chunkCount(payloadBytes: number): number {
  return Math.max(1, Math.ceil(payloadBytes / CHUNK_BYTES));
}

/** The length of chunk `index` of such a payload. */
export function chunkBytes(payloadBytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, payloadBytes - index * CHUNK_BYTES);
}

/** The digest of a payload by its size and the digests of its chunks, in order. */
export function digestOfChunks(payloadBytes: number, chunks: readonly Hash32[]): Hash32 {
  invariant(chunks.length === chunkCount(payloadBytes), 'a chunk list has a digest for each chunk');
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const writer = new Writer(8 + chunks.length * HASH_BYTES).uintBE(0, 2).uintBE(payloadBytes, 6);
  for (const chunk of chunks) writer.fixed(hashToBytes(chunk));
  return keyedBlake3(LIST_KEY, writer.finish());
}

/** The chunk list of a payload that is in memory. */
export function chunkListOf(payload: Uint8Array): readonly Hash32[] {
  return Array.from({ length: chunkCount(payload.length) }, (_, index) =>
    blake3Hash(payload.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)),
  );
}

/** The digest of a payload that is in memory. */
export function payloadDigestOf(payload: Uint8Array): Hash32 {
  return digestOfChunks(payload.length, chunkListOf(payload));
}

/** The chunk list of a payload that arrives in pieces, whatever their borders. */
export class ChunkLister {
  readonly #chunks: Hash32[] = [];
  readonly #hash = blake3Stream();
  #payloadBytes = 0;

  update(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const room = CHUNK_BYTES - (this.#payloadBytes % CHUNK_BYTES);
      const part = piece.subarray(at, at + room);
      this.#hash.update(part);
      this.#payloadBytes += part.length;
      at += part.length;
      if (this.#payloadBytes % CHUNK_BYTES === 0) this.#chunks.push(this.#hash.digest());
    }
  }

  /** The list of all that was given; the lister is spent. */
  finish(): readonly Hash32[] {
    if (this.#chunks.length < chunkCount(this.#payloadBytes)) this.#chunks.push(this.#hash.digest());
    return this.#chunks;
  }
}

/** A chunk list as bytes: its digests, one after the other. */
export function encodeChunkList(chunks: readonly Hash32[]): Uint8Array {
  const writer = new Writer(chunks.length * HASH_BYTES);
  for (const chunk of chunks) writer.fixed(hashToBytes(chunk));
  return writer.finish();
}

/** The list that `bytes` hold, if it is that of the payload with this digest and size; undefined otherwise. */
export function checkChunkList(
  bytes: Uint8Array,
  payloadDigest: Hash32,
  payloadBytes: number,
): readonly Hash32[] | undefined {
  const count = chunkCount(payloadBytes);
  if (bytes.length !== count * HASH_BYTES) return undefined;
  const chunks = Array.from({ length: count }, (_, at) =>
    hashFromBytes(bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
  );
  return digestOfChunks(payloadBytes, chunks) === payloadDigest ? chunks : undefined;
}
