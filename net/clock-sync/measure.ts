/**
 * Asks a peer for its clock, a few times on one stream.
 *
 * Invariant: our clock is read before the request leaves and after the answer arrived, so what this side takes can only
 * widen an interval, never move it.
 */

import { errorOf } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../clock.ts';
import { ChunkReader } from '../framing/chunk-reader.ts';
import { blameForBytes } from '../framing/peer-misbehaved.ts';
import type { Network } from '../network.ts';
import type { Exchange } from './exchange.ts';
import { CLOCK_ANSWER_BYTES, CLOCK_PROTOCOL, decodeClockAnswer, encodeClockRequest } from './messages.ts';

/**
 * Makes `count` exchanges, at most `CLOCK_EXCHANGES_MAX`, one after the other, and hands over each as it ends: what was
 * learnt before a failure is good. Throws `PeerMisbehaved` for an answer that does not decode, and what the network
 * throws; the stream is aborted then. `signal` ends it at any time.
 */
export async function measureClock(
  network: Pick<Network, 'open'>,
  peer: NodeId,
  clock: Pick<Clock, 'monotonicMs'>,
  count: number,
  signal: AbortSignal,
  onExchange: (exchange: Exchange) => void,
): Promise<void> {
  const stream = await network.open(peer, CLOCK_PROTOCOL, signal);
  const reader = new ChunkReader(stream.source, CLOCK_PROTOCOL);

  async function* converse(): AsyncGenerator<Uint8Array> {
    for (let made = 0; made < count; made++) {
      const sentAtMs = clock.monotonicMs();
      yield encodeClockRequest();
      const bytes = await reader.exactly(CLOCK_ANSWER_BYTES);
      const receivedAtMs = clock.monotonicMs();
      onExchange({ sentAtMs, answer: blameForBytes(() => decodeClockAnswer(bytes)), receivedAtMs });
    }
  }

  try {
    await stream.sink(converse());
    await reader.end();
  } catch (error) {
    stream.abort(errorOf(error));
    throw error;
  }
}
