/**
 * The asking side of one witness stream: many requests under way, each answer to the oldest of them.
 *
 * Invariant: an answer is matched to its request by order alone, so a request that is given up keeps its place until its
 * answer has come and is dropped then. When the stream fails, every request under way fails with its error. A body goes
 * where its asker says piece by piece as it arrives, and is nowhere else.
 */

import { errorOf } from '../../crdt/errors.ts';
import { abortReason } from '../clock.ts';
import { ChunkReader } from '../framing/chunk-reader.ts';
import { joinFrames, readFrameLength } from '../framing/frames.ts';
import { blameForBytes, PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import type { ByteStream } from '../network.ts';
import { BoundedQueue } from '../stream/bounded-queue.ts';
import { streamFailed } from '../transport-error.ts';
import { WITNESS_ANSWER_BYTES_MAX, WITNESS_ANSWER_FRONT_BYTES } from './limits.ts';
import {
  decodeAnswerFront,
  encodeWitnessRequest,
  WITNESS_PROTOCOL,
  type WitnessAnswer,
  type WitnessRequest,
} from './messages.ts';
import { PendingAnswer, type AnswerRoom } from './pending-answer.ts';

/** Requests under way on one stream; a caller beyond waits. Two windows of chunks: `CHUNKS_IN_FLIGHT_MAX` of a source. */
export const PIPELINE_DEPTH_MAX = 64;

export class WitnessChannel {
  readonly #stream: ByteStream;
  readonly #requests = new BoundedQueue<Uint8Array>(PIPELINE_DEPTH_MAX);
  readonly #pending: PendingAnswer[] = [];
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

  /**
   * The answer, its body in `room`, which is not written to once this has settled. Rejects with `signal`'s reason, or with why
   * the stream failed: `PeerMisbehaved` or `ERR_STREAM_FAILED`.
   */
  async ask(request: WitnessRequest, signal: AbortSignal, room?: AnswerRoom): Promise<WitnessAnswer> {
    if (this.#failure !== undefined) throw this.#failure;
    signal.throwIfAborted();
    const answer = new PendingAnswer(room);
    this.#pending.push(answer);
    void this.#requests.push(encodeWitnessRequest(request));
    const onAbort = (): void => answer.reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await answer.settled;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(reason: Error): void {
    this.#fail(reason);
    this.#stream.abort(reason);
  }

  async #run(): Promise<void> {
    try {
      await Promise.all([this.#stream.sink(this.#send()), this.#receive()]);
      this.#fail(streamFailed(WITNESS_PROTOCOL, 'its end'));
    } catch (error) {
      const reason = errorOf(error);
      this.#fail(reason);
      this.#stream.abort(reason);
    }
  }

  /** What waits at the same moment leaves as one chunk: each that a transport gets costs it a message, a cipher and a system call. */
  async *#send(): AsyncGenerator<Uint8Array> {
    for await (const first of this.#requests) {
      const frames = [first];
      for (let next = this.#nextQueued(); next !== undefined; next = this.#nextQueued()) frames.push(next);
      yield joinFrames(frames);
    }
  }

  #nextQueued(): Uint8Array | undefined {
    return this.#requests.takeIf(() => true);
  }

  async #receive(): Promise<void> {
    const reader = new ChunkReader(this.#stream.source, WITNESS_PROTOCOL);
    for (;;) {
      const frameBytes = await readFrameLength(reader, WITNESS_PROTOCOL, WITNESS_ANSWER_BYTES_MAX);
      if (frameBytes === undefined) break;
      const [asked] = this.#pending;
      if (asked === undefined) {
        const detail = { argument: 'witness answers', expected: 'one for each request', found: 'one more' };
        throw new PeerMisbehaved(detail);
      }
      const front = await reader.exactly(Math.min(frameBytes, WITNESS_ANSWER_FRONT_BYTES));
      const bodyBytes = frameBytes - front.length;
      const status = blameForBytes(() => decodeAnswerFront(front, bodyBytes));
      if (bodyBytes > 0) asked.begin(bodyBytes);
      await reader.pieces(bodyBytes, (piece, at) => asked.write(piece, at));
      this.#pending.shift();
      asked.resolve(status);
    }
    throw streamFailed(WITNESS_PROTOCOL, 'its end');
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#requests.end();
    for (const asked of this.#pending.splice(0)) asked.reject(reason);
  }
}
