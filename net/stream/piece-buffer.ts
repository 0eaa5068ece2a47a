/**
 * Cuts what is to be sent into the pieces that a transport takes best, whatever the parts that it is made of.
 *
 * Invariant: each piece that is given away is full and has memory of its own, but for those that {@link PieceBuffer.take} asks
 * for; at most one that is not full is held. What was added was copied: whoever gave it may use the memory again, while a
 * transport keeps what it could not send yet, and only it knows for how long.
 */

import { STREAM_PIECE_BYTES } from './pump.ts';

export class PieceBuffer {
  #piece: Uint8Array | undefined;
  #bytes = 0;

  /** Held and not given away yet: fewer than `STREAM_PIECE_BYTES`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds all of `parts`, and gives the pieces that are full then; to be run to its end. */
  *add(parts: Iterable<Uint8Array>): Generator<Uint8Array, void> {
    for (const part of parts) {
      for (let at = 0; at < part.length;) {
        const piece = (this.#piece ??= new Uint8Array(STREAM_PIECE_BYTES));
        const fitting = part.subarray(at, at + STREAM_PIECE_BYTES - this.#bytes);
        piece.set(fitting, this.#bytes);
        this.#bytes += fitting.length;
        at += fitting.length;
        if (this.#bytes < STREAM_PIECE_BYTES) continue;
        this.#piece = undefined;
        this.#bytes = 0;
        yield piece;
      }
    }
  }

  /** What is held, as memory of its own. */
  take(): Uint8Array {
    const piece = (this.#piece ?? new Uint8Array()).slice(0, this.#bytes);
    this.#bytes = 0;
    return piece;
  }
}
