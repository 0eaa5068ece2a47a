/**
 * A queue between producers that may wait and one consumer that pulls.
 *
 * Invariants: at most `itemsMax` items are held, of together at most `sizeMax` or one alone, and what waits for room enters
 * in the order of the calls; items leave in the order they entered; after `end` the consumer gets what is queued and then the end. A consumer that leaves its loop
 * ends the queue, so that a producer never waits for nobody.
 */

import { invariant } from '../../crdt/invariant.ts';

interface Item<T> {
  readonly item: T;
  readonly size: number;
}

interface Waiting<T> extends Item<T> {
  readonly entered: (isQueued: boolean) => void;
}

export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #itemsMax: number;
  readonly #sizeMax: number;
  readonly #items: Item<T>[] = [];
  #size = 0;
  readonly #waiting: Waiting<T>[] = [];
  #wakeConsumer: (() => void) | undefined;
  #ended = false;

  constructor(itemsMax: number, sizeMax = Infinity) {
    this.#itemsMax = itemsMax;
    this.#sizeMax = sizeMax;
  }

  /** Resolves once the item is queued, and tells whether it was: not after the end. */
  push(item: T, size = 0): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    if (this.#waiting.length > 0 || !this.#hasRoomFor(size)) {
      return new Promise((entered) => this.#waiting.push({ item, size, entered }));
    }
    this.#enter({ item, size });
    this.#wakeConsumer?.();
    return Promise.resolve(true);
  }

  /** The next item, out of its turn, if there is one and `accepts` says so: for a consumer that takes several at once. */
  takeIf(accepts: (item: T) => boolean): T | undefined {
    const [first] = this.#items;
    return first !== undefined && accepts(first.item) ? this.#leave() : undefined;
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
        if (this.#items.length > 0) {
          yield this.#leave();
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

  #hasRoomFor(size: number): boolean {
    const fits = this.#items.length < this.#itemsMax && this.#size + size <= this.#sizeMax;
    return fits || this.#items.length === 0;
  }

  #enter(entry: Item<T>): void {
    this.#items.push(entry);
    this.#size += entry.size;
  }

  /** Takes the first item out and lets in who waits for its room. */
  #leave(): T {
    const first = this.#items.shift();
    invariant(first !== undefined, 'an item leaves a queue that has one');
    this.#size -= first.size;
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoomFor(next.size); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#enter(next);
      next.entered(true);
    }
    return first.item;
  }

  async #nextItem(): Promise<void> {
    invariant(this.#wakeConsumer === undefined, 'a queue has one consumer');
    await new Promise<void>((resolve) => {
      this.#wakeConsumer = resolve;
    });
    this.#wakeConsumer = undefined;
  }
}
