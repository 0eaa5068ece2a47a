/**
 * Runs a reconciliation session over a stream: source, frames, steps, frames, sink, composed with it-pipe.
 *
 * Invariant: a frame is answered only after its records were taken in, so a session that has ended well has lost nothing;
 * one that has not is aborted on both sides. How long a silent peer is borne is the caller's to say, by aborting.
 */

import { errorOf } from '../../crdt/errors.ts';
import { pipe } from 'it-pipe';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { abortReason } from '../clock.ts';
import { decodeFrames, encodeFrames } from '../framing/frames.ts';
import { PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import type { ByteStream } from '../network.ts';
import { streamFailed } from '../transport-error.ts';
import { RECONCILE_FRAME_BYTES_MAX, RECONCILE_PROTOCOL } from './limits.ts';
import { ReconcileSession } from './session.ts';
import { framesOf, type Turn } from './turn.ts';
import { FETCH_EVERYTHING, type FetchClaims, type ReconcileView } from './view.ts';

export interface ReconcileStats {
  /** Of all frames, without their length prefixes. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentRecords: number;
  readonly receivedRecords: number;
  /** Turns of both sides, by two: 1 when nothing differed. */
  readonly roundTrips: number;
  /** Whether either side has something that this session had no room for. */
  readonly more: boolean;
}

/** Frames whose records are being taken in while the next ones are read: signatures are checked on several threads. */
export const TAKES_UNDER_WAY_MAX = 4;

/**
 * Checks and merges records that arrived, about 150 at a time. It throws `PeerMisbehaved` for a forged one; whatever it
 * throws ends the session.
 */
export type TakeRecords = (records: readonly KeyedRecord[]) => Promise<void>;

/**
 * Starts a session. Resolves when both sides have taken in everything. Throws `PeerMisbehaved` when the peer broke the
 * protocol, `ERR_STREAM_FAILED` when the stream ended first, the signal's reason when it was aborted.
 */
export async function initiateReconcile(
  stream: ByteStream,
  view: ReconcileView,
  take: TakeRecords,
  signal: AbortSignal,
  claims: FetchClaims = FETCH_EVERYTHING,
): Promise<ReconcileStats> {
  const onAbort = (): void => stream.abort(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const session = new ReconcileSession(view, true, claims);
    return await runSession(stream, view, take, session, session.open());
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Serves a session that a peer started. Throws as {@link initiateReconcile} does. */
export function serveReconcile(
  stream: ByteStream,
  view: ReconcileView,
  take: TakeRecords,
  claims: FetchClaims = FETCH_EVERYTHING,
): Promise<ReconcileStats> {
  return runSession(stream, view, take, new ReconcileSession(view, false, claims), undefined);
}

async function runSession(
  stream: ByteStream,
  view: ReconcileView,
  take: TakeRecords,
  session: ReconcileSession,
  opening: Turn | undefined,
): Promise<ReconcileStats> {
  const stats = { sentBytes: 0, receivedBytes: 0, sentRecords: 0, receivedRecords: 0, more: false };
  let turns = 0;

  function* speak(turn: Turn): Generator<Uint8Array> {
    turns++;
    for (const { bytes, records, more } of framesOf(turn, view)) {
      stats.sentBytes += bytes.length;
      stats.sentRecords += records;
      stats.more ||= more;
      yield bytes;
    }
  }

  const taking: Promise<void>[] = [];
  async function* converse(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (opening !== undefined) yield* speak(opening);
    for await (const bytes of frames) {
      const { take: records, send, done, isTurnOver, more } = session.receive(bytes);
      stats.receivedBytes += bytes.length;
      stats.receivedRecords += records.length;
      stats.more ||= more;
      if (isTurnOver) turns++;
      if (records.length > 0) {
        taking.push(take(records));
        // Whoever awaits it below hears of a failure; meanwhile it is nobody's.
        taking.at(-1)?.catch(() => undefined);
        if (taking.length >= TAKES_UNDER_WAY_MAX) await taking.shift();
      }
      if (isTurnOver) await Promise.all(taking.splice(0));
      if (send !== undefined) yield* speak(send);
      if (done) return;
    }
    throw streamFailed(RECONCILE_PROTOCOL, 'its end in the middle of the session');
  }

  try {
    await pipe(
      stream.source,
      (source: AsyncIterable<Uint8Array>) => decodeFrames(source, RECONCILE_PROTOCOL, RECONCILE_FRAME_BYTES_MAX),
      converse,
      encodeFrames,
      (chunks: AsyncIterable<Uint8Array>) => stream.sink(chunks),
    );
    await expectEnd(stream);
  } catch (error) {
    stream.abort(errorOf(error));
    throw error;
  }
  return { ...stats, roundTrips: turns / 2 };
}

/** Waits until the other side has closed its end too. */
async function expectEnd(stream: ByteStream): Promise<void> {
  for await (const chunk of stream.source) {
    throw new PeerMisbehaved({
      argument: 'stream',
      expected: 'its end after the session',
      found: `${chunk.length} more bytes`,
    });
  }
}
