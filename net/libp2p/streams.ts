/**
 * A libp2p stream as a `ByteStream` with bounded buffers.
 *
 * libp2p's own adapters queue what arrives without bound (117 MB grew to 446 MB for 150 MB with a slow reader) and take
 * a lost connection for a proper end. Here, the stream is paused at the high-water mark, so yamux stops granting window,
 * and an end counts only when the other side said so (`remoteCloseWrite`).
 *
 * Invariant: one direction of a stream never holds more than `STREAM_BUFFER_BYTES_MAX` bytes: two windows (one in the
 * reader's queue after it was resumed, one granted), the high-water mark, and one read of the socket.
 */

import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';
import { streamFailed } from '../transport-error.ts';
import { untilLost } from '../stream/pump.ts';
import { WiredStream } from '../stream/wired-stream.ts';

/** yamux's flow-control window of a stream: 20 MB/s at a round trip of 100 ms. */
export const STREAM_WINDOW_BYTES_MAX = 2 * 1024 * 1024;
/** Unread bytes at which the stream is paused. */
export const STREAM_HIGH_WATER_BYTES = 256 * 1024;
/** Unread bytes at which it is resumed. */
export const STREAM_LOW_WATER_BYTES = 64 * 1024;

/** `over` is aborted when both directions have ended or the stream failed. */
export function wireLibp2pStream(stream: Stream, over: AbortController): WiredStream {
  const { protocol } = stream;
  let saidEnd = false;

  const pauseWhenFull = (): void => {
    if (stream.readStatus === 'readable' && end.unreadBytes >= STREAM_HIGH_WATER_BYTES) stream.pause();
  };

  const end = new WiredStream({
    async write(piece, lost) {
      stream.send(piece);
      // Not `onDrain`: its promise is made once and stays resolved.
      while (stream.writableNeedsDrain) await untilLost(nextDrain(stream), lost);
    },
    finish: () => stream.close(),
    reset: (reason) => stream.abort(reason),
    wantMore() {
      if (stream.readStatus !== 'paused' || end.unreadBytes > STREAM_LOW_WATER_BYTES) return;
      try {
        stream.resume();
      } catch {
        // It first hands out what was buffered, then tells a muxer that may be gone by now. Its close event says the rest.
      }
    },
    over: () => over.abort(),
  });

  stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
    if (data instanceof Uint8Array) end.receive(data);
    else for (const chunk of data) end.receive(chunk);
    // In a microtask: a pause inside the event is undone by the `resume` that may have caused it.
    queueMicrotask(pauseWhenFull);
  });
  stream.addEventListener('remoteCloseWrite', () => {
    saidEnd = true;
  });
  stream.addEventListener('end', () => {
    if (saidEnd) end.receiveEnd();
  });
  stream.addEventListener('close', ({ error }: StreamCloseEvent) => {
    if (error !== undefined) end.fail(streamFailed(protocol, 'a reset by the other side or its connection', error));
    else if (!saidEnd || end.isWriting) end.fail(streamFailed(protocol, 'a connection that closed'));
  });

  // What happened before the listeners were there.
  if (stream.status !== 'open') end.fail(streamFailed(protocol, `a stream that is ${stream.status}`));
  else if (stream.remoteWriteStatus === 'closed') {
    saidEnd = true;
    if (stream.readableEnded) end.receiveEnd();
  }
  return end;
}

function nextDrain(stream: Stream): Promise<void> {
  return new Promise((resolve) => {
    stream.addEventListener('drain', () => resolve(), { once: true });
  });
}
