/**
 * A bounded queue in front of the disk: so many operations at once, the more urgent first, and no more waiting than a
 * number that has a name.
 *
 * Invariant: one operation beyond the limit is refused at once with `ERR_QUEUE_FULL`; nothing is dropped that was taken.
 */

import PQueue from 'p-queue';
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
  readonly #queue: PQueue;

  constructor(name: string, limits: IoQueueLimits) {
    this.#name = name;
    this.#limits = limits;
    this.#queue = new PQueue({ concurrency: limits.inFlight });
  }

  get waitingCount(): number {
    return this.#queue.size;
  }

  get inFlightCount(): number {
    return this.#queue.pending;
  }

  async run<T>(priority: IoPriority, operation: () => Promise<T>): Promise<T> {
    if (this.#queue.size >= this.#limits.waiting) {
      throw new DriftlockError('ERR_QUEUE_FULL', {
        argument: this.#name,
        expected: `at most ${this.#limits.waiting} waiting`,
        found: 'one more',
      });
    }
    return this.#queue.add(operation, { priority: IO_PRIORITIES.indexOf(priority) });
  }
}
