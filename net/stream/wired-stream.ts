/**
 * One end of a stream, over whatever carries it: the part of `ByteStream` that is the same for every transport.
 *
 * Invariants: an end is over when both directions have finished or one of them failed, and `Wire.over` is called then,
 * once; after a failure the source and the sink both throw the same error; abort after the end does nothing.
 */

import { errorOf } from '../../crdt/errors.ts';
import { invariant } from '../../crdt/invariant.ts';
import { abortReason } from '../clock.ts';
import type { ByteStream, StreamHandler } from '../network.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { pump, type ByteSource } from './pump.ts';

/** What a transport does for one end of a stream. */
export interface Wire {
  /** Sends a piece; resolves when there is room for more, or never once `lost` is aborted. */
  write(piece: Uint8Array, lost: AbortSignal): Promise<void>;
  /** Tells the other end that nothing more will be written. */
  finish(): Promise<void>;
  /** Tells the other end that the stream failed. */
  reset(reason: Error): void;
  /** A reader took something, or waits for it: more may be let in. */
  wantMore(): void;
  /** The end is over. */
  over(): void;
}

export class WiredStream implements ByteStream {
  readonly #wire: Wire;
  readonly #incoming: ChunkQueue;
  readonly #lost = new AbortController();
  #writing: 'not yet' | 'going on' | 'finishing' | 'done' = 'not yet';

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#incoming = new ChunkQueue(() => this.#wire.wantMore());
  }

  get source(): AsyncIterable<Uint8Array> {
    return this.#incoming;
  }

  /** A field and not a method, since it-pipe calls it without its object. */
  readonly sink = async (source: ByteSource): Promise<void> => {
    invariant(this.#writing === 'not yet', 'the sink of a stream is called once');
    this.#writing = 'going on';
    try {
      await pump(source, (piece) => this.#wire.write(piece, this.#lost.signal), this.#lost.signal);
      this.#writing = 'finishing';
      await this.#wire.finish();
    } catch (error) {
      this.abort(errorOf(error));
      // The stream's own failure came first if there was one; else this is what the source threw.
      throw this.#lost.signal.aborted ? this.#lost.signal.reason : error;
    }
    this.#writing = 'done';
    if (this.#incoming.closed && !this.#lost.signal.aborted) this.#wire.over();
  };

  abort(reason: Error): void {
    if (this.#isOver()) return;
    this.fail(reason);
    this.#wire.reset(reason);
  }

  // The rest is for the transport.

  /** Bytes that arrived and were not read yet. */
  get unreadBytes(): number {
    return this.#incoming.bytes;
  }

  /** Whether this end still has bytes to send. */
  get isWriting(): boolean {
    return this.#writing === 'going on';
  }

  receive(chunk: Uint8Array): void {
    this.#incoming.push(chunk);
  }

  /** The other end closed its writing end. */
  receiveEnd(): void {
    if (this.#incoming.closed) return;
    this.#incoming.end();
    if (this.#writing === 'done') this.#wire.over();
  }

  /** The stream is lost: `error` is what the source and the sink throw from now on. */
  fail(error: Error): void {
    if (this.#isOver()) return;
    this.#lost.abort(error);
    this.#incoming.fail(error);
    this.#wire.over();
  }

  #isOver(): boolean {
    return this.#lost.signal.aborted || (this.#writing === 'done' && this.#incoming.closed);
  }
}

/** Runs `handler` on an incoming stream, and aborts the stream when it throws. Never rejects. */
export async function serveStream(handler: StreamHandler, peer: NodeId, stream: ByteStream): Promise<void> {
  try {
    await handler(peer, stream);
  } catch (error) {
    stream.abort(errorOf(error));
  }
}

/** Aborts `stream` when `signal` is, unless `over` was before: the stream has ended then, and leaves no listener behind. */
export function abortWith(stream: ByteStream, signal: AbortSignal, over: AbortSignal): void {
  if (signal.aborted) stream.abort(abortReason(signal));
  else signal.addEventListener('abort', () => stream.abort(abortReason(signal)), { once: true, signal: over });
}
