/**
 * Shares work among validators that know nothing of driftlock and claim whatever they see first: for a while after a
 * block's witness becomes visible here, its `.v` is shown as taken, unless this node ranks first for it. A node of rank r
 * shows it so for r times the duration, so that one machine after the other gets its turn, and none needs a message.
 *
 * It also keeps the lock of a program on this machine that this node cannot vouch for, since its clock is off.
 *
 * Invariant: a reservation is part of what this node shows to its own machine and never of the record. It begins once
 * for a block, and ends at the latest when somebody claims or finishes it.
 */

import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';

export interface ReservationsOptions {
  readonly clock: Clock;
  /** Of one rank. Undefined: nothing is reserved. */
  readonly durationMs: number | undefined;
  /** How many nodes come before this one for the block. */
  readonly rankOf: (key: BlockKey) => number;
  /** It ran out, and nobody has claimed the block. */
  readonly onLapsed: (key: BlockKey) => void;
}

interface Reservation {
  readonly untilMonotonicMs: number;
  readonly cancelTimer: () => void;
}

export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #reservations = new Map<BlockId, Reservation>();

  constructor(options: ReservationsOptions) {
    this.#options = options;
  }

  /** Blocks that are reserved for others now. */
  get size(): number {
    return this.#reservations.size;
  }

  /** The block's witness is about to be seen here. Whether it is reserved for another now. */
  begin(key: BlockKey): boolean {
    const { durationMs, rankOf } = this.#options;
    if (durationMs === undefined || this.#reservations.has(blockId(key))) return this.remainingMs(key) > 0;
    const lastsMs = durationMs * rankOf(key);
    if (lastsMs === 0) return false;
    this.hold(key, lastsMs);
    return true;
  }

  /** Shows the block as taken for `lastsMs` from now on, whatever was reserved before. */
  hold(key: BlockKey, lastsMs: number): void {
    const { clock } = this.#options;
    this.end(key);
    const cancelTimer = clock.schedule(lastsMs, () => this.#lapse(key));
    this.#reservations.set(blockId(key), { untilMonotonicMs: clock.monotonicMs() + lastsMs, cancelTimer });
  }

  /** For how long the block is still reserved; 0: it is not. */
  remainingMs(key: BlockKey): number {
    const reservation = this.#reservations.get(blockId(key));
    if (reservation === undefined) return 0;
    return Math.max(0, reservation.untilMonotonicMs - this.#options.clock.monotonicMs());
  }

  /** Somebody has claimed or finished the block. */
  end(key: BlockKey): void {
    this.#reservations.get(blockId(key))?.cancelTimer();
    this.#reservations.delete(blockId(key));
  }

  stop(): void {
    for (const { cancelTimer } of this.#reservations.values()) cancelTimer();
    this.#reservations.clear();
  }

  #lapse(key: BlockKey): void {
    this.#reservations.delete(blockId(key));
    this.#options.onLapsed(key);
  }
}
