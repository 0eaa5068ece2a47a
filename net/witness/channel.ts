/**
 * The asking side of one witness stream: many requests under way, each answer to the oldest of them.
 *
 * Invariant: an answer is matched to its request by order alone, so a request that is given up keeps its place until its
 * answer has come and is dropped then. When the stream fails, every request under way fails with its error.
 */

import { decodeFrames, encodeFrames } from '../framing/frames.ts';
import { blameForBytes, PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import type { ByteStream } from '../network.ts';
import { BoundedQueue } from '../stream/bounded-queue.ts';
import { untilLost } from '../stream/pump.ts';
import { streamFailed } from '../transport-error.ts';
import { WITNESS_ANSWER_BYTES_MAX } from './limits.ts';
import {
  decodeWitnessAnswer,
  encodeWitnessRequest,
  WITNESS_PROTOCOL,
  type WitnessAnswer,
  type WitnessRequest,
} from './messages.ts';

/** Requests under way on one stream; a caller beyond waits. Two windows of chunks: `CHUNKS_IN_FLIGHT_MAX` of a source. */
export const PIPELINE_DEPTH_MAX = 64;

export class WitnessChannel {
  readonly #stream: ByteStream;
  readonly #requests = new BoundedQueue<Uint8Array>(PIPELINE_DEPTH_MAX);
  readonly #pending: PromiseWithResolvers<WitnessAnswer>[] = [];
  #failure: Error | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    void this.#run();
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** The answer. Rejects with `signal`'s reason, or with why the stream failed: `PeerMisbehaved` or `ERR_STREAM_FAILED`. */
  async ask(request: WitnessRequest, signal: AbortSignal): Promise<WitnessAnswer> {
    if (this.#failure !== undefined) throw this.#failure;
    signal.throwIfAborted();
    const answer = Promise.withResolvers<WitnessAnswer>();
    // Nobody may be listening any more when the stream fails.
    answer.promise.catch(() => undefined);
    this.#pending.push(answer);
    void this.#requests.push(encodeWitnessRequest(request));
    return untilLost(answer.promise, signal);
  }

  close(reason: Error): void {
    this.#fail(reason);
    this.#stream.abort(reason);
  }

  async #run(): Promise<void> {
    try {
      await Promise.all([this.#stream.sink(encodeFrames(this.#requests)), this.#receive()]);
      this.#fail(streamFailed(WITNESS_PROTOCOL, 'its end'));
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#fail(reason);
      this.#stream.abort(reason);
    }
  }

  async #receive(): Promise<void> {
    for await (const frame of decodeFrames(this.#stream.source, WITNESS_PROTOCOL, WITNESS_ANSWER_BYTES_MAX)) {
      const answer = blameForBytes(() => decodeWitnessAnswer(frame));
      const asked = this.#pending.shift();
      if (asked === undefined) {
        const detail = { argument: 'witness answers', expected: 'one for each request', found: 'one more' };
        throw new PeerMisbehaved(detail);
      }
      asked.resolve(answer);
    }
    throw streamFailed(WITNESS_PROTOCOL, 'its end');
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#requests.end();
    for (const asked of this.#pending.splice(0)) asked.reject(reason);
  }
}
