/**
 * Reads a stream of chunks as messages of known length, and then what follows them.
 *
 * Invariant: every byte is handed out once and in order, however the chunks are cut; at most the message and one chunk
 * are held.
 */

import { streamFailed } from '../transport-error.ts';
import { PeerMisbehaved } from './peer-misbehaved.ts';

export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #protocol: string;
  #left: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>, protocol: string) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#protocol = protocol;
  }

  /** The next `byteCount` bytes. Throws `ERR_STREAM_FAILED` when the stream ends before them. */
  async exactly(byteCount: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(byteCount);
    await this.pieces(byteCount, (piece, at) => bytes.set(piece, at));
    return bytes;
  }

  /** The next `byteCount` bytes, each piece as it arrives, with its place among them. Throws as `exactly` does. */
  async pieces(byteCount: number, onPiece: (piece: Uint8Array, at: number) => void): Promise<void> {
    for (let at = 0; at < byteCount;) {
      const chunk = await this.#next();
      if (chunk === undefined) {
        throw streamFailed(this.#protocol, `its end after ${at} of ${byteCount} bytes of a message`);
      }
      const piece = chunk.subarray(0, byteCount - at);
      this.#left = chunk.subarray(piece.length);
      onPiece(piece, at);
      at += piece.length;
    }
  }

  /** The next byte; undefined at the end of the stream. */
  async byte(): Promise<number | undefined> {
    const chunk = await this.#next();
    if (chunk === undefined) return undefined;
    this.#left = chunk.subarray(1);
    return chunk[0];
  }

  /** What has not been read yet, as chunks. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
  }

  /** Waits for the end of the stream. Throws `PeerMisbehaved` when there are more bytes. */
  async end(): Promise<void> {
    const chunk = await this.#next();
    if (chunk === undefined) return;
    throw new PeerMisbehaved({
      argument: `stream ${this.#protocol}`,
      expected: 'its end after the message',
      found: `${chunk.length} more bytes`,
    });
  }

  /** The rest of the chunk at hand, or the next one that is not empty; undefined at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    let chunk = this.#left;
    this.#left = new Uint8Array(0);
    while (chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      chunk = next.value;
    }
    return chunk;
  }
}
