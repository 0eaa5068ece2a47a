/**
 * A lease that this node holds: renewed while the validation runs, given up when it ends, lost when time or a winner
 * takes it. The runner's renew themselves; those of API clients are renewed by their clients or not at all.
 *
 * Invariant: `signal` is aborted no later than the moment at which the holder's side of the lease rule says stop, and at
 * once when the merged record shows another holder. A lost lease is never renewed.
 */

import type { BlockRecord } from '../../crdt/block/record.ts';
import { hasSuccess } from '../../crdt/block/record.ts';
import { isLeaseEndedBy } from '../../crdt/block/view.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { hasRenewalsLeft, isSameClaim, RENEWED_AFTER_MS_MAX, type Lease } from '../../crdt/lease/lease.ts';
import { holderRemainingMs, type ClockBounds } from '../../crdt/lease/rule.ts';
import type { Clock } from '../../net/clock.ts';
import type { Author } from '../author/author.ts';

export type LeaseLoss =
  /** Another claim won the merge. */
  | 'outbid'
  /** Another node has validated the block. */
  | 'finished-elsewhere'
  /** A failure of this node ended it: another program in its directory reported one while the validation ran. */
  | 'failed-elsewhere'
  /** Its time ran out before it could be renewed, as after a pause of the process. */
  | 'expired'
  | 'stopping';

export interface HeldLeaseOptions {
  readonly key: BlockKey;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly bounds: ClockBounds;
  readonly author: Author;
  /** Whether it renews itself until it ends. Else it runs out unless {@link HeldLease.renew} is called. */
  readonly renewsItself: boolean;
  readonly publish: (lease: Lease) => void;
}

export class HeldLease {
  readonly #options: HeldLeaseOptions;
  readonly #controller = new AbortController();
  readonly #claimedAtMs: number;
  #lease: Lease;
  /** When the claim or its latest renewal was sent: what the holder counts from. */
  #sentAtMs: number;
  #loss: LeaseLoss | undefined;
  #isOver = false;
  #cancelTimer: () => void;

  constructor(options: HeldLeaseOptions) {
    this.#options = options;
    this.#lease = options.lease;
    this.#claimedAtMs = options.clock.monotonicMs();
    this.#sentAtMs = this.#claimedAtMs;
    this.#cancelTimer = this.#scheduleTimer();
  }

  get lease(): Lease {
    return this.#lease;
  }

  /** When the claim or its latest renewal was sent, on the monotonic clock. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the lease was lost; undefined while it is held. */
  get loss(): LeaseLoss | undefined {
    if (this.#loss === undefined && this.remainingMs() <= 0) this.abandon('expired');
    return this.#loss;
  }

  /** Whether this node may act on it now: it was neither lost nor is its validation over. */
  get isHeld(): boolean {
    return this.#loss === undefined && !this.#isOver && this.remainingMs() > 0;
  }

  /** Milliseconds for which this node may still act on it. */
  remainingMs(): number {
    const elapsedMs = this.#options.clock.monotonicMs() - this.#sentAtMs;
    return holderRemainingMs(this.#lease.durationMs, elapsedMs, this.#options.bounds);
  }

  /** The block's record changed. */
  observe(record: BlockRecord): void {
    if (hasSuccess(record.results)) this.abandon('finished-elsewhere');
    else if (record.lease === undefined || !isSameClaim(record.lease, this.#lease)) this.abandon('outbid');
    else if (isLeaseEndedBy(this.#lease, record.results)) this.abandon('failed-elsewhere');
  }

  /** Stops acting on it. */
  abandon(loss: LeaseLoss): void {
    if (this.#loss !== undefined) return;
    this.#loss = loss;
    this.#cancelTimer();
    this.#controller.abort(new DOMException(`the lease is lost: ${loss}`, 'AbortError'));
  }

  /** Tells the others that the block is free again. */
  release(): void {
    const { author, key, publish } = this.#options;
    this.end();
    this.#lease = author.release(key, this.#lease);
    publish(this.#lease);
  }

  /** No more renewals: the validation is over. */
  end(): void {
    this.#isOver = true;
    this.#cancelTimer();
  }

  /**
   * Extends it to `durationMs` from now. False: it is lost, or was renewed as often, or as long after its claim (49
   * days), as the record can say; then it runs out.
   */
  renew(durationMs: number = this.#lease.durationMs): boolean {
    const { author, key, clock, publish } = this.#options;
    const sentAtMs = clock.monotonicMs();
    const renewedAfterMs = sentAtMs - this.#claimedAtMs;
    if (this.loss !== undefined || !hasRenewalsLeft(this.#lease) || renewedAfterMs > RENEWED_AFTER_MS_MAX) return false;
    this.#cancelTimer();
    this.#sentAtMs = sentAtMs;
    this.#lease = author.renew(key, this.#lease, renewedAfterMs, durationMs);
    this.#cancelTimer = this.#scheduleTimer();
    publish(this.#lease);
    return true;
  }

  #scheduleTimer(): () => void {
    const { clock, renewsItself } = this.#options;
    // Half of the holder's time: one renewal may be late by as much again before the lease is lost.
    if (renewsItself) return clock.schedule(Math.max(1, this.remainingMs() / 2), () => this.#renewOrRunOut());
    return this.#scheduleEnd();
  }

  #renewOrRunOut(): void {
    if (!this.renew() && this.loss === undefined) this.#cancelTimer = this.#scheduleEnd();
  }

  #scheduleEnd(): () => void {
    const { clock } = this.#options;
    return clock.schedule(Math.max(1, this.remainingMs()), () => {
      if (this.loss === undefined) this.#cancelTimer = this.#scheduleEnd();
    });
  }
}
