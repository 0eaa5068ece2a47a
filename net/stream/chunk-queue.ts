/**
 * The reading side of a stream: chunks that arrive by event wait here for a reader that pulls.
 *
 * Invariants: chunks leave in the order they came; after `end` the reader gets what is queued and then the end; after
 * `fail` it gets the error at once and what is queued is dropped. The queue has no limit of its own: `onRead` tells the
 * producer that a reader took something or waits, and `bytes` tells it when to stop.
 */

import { invariant } from '../../crdt/invariant.ts';

type Waiter = PromiseWithResolvers<IteratorResult<Uint8Array, undefined>>;

export class ChunkQueue implements AsyncIterable<Uint8Array> {
  readonly #onRead: () => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #error: Error | undefined;
  #reader: Waiter | undefined;

  constructor(onRead: () => void) {
    this.#onRead = onRead;
  }

  /** Bytes that no reader took yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing more will arrive. */
  get closed(): boolean {
    return this.#ended || this.#error !== undefined;
  }

  /** Bytes that arrive after `end` or `fail` are dropped. */
  push(chunk: Uint8Array): void {
    if (this.closed || chunk.length === 0) return;
    const reader = this.#takeReader();
    if (reader === undefined) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    } else {
      reader.resolve({ done: false, value: chunk });
    }
  }

  end(): void {
    if (this.closed) return;
    this.#ended = true;
    this.#takeReader()?.resolve({ done: true, value: undefined });
  }

  fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#takeReader()?.reject(error);
  }

  /** Leaving a loop early (`return`) keeps what is unread for the next loop. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#error !== undefined) throw this.#error;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#bytes -= chunk.length;
      this.#onRead();
      return { done: false, value: chunk };
    }
    if (this.#ended) return { done: true, value: undefined };
    invariant(this.#reader === undefined, 'a stream has one reader at a time');
    const reader: Waiter = Promise.withResolvers();
    // Set before onRead, which may push at once.
    this.#reader = reader;
    this.#onRead();
    return reader.promise;
  }

  #takeReader(): Waiter | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}
