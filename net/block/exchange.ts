/**
 * Asks a peer what it knows of one block, and answers peers that ask.
 *
 * Invariant: what is answered is the record as it is when the request has arrived, so whoever asks then knows everything that the
 * peer knew at the moment of asking. One request a stream; the transport bounds how many a peer has open.
 */

import { errorOf } from '../../crdt/errors.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import { withDeadline, type Clock } from '../clock.ts';
import { decodeFrames, encodeFrames } from '../framing/frames.ts';
import { blameForBytes, PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import { withStallLimit } from '../framing/stall-limit.ts';
import type { ByteStream, Network, StreamHandler } from '../network.ts';
import { streamFailed } from '../transport-error.ts';
import {
  BLOCK_ANSWER_BYTES_MAX,
  BLOCK_PROTOCOL,
  BLOCK_REQUEST_BYTES_MAX,
  decodeBlockAnswer,
  decodeBlockRequest,
  encodeBlockAnswer,
  encodeBlockRequest,
} from './messages.ts';

/** An answer takes a round trip; a record of the largest size on a slow line some more. */
export const BLOCK_ASK_MS_MAX = 2_000;
/** Silence on a stream before who serves it gives it up. */
export const BLOCK_STALL_MS_MAX = 5_000;

/** The handler for `BLOCK_PROTOCOL`. `recordOf`: what this node knows of a block; an empty record if nothing. */
export function blockHandler(clock: Clock, recordOf: (key: BlockKey) => BlockRecord): StreamHandler {
  async function* answers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const frame = await onlyFrame(source, BLOCK_REQUEST_BYTES_MAX);
    yield encodeBlockAnswer(recordOf(blameForBytes(() => decodeBlockRequest(frame))));
  }
  return (_peer, stream) =>
    withStallLimit(stream, BLOCK_PROTOCOL, clock, BLOCK_STALL_MS_MAX, (guarded) =>
      guarded.sink(encodeFrames(answers(guarded.source))),
    );
}

export interface BlockAsk {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
  readonly peer: NodeId;
  readonly key: BlockKey;
  readonly signal: AbortSignal;
}

/**
 * What `peer` knows of the block; its signatures are not checked. Throws `PeerMisbehaved` for what is no answer, a
 * `TransportError` when the peer cannot be asked, a `TimeoutError` after `BLOCK_ASK_MS_MAX`, the signal's reason.
 */
export function askForBlock({ network, clock, peer, key, signal }: BlockAsk): Promise<BlockRecord> {
  return withDeadline(clock, BLOCK_ASK_MS_MAX, signal, async (untilDue) => {
    const stream = await network.open(peer, BLOCK_PROTOCOL, untilDue);
    try {
      const [frame] = await Promise.all([onlyFrame(stream.source, BLOCK_ANSWER_BYTES_MAX), sendRequest(stream, key)]);
      return blameForBytes(() => decodeBlockAnswer(frame));
    } catch (error) {
      stream.abort(errorOf(error));
      throw error;
    }
  });
}

function sendRequest(stream: ByteStream, key: BlockKey): Promise<void> {
  async function* request(): AsyncGenerator<Uint8Array> {
    yield encodeBlockRequest(key);
  }
  return stream.sink(encodeFrames(request()));
}

/** The frame that a side sends before it closes its writing end. */
async function onlyFrame(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  let only: Uint8Array | undefined;
  for await (const frame of decodeFrames(source, BLOCK_PROTOCOL, bytesMax)) {
    if (only !== undefined) {
      throw new PeerMisbehaved({ argument: 'block stream', expected: 'one frame', found: 'a second one' });
    }
    only = frame;
  }
  if (only === undefined) throw streamFailed(BLOCK_PROTOCOL, 'its end before a frame');
  return only;
}
