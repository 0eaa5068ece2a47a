/**
 * The copies of gossip messages on their way to one node. A node looks at the first copy of a message that arrives and at
 * no other, and flooding sends it one from almost every peer: so only the one that is due first has a timer.
 *
 * Invariant: of each message the first copy arrives, when it is due, that is not lost on its way; when one is lost, those
 * behind it are on theirs. It costs a simulated cluster half of its timers to let all of them arrive.
 */

import type { Clock } from '../clock.ts';

/** Hands the copy over; false: it was lost on its way. */
type Deliver = () => boolean;

interface Copy {
  readonly dueMs: number;
  readonly deliver: Deliver;
}

interface Flight {
  readonly dueMs: number;
  /** Due no earlier than this one. */
  readonly behind: Copy[];
}

export class GossipFlights {
  readonly #clock: Clock;
  readonly #first = new Map<string, Flight>();

  /** `clock`: of the machine that the node runs on. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A copy of the message `id` sets out, and is due after `delayMs`. */
  send(id: string, delayMs: number, deliver: Deliver): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const first = this.#first.get(id);
    if (first !== undefined && first.dueMs <= dueMs) {
      first.behind.push({ dueMs, deliver });
      return;
    }
    const flight: Flight = { dueMs, behind: [] };
    this.#first.set(id, flight);
    this.#clock.schedule(delayMs, () => {
      if (this.#first.get(id) === flight) this.#first.delete(id);
      if (deliver()) return;
      const nowMs = this.#clock.monotonicMs();
      for (const copy of flight.behind) this.send(id, Math.max(0, copy.dueMs - nowMs), copy.deliver);
    });
  }
}
