/**
 * Moves a caller's chunks into a stream: pulls one, writes it in pieces, waits for room, pulls the next.
 *
 * Invariants: at most one chunk is held; when `lost` is aborted the pump stops at once, even while the source has
 * nothing to give, and the source is told (`return`).
 */

import { errorOf } from '../../crdt/errors.ts';
import { abortReason } from '../clock.ts';

const YAMUX_HEADER_BYTES = 12;
/** Of the 65,535 bytes of a noise message, without its tag. */
const NOISE_PLAINTEXT_BYTES_MAX = 65_519;
/**
 * The largest piece handed to a transport at once, so one huge chunk cannot fill its buffers: a yamux frame that fills one noise
 * message. With 64 KiB each frame took two, the second one of 29 bytes, and a message costs as much to set up as to encrypt:
 * 8 % of the processor time of a transfer.
 */
export const STREAM_PIECE_BYTES = NOISE_PLAINTEXT_BYTES_MAX - YAMUX_HEADER_BYTES;

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Writes all of `source`. `write` resolves when there is room for more. Rejects with `lost`'s reason, or what `source` threw. */
export async function pump(
  source: ByteSource,
  write: (piece: Uint8Array) => Promise<void>,
  lost: AbortSignal,
): Promise<void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let finished = false;
  try {
    for (;;) {
      const next = await untilLost(Promise.resolve(iterator.next()), lost);
      if (next.done === true) break;
      for (let at = 0; at < next.value.length; at += STREAM_PIECE_BYTES) {
        await untilLost(write(next.value.subarray(at, at + STREAM_PIECE_BYTES)), lost);
      }
    }
    finished = true;
  } finally {
    // Not awaited: a generator that is blocked in `next` answers `return` only when that settles.
    if (!finished) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** Settles as `work` does, or rejects with `lost`'s reason if that comes first. Leaves no listener behind, as `Promise.race` would. */
export function untilLost<T>(work: Promise<T>, lost: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onLost = (): void => reject(abortReason(lost));
    if (lost.aborted) onLost();
    else lost.addEventListener('abort', onLost, { once: true });
    work.then(
      (value) => {
        lost.removeEventListener('abort', onLost);
        resolve(value);
      },
      (error: unknown) => {
        lost.removeEventListener('abort', onLost);
        reject(errorOf(error));
      },
    );
  });
}
