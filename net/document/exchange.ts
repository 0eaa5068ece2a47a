/**
 * Makes the documents of two nodes the same: each says what it has, and gets what it lacks. Three messages, or two when they are the
 * same already.
 *
 * Invariant: after an exchange that has not failed both sides hold all that either held when it began. The steps are pure but for
 * `take`; how they travel is in `converse`.
 *
 * Yjs' sync protocol (y-protocols, PROTOCOL.md), with a fingerprint in front: a state vector does not tell deletions, so that its
 * second step sends all of them every time.
 */

import { equalBytes } from '../../crdt/bytes.ts';
import { errorOf } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { withDeadline, type Clock } from '../clock.ts';
import { decodeFrames, encodeFrames } from '../framing/frames.ts';
import { blameForBytes, PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import { STREAM_STALL_MS_MAX, withStallLimit } from '../framing/stall-limit.ts';
import type { Network, StreamHandler } from '../network.ts';
import { WindowCounts } from '../rate/window-counts.ts';
import { streamFailed } from '../transport-error.ts';
import { DOCUMENT_EXCHANGE_WINDOW_MS, DOCUMENT_EXCHANGES_PER_WINDOW_MAX, DOCUMENT_FRAME_BYTES_MAX } from './limits.ts';
import {
  decodeDocumentAnswer,
  decodeDocumentHello,
  decodeDocumentUpdate,
  DOCUMENT_PROTOCOL,
  encodeDocumentAnswer,
  encodeDocumentHello,
  encodeDocumentUpdate,
} from './messages.ts';

/** The document as the exchange sees it. */
export interface DocumentSide {
  /** The same on both sides exactly when the documents are. */
  fingerprint(): Uint8Array;
  stateVector(): Uint8Array;
  /** What a document with `stateVector` lacks; undefined when that is none. */
  updateFor(stateVector: Uint8Array): Uint8Array | undefined;
  /** Throws `PeerMisbehaved` for what is no update. */
  take(update: Uint8Array, from: NodeId): void;
}

/** An exchange is one document each way at most, which takes a slow line some seconds. */
export const DOCUMENT_EXCHANGE_MS_MAX = 60_000;

export interface ExchangeStats {
  /** Of updates; 0 both when the documents were the same. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

const NOTHING: ExchangeStats = { sentBytes: 0, receivedBytes: 0 };

export interface DocumentServer {
  readonly clock: Clock;
  readonly side: DocumentSide;
  readonly onServed: (peer: NodeId, stats: ExchangeStats) => void;
}

/** The handler for `DOCUMENT_PROTOCOL`: of each peer one exchange at a time, and not too often. */
export function documentHandler({ clock, side, onServed }: DocumentServer): StreamHandler {
  const exchanges = new WindowCounts<NodeId>(DOCUMENT_EXCHANGE_WINDOW_MS, DOCUMENT_EXCHANGES_PER_WINDOW_MAX);
  const served = new Set<NodeId>();
  return async (peer, stream) => {
    if (!exchanges.take(peer, clock.monotonicMs())) throw tooMany(`${DOCUMENT_EXCHANGES_PER_WINDOW_MAX} in a while`);
    if (served.has(peer)) throw tooMany('one at a time');
    served.add(peer);
    try {
      await withStallLimit(stream, DOCUMENT_PROTOCOL, clock, STREAM_STALL_MS_MAX, (guarded) =>
        guarded.sink(encodeFrames(answers(side, peer, framesOf(guarded.source), onServed))),
      );
    } finally {
      served.delete(peer);
    }
  };
}

export interface DocumentAsk {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
  readonly side: DocumentSide;
  readonly peer: NodeId;
  readonly signal: AbortSignal;
}

/**
 * Exchanges with `peer`. Throws `PeerMisbehaved` for what no correct node sends, a `TransportError` when the peer is out of reach
 * or the stream fails, a `TimeoutError` after DOCUMENT_EXCHANGE_MS_MAX, the signal's reason.
 */
export function exchangeDocuments({ network, clock, side, peer, signal }: DocumentAsk): Promise<ExchangeStats> {
  return withDeadline(clock, DOCUMENT_EXCHANGE_MS_MAX, signal, async (untilDue) => {
    const stream = await network.open(peer, DOCUMENT_PROTOCOL, untilDue);
    let stats = NOTHING;
    try {
      await withStallLimit(stream, DOCUMENT_PROTOCOL, clock, STREAM_STALL_MS_MAX, (guarded) =>
        guarded.sink(encodeFrames(asks(side, peer, framesOf(guarded.source), (done) => (stats = done)))),
      );
    } catch (error) {
      stream.abort(errorOf(error));
      throw error;
    }
    return stats;
  });
}

type Frames = AsyncGenerator<Uint8Array>;

function framesOf(source: AsyncIterable<Uint8Array>): Frames {
  return decodeFrames(source, DOCUMENT_PROTOCOL, DOCUMENT_FRAME_BYTES_MAX);
}

async function* asks(side: DocumentSide, peer: NodeId, frames: Frames, onDone: (stats: ExchangeStats) => void): Frames {
  yield encodeDocumentHello({ fingerprint: side.fingerprint(), stateVector: side.stateVector() });
  const frame = await next(frames);
  const answer = blameForBytes(() => decodeDocumentAnswer(frame));
  if (answer === undefined) return;
  side.take(answer.update, peer);
  const update = lackingOf(side, answer.stateVector);
  yield encodeDocumentUpdate(update);
  onDone({ sentBytes: update.length, receivedBytes: answer.update.length });
}

async function* answers(
  side: DocumentSide,
  peer: NodeId,
  frames: Frames,
  onServed: DocumentServer['onServed'],
): Frames {
  const frame = await next(frames);
  const hello = blameForBytes(() => decodeDocumentHello(frame));
  if (equalBytes(hello.fingerprint, side.fingerprint())) {
    yield encodeDocumentAnswer(undefined);
    onServed(peer, NOTHING);
    return;
  }
  const update = lackingOf(side, hello.stateVector);
  yield encodeDocumentAnswer({ stateVector: side.stateVector(), update });
  const last = await next(frames);
  const received = blameForBytes(() => decodeDocumentUpdate(last));
  side.take(received, peer);
  onServed(peer, { sentBytes: update.length, receivedBytes: received.length });
}

async function next(frames: Frames): Promise<Uint8Array> {
  const { done, value } = await frames.next();
  if (done === true) throw streamFailed(DOCUMENT_PROTOCOL, 'its end before a frame');
  return value;
}

function lackingOf(side: DocumentSide, stateVector: Uint8Array): Uint8Array {
  const update = side.updateFor(stateVector);
  if (update !== undefined) return update;
  const found = `${stateVector.length} bytes that are none`;
  throw new PeerMisbehaved({ argument: 'document exchange', expected: 'a state vector of Yjs', found });
}

function tooMany(expected: string): PeerMisbehaved {
  return new PeerMisbehaved({ argument: 'document exchanges', expected, found: 'one more' });
}
