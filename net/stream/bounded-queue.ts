/**
 * A queue between producers that may wait and one consumer that pulls.
 *
 * Invariants: at most `itemsMax` items are held, and what waits for room enters in the order of the calls; items leave in
 * the order they entered; after `end` the consumer gets what is queued and then the end. A consumer that leaves its loop
 * ends the queue, so that a producer never waits for nobody.
 */

import { invariant } from '../../crdt/invariant.ts';

interface Waiting<T> {
  readonly item: T;
  readonly entered: (isQueued: boolean) => void;
}

export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #itemsMax: number;
  readonly #items: { readonly item: T }[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #wakeConsumer: (() => void) | undefined;
  #ended = false;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  /** Resolves once the item is queued, and tells whether it was: not after the end. */
  push(item: T): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    if (this.#items.length >= this.#itemsMax) {
      return new Promise((entered) => this.#waiting.push({ item, entered }));
    }
    this.#items.push({ item });
    this.#wakeConsumer?.();
    return Promise.resolve(true);
  }

  /** Nothing more will come. What waits for room does not get in. */
  end(): void {
    this.#ended = true;
    this.#wakeConsumer?.();
    for (const { entered } of this.#waiting.splice(0)) entered(false);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const first = this.#items.shift();
        if (first !== undefined) {
          this.#letIn();
          yield first.item;
        } else if (this.#ended) {
          return;
        } else {
          await this.#nextItem();
        }
      }
    } finally {
      this.end();
    }
  }

  #letIn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#items.push({ item: next.item });
    next.entered(true);
  }

  async #nextItem(): Promise<void> {
    invariant(this.#wakeConsumer === undefined, 'a queue has one consumer');
    await new Promise<void>((resolve) => {
      this.#wakeConsumer = resolve;
    });
    this.#wakeConsumer = undefined;
  }
}
