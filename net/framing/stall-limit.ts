/**
 * A limit on silence: a stream on which no chunk moves in either direction for too long is aborted, so that a peer that
 * stops reading or writing cannot hold what serves it.
 */

import type { Clock } from '../clock.ts';
import type { ByteStream } from '../network.ts';
import { streamFailed } from '../transport-error.ts';

/** A protocol's streams are given up after this much silence. */
export const STREAM_STALL_MS_MAX = 30_000;

/**
 * Runs `use` on `stream`, and aborts it with `ERR_STREAM_FAILED` once nothing has moved on it for `stallMs`. What `use`
 * does between two chunks counts as silence too.
 */
export async function withStallLimit<T>(
  stream: ByteStream,
  protocol: string,
  clock: Clock,
  stallMs: number,
  use: (stream: ByteStream) => Promise<T>,
): Promise<T> {
  let movedAtMs = clock.monotonicMs();
  // One timer that looks again, and not a new one with every chunk: a transfer moves thousands of them.
  const look = (): void => {
    const leftMs = stallMs - (clock.monotonicMs() - movedAtMs);
    if (leftMs > 0) cancel = clock.schedule(leftMs, look);
    else stream.abort(streamFailed(protocol, `no byte in either direction for ${stallMs} ms`));
  };
  let cancel = clock.schedule(stallMs, look);
  async function* watched(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      movedAtMs = clock.monotonicMs();
      yield chunk;
    }
  }
  try {
    return await use({
      source: { [Symbol.asyncIterator]: () => watched(stream.source) },
      sink: (chunks) => stream.sink(watched(chunks)),
      abort: (reason) => stream.abort(reason),
    });
  } finally {
    cancel();
  }
}
