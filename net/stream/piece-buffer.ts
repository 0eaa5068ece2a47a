/**
 * Gathers what is small into one piece for a transport.
 *
 * Invariant: at most `STREAM_PIECE_BYTES` are held, as copies: whoever gave them may use the memory again.
 */

import { STREAM_PIECE_BYTES } from './pump.ts';

export class PieceBuffer {
  #room: Uint8Array | undefined;
  #bytes = 0;

  /** Gathered and not taken yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds all of `parts`, or nothing when there is no room for all of them; tells which. */
  add(parts: readonly Uint8Array[]): boolean {
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (this.#bytes + sizeBytes > STREAM_PIECE_BYTES) return false;
    const room = (this.#room ??= new Uint8Array(STREAM_PIECE_BYTES));
    for (const part of parts) {
      room.set(part, this.#bytes);
      this.#bytes += part.length;
    }
    return true;
  }

  /** What was gathered, as memory of its own. */
  take(): Uint8Array {
    const piece = (this.#room ?? new Uint8Array()).slice(0, this.#bytes);
    this.#bytes = 0;
    return piece;
  }
}
