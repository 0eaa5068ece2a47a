/**
 * Clients that wait for a block to claim, the one that waited longest first.
 *
 * Invariant: at most `CLIENTS_WAITING_MAX` wait, each for at most `NEXT_WAIT_MS_MAX`; a client that went away is handed
 * nothing.
 */

import { errorOf } from '../../crdt/errors.ts';
import type { Clock } from '../../net/clock.ts';
import type { Claimed } from './client-leases.ts';
import { LeaseError } from './lease-error.ts';

export const CLIENTS_WAITING_MAX = 64;
/** Less than what proxies and HTTP clients commonly allow an answer, 60 s. */
export const NEXT_WAIT_MS_MAX = 30_000;

interface Waiting {
  readonly durationMs: number;
  readonly settle: (claimed: Claimed | undefined) => void;
  readonly fail: (error: unknown) => void;
}

export class ClientQueue {
  readonly #clock: Clock;
  readonly #claimNext: (durationMs: number) => Claimed | undefined;
  readonly #waiting = new Set<Waiting>();
  #isServing = false;

  constructor(clock: Clock, claimNext: (durationMs: number) => Claimed | undefined) {
    this.#clock = clock;
    this.#claimNext = claimNext;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves to a claim of `durationMs`, or to undefined after `waitMs` or when `signal` is aborted. */
  wait(durationMs: number, waitMs: number, signal: AbortSignal): Promise<Claimed | undefined> {
    if (waitMs <= 0 || signal.aborted) return Promise.resolve(undefined);
    if (this.#waiting.size >= CLIENTS_WAITING_MAX) {
      throw new LeaseError('ERR_TOO_MANY_WAITING', {
        argument: 'waitMs',
        expected: `at most ${CLIENTS_WAITING_MAX} clients that wait`,
        found: 'one more',
      });
    }
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(waiting);
        cancelTimer();
        signal.removeEventListener('abort', giveUp);
      };
      const waiting: Waiting = {
        durationMs,
        settle: (claimed) => {
          end();
          resolve(claimed);
        },
        fail: (error) => {
          end();
          reject(errorOf(error));
        },
      };
      const giveUp = (): void => waiting.settle(undefined);
      const cancelTimer = this.#clock.schedule(waitMs, giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** A block became ready: claims for those who wait, while there is one. */
  serve(): void {
    // A claim changes a record, which can make this be called again in the middle of it.
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      for (const waiting of this.#waiting) {
        if (!this.#serveOne(waiting)) return;
      }
    } finally {
      this.#isServing = false;
    }
  }

  /** False: there is no block. */
  #serveOne(waiting: Waiting): boolean {
    try {
      const claimed = this.#claimNext(waiting.durationMs);
      if (claimed !== undefined) waiting.settle(claimed);
      return claimed !== undefined;
    } catch (error) {
      waiting.fail(error);
      return true;
    }
  }

  stop(): void {
    for (const waiting of this.#waiting) waiting.settle(undefined);
  }
}
