/**
 * Answers peers that ask for this node's clock.
 *
 * Invariant: a peer gets at most `CLOCK_EXCHANGES_MAX` answers on a stream and `CLOCK_STREAMS_PER_WINDOW_MAX` streams in
 * `CLOCK_WINDOW_MS`; a correct node asks for far less, so more is held against it.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../clock.ts';
import { blameForBytes, PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import { withStallLimit } from '../framing/stall-limit.ts';
import type { ByteStream, StreamHandler } from '../network.ts';
import { WindowCounts } from '../rate/window-counts.ts';
import { checkClockRequest, CLOCK_PROTOCOL, encodeClockAnswer, type ClockAnswer } from './messages.ts';

/** Answers on one stream. */
export const CLOCK_EXCHANGES_MAX = 8;
export const CLOCK_WINDOW_MS = 10_000;
/** A node measures a peer every 10 s, and anew when either was reconnected or stepped. */
export const CLOCK_STREAMS_PER_WINDOW_MAX = 32;
/** An exchange takes a round trip; this is many of the longest. */
const CLOCK_STALL_MS_MAX = 5_000;

/** What this node says of its clocks besides when the request came. */
export type OwnClockAnswer = Omit<ClockAnswer, 'receivedMs'>;

export interface ClockServerOptions {
  readonly clock: Clock;
  /** When the request that arrived now was received, since this run began. */
  readonly receivedMs: () => number;
  /** Read last, just before the answer leaves. Undefined: the clocks cannot be read now, and the stream ends early. */
  readonly answer: () => OwnClockAnswer | undefined;
}

/** The handler for `CLOCK_PROTOCOL`. It throws `PeerMisbehaved` for what is no request, and for too many. */
export function clockHandler({ clock, receivedMs, answer }: ClockServerOptions): StreamHandler {
  const streams = new WindowCounts<NodeId>(CLOCK_WINDOW_MS, CLOCK_STREAMS_PER_WINDOW_MAX);

  async function* answers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let served = 0;
    for await (const chunk of source) {
      const received = receivedMs();
      for (const byte of chunk) {
        blameForBytes(() => checkClockRequest(byte));
        if (++served > CLOCK_EXCHANGES_MAX) throw tooMany('requests on a stream', CLOCK_EXCHANGES_MAX);
        const own = answer();
        if (own === undefined) return;
        yield encodeClockAnswer({ ...own, receivedMs: received });
      }
    }
  }

  const serve = (stream: ByteStream): Promise<void> => stream.sink(answers(stream.source));

  return async (peer, stream) => {
    if (!streams.take(peer, clock.monotonicMs()))
      throw tooMany(`streams in ${CLOCK_WINDOW_MS} ms`, CLOCK_STREAMS_PER_WINDOW_MAX);
    await withStallLimit(stream, CLOCK_PROTOCOL, clock, CLOCK_STALL_MS_MAX, serve);
  };
}

function tooMany(what: string, limit: number): PeerMisbehaved {
  return new PeerMisbehaved({ argument: `clock ${what}`, expected: `at most ${limit}`, found: 'one more' });
}
