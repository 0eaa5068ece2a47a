/** The two ends of a stream in memory, without delay, and streams whose other end a test speaks for by hand. */

import { streamPair } from '../../net/memory/stream-pair.ts';
import type { ByteStream } from '../../net/network.ts';

export function connectedStreams(): { readonly near: ByteStream; readonly far: ByteStream } {
  return streamPair('/test/1', { forth: queueMicrotask, back: queueMicrotask }, () => undefined);
}

/** A stream whose other end writes `chunks`, closes, and reads nothing. */
export function streamOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): ByteStream {
  const { near, far } = connectedStreams();
  far.sink(chunks).catch(() => undefined);
  return near;
}

export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
