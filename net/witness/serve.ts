/**
 * Serves witness payloads to peers.
 *
 * Invariant: at most `WITNESS_SERVES_MAX` payloads are in memory for peers at a time; a request beyond that is told so at
 * once and waits for nothing. A peer that stops reading loses its place after `STREAM_STALL_MS_MAX`.
 */

import { pipe } from 'it-pipe';
import type { Hash32 } from '../../crdt/ids.ts';
import type { Clock } from '../clock.ts';
import { ChunkReader } from '../framing/chunk-reader.ts';
import { blameForBytes } from '../framing/peer-misbehaved.ts';
import { STREAM_STALL_MS_MAX, withStallLimit } from '../framing/stall-limit.ts';
import type { ByteStream, StreamHandler } from '../network.ts';
import { STREAM_PIECE_BYTES } from '../stream/pump.ts';
import { decodeWitnessRequest, encodeWitnessAnswer, WITNESS_PROTOCOL, WITNESS_REQUEST_BYTES } from './messages.ts';

export const WITNESS_SERVES_MAX = 8;

/** The payload with this BLAKE3, or undefined when it is not here. */
export type WitnessSource = (payloadDigest: Hash32) => Promise<Uint8Array | undefined>;

/** The handler for `WITNESS_PROTOCOL`. It throws `PeerMisbehaved` for what is no request. */
export function witnessHandler(source: WitnessSource, clock: Clock): StreamHandler {
  let serving = 0;

  const serve = async (stream: ByteStream): Promise<void> => {
    const reader = new ChunkReader(stream.source, WITNESS_PROTOCOL);
    const requestBytes = await reader.exactly(WITNESS_REQUEST_BYTES);
    const payloadDigest = blameForBytes(() => decodeWitnessRequest(requestBytes));
    await reader.end();
    if (serving >= WITNESS_SERVES_MAX) {
      await stream.sink([encodeWitnessAnswer({ status: 'busy' })]);
      return;
    }
    serving++;
    try {
      const payload = await source(payloadDigest);
      await pipe(answerWith(payload), (chunks: Iterable<Uint8Array>) => stream.sink(chunks));
    } finally {
      serving--;
    }
  };

  return (_peer, stream) => withStallLimit(stream, WITNESS_PROTOCOL, clock, STREAM_STALL_MS_MAX, serve);
}

function* answerWith(payload: Uint8Array | undefined): Generator<Uint8Array> {
  if (payload === undefined) {
    yield encodeWitnessAnswer({ status: 'not-found' });
    return;
  }
  yield encodeWitnessAnswer({ status: 'found', payloadBytes: payload.length });
  // In pieces, so that the stall limit sees a slow reader make progress.
  for (let at = 0; at < payload.length; at += STREAM_PIECE_BYTES) yield payload.subarray(at, at + STREAM_PIECE_BYTES);
}
