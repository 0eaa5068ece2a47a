/**
 * Asks holders over streams that are kept: a request on a kept stream takes 0.1 ms where a new stream takes 0.6 to 0.9.
 *
 * Invariant: at most `streamsPerPeer` streams to one peer; one that was not used for `CHANNEL_IDLE_MS` is closed. What
 * comes out was checked for its length alone: the caller holds it against the digest it expects.
 */

import { blockId, type NodeId } from '../../crdt/ids.ts';
import { withDeadline, type Clock } from '../clock.ts';
import type { Network } from '../network.ts';
import { WitnessChannel, PIPELINE_DEPTH_MAX } from './channel.ts';
import type { GarbagePacer } from './garbage-pacer.ts';
import { WITNESS_PROTOCOL, type WitnessRequest } from './messages.ts';
import type { AnswerRoom } from './pending-answer.ts';
import { WitnessTransferError } from './transfer-error.ts';

/** Below the server's `STREAM_STALL_MS_MAX`, so that it is the asker who ends a stream. */
export const CHANNEL_IDLE_MS = 10_000;
/** An answer of 256 KiB in this time is 9 kB/s: who is slower is no use. */
export const ANSWER_TIMEOUT_MS = 30_000;

export interface WitnessClientOptions {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
  readonly streamsPerPeer: number;
  readonly garbage?: GarbagePacer | undefined;
}

interface Lane {
  readonly opening: Promise<WitnessChannel>;
  channel: WitnessChannel | undefined;
  /** Requests under way, and those that wait for the stream to open. */
  load: number;
  /** It failed or was closed, and no request is sent on it any more. */
  isForgotten: boolean;
  cancelIdle: (() => void) | undefined;
}

/** One for all: an exception with its stack costs 10 µs. */
const STREAM_UNUSED = new DOMException('the stream is not used any more', 'AbortError');

export class WitnessClient {
  readonly #options: WitnessClientOptions;
  readonly #lanes = new Map<NodeId, Lane[]>();
  readonly #stopping = new AbortController();

  constructor(options: WitnessClientOptions) {
    this.#options = options;
  }

  /**
   * The body of the answer, in `room` where that is given: it is not written to once this has settled. Throws `WitnessTransferError` (`ERR_WITNESS_NOT_FOUND`, `ERR_WITNESS_BUSY`,
   * `ERR_WITNESS_TOO_SLOW`), `PeerMisbehaved`, what the network throws, and `signal`'s reason.
   */
  async ask(peer: NodeId, request: WitnessRequest, signal: AbortSignal, room?: AnswerRoom): Promise<Uint8Array> {
    const { clock } = this.#options;
    const lane = this.#laneTo(peer);
    lane.load++;
    lane.cancelIdle?.();
    try {
      return await withDeadline(clock, ANSWER_TIMEOUT_MS, signal, async (limited) => {
        const channel = await lane.opening;
        const answer = await channel.ask(request, limited, room);
        if (answer.status === 'found') {
          this.#options.garbage?.moved(answer.body.length);
          return answer.body;
        }
        const code = answer.status === 'busy' ? 'ERR_WITNESS_BUSY' : 'ERR_WITNESS_NOT_FOUND';
        throw new WitnessTransferError(code, peer, nameOf(request), 'an answer', answer.status);
      });
    } catch (error) {
      if (!isTimeout(error) || signal.aborted) throw error;
      const slow = tooSlow(peer, nameOf(request));
      lane.channel?.close(slow);
      throw slow;
    } finally {
      lane.load--;
      if (lane.channel?.isOpen === false) this.#forget(peer, lane);
      else if (lane.load === 0 && !lane.isForgotten)
        lane.cancelIdle = clock.schedule(CHANNEL_IDLE_MS, () => this.#close(peer, lane));
    }
  }

  /** Closes every stream; what is under way fails. */
  stop(): void {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    for (const [peer, lanes] of this.#lanes) for (const lane of lanes) this.#close(peer, lane);
  }

  /** The least loaded stream to `peer`; a new one while there may be more and all have a full pipeline behind them. */
  #laneTo(peer: NodeId): Lane {
    const lanes = this.#lanes.get(peer) ?? [];
    this.#lanes.set(peer, lanes);
    const usable = lanes.filter((lane) => lane.channel?.isOpen !== false);
    const idlest = usable.reduce<Lane | undefined>(
      (best, lane) => (best === undefined || lane.load < best.load ? lane : best),
      undefined,
    );
    const mayOpen = usable.length < this.#options.streamsPerPeer;
    if (idlest !== undefined && !(mayOpen && idlest.load >= PIPELINE_DEPTH_MAX / 4)) return idlest;
    const opening = this.#options.network
      .open(peer, WITNESS_PROTOCOL, this.#stopping.signal)
      .then((stream) => (lane.channel = new WitnessChannel(stream)));
    const lane: Lane = { opening, channel: undefined, load: 0, isForgotten: false, cancelIdle: undefined };
    opening.catch(() => this.#forget(peer, lane));
    lanes.push(lane);
    return lane;
  }

  #close(peer: NodeId, lane: Lane): void {
    lane.cancelIdle?.();
    this.#forget(peer, lane);
    lane.channel?.close(STREAM_UNUSED);
  }

  #forget(peer: NodeId, lane: Lane): void {
    lane.isForgotten = true;
    lane.cancelIdle?.();
    const left = (this.#lanes.get(peer) ?? []).filter((other) => other !== lane);
    if (left.length === 0) this.#lanes.delete(peer);
    else this.#lanes.set(peer, left);
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

function tooSlow(peer: NodeId, what: string): WitnessTransferError {
  const expected = `an answer within ${ANSWER_TIMEOUT_MS} ms`;
  return new WitnessTransferError('ERR_WITNESS_TOO_SLOW', peer, what, expected, 'none that is whole');
}

function nameOf(request: WitnessRequest): string {
  if ('payloadDigest' in request) return `${request.kind} of witness payload ${request.payloadDigest}`;
  if (request.kind === 'description') return `witness of block ${blockId(request.key)}`;
  return 'contract' in request ? `line of contract ${request.contract}` : request.kind;
}
