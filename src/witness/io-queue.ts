/**
 * A bounded queue in front of the disk: so many operations at once, the more urgent first, and no more waiting than a
 * number that has a name. Every chunk of every witness passes it, so it costs two promises where p-queue takes 30 µs.
 *
 * Invariants: one operation beyond the limit is refused at once with `ERR_QUEUE_FULL`; nothing is dropped that was taken. Of one
 * priority, operations begin in the order in which they were asked for.
 */

import { DriftlockError } from '../../crdt/errors.ts';

/** From the least to the most urgent. */
export const IO_PRIORITIES = ['proof', 'peer', 'backlog', 'claim'] as const;
export type IoPriority = (typeof IO_PRIORITIES)[number];

export interface IoQueueLimits {
  readonly inFlight: number;
  readonly waiting: number;
}

export class IoQueue {
  readonly #name: string;
  readonly #limits: IoQueueLimits;
  /** By priority: what lets each operation begin. */
  readonly #waiting = IO_PRIORITIES.map((): (() => void)[] => []);
  #waitingCount = 0;
  #inFlightCount = 0;

  constructor(name: string, limits: IoQueueLimits) {
    this.#name = name;
    this.#limits = limits;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  get inFlightCount(): number {
    return this.#inFlightCount;
  }

  /** Settles as `operation` does. Throws `ERR_QUEUE_FULL`. */
  async run<T>(priority: IoPriority, operation: () => Promise<T>): Promise<T> {
    if (this.#inFlightCount < this.#limits.inFlight) this.#inFlightCount++;
    else await this.#turn(priority);
    try {
      return await operation();
    } finally {
      this.#leave();
    }
  }

  #turn(priority: IoPriority): Promise<void> {
    if (this.#waitingCount >= this.#limits.waiting) {
      throw new DriftlockError('ERR_QUEUE_FULL', {
        argument: this.#name,
        expected: `at most ${this.#limits.waiting} waiting`,
        found: 'one more',
      });
    }
    this.#waitingCount++;
    return new Promise((begin) => this.#waiting[IO_PRIORITIES.indexOf(priority)]?.push(begin));
  }

  /** Gives the place of an operation that has ended to the most urgent that waits. */
  #leave(): void {
    const begin = this.#waiting.findLast((queue) => queue.length > 0)?.shift();
    if (begin === undefined) this.#inFlightCount--;
    else {
      this.#waitingCount--;
      begin();
    }
  }
}
