/**
 * How long each candidate for a block gives the one before it, from how long messages of the live members really take.
 *
 * Invariant: what is measured leads to `RANK_STEP_MS_MIN` to `RANK_STEP_MS_MAX`; a configured number is left as it is.
 */

import type { NodeId } from '../../crdt/ids.ts';
import { middleMs, type Interval } from '../../net/clock-sync/interval.ts';
import type { Heartbeat } from '../../net/presence/heartbeat.ts';
import { DeliveryTimes } from './delivery-times.ts';

/** One stall of a busy process, such as a major garbage collection. */
export const RANK_STEP_MS_MIN = 50;
/** Beyond this, waiting costs more than the validation that it may save. */
export const RANK_STEP_MS_MAX = 2_000;
/** While nothing was measured: what a claim takes across the largest region, with room. */
export const RANK_STEP_MS_UNMEASURED = 250;
/** For what delivery does not show: the sender gathers a batch, both sides check signatures and look at the block. */
const HANDLING_MS = 25;

/**
 * `deliveriesMs`: for each live candidate, how long its slow messages take to reach us, as the mean of both ways. Twice
 * the longest: whatever part of a round trip the way of its claim takes, the claim is here by then.
 */
export function rankStepFor(deliveriesMs: readonly number[]): number {
  if (deliveriesMs.length === 0) return RANK_STEP_MS_UNMEASURED;
  const stepMs = 2 * Math.max(...deliveriesMs) + HANDLING_MS;
  return Math.round(Math.min(RANK_STEP_MS_MAX, Math.max(RANK_STEP_MS_MIN, stepMs)));
}

export interface RankStepOptions {
  /** Undefined: measured. */
  readonly fixedMs: number | undefined;
  /** The members that may claim blocks now, besides this one. */
  readonly live: () => readonly NodeId[];
  /** Their wall clock minus ours. */
  readonly offsetOf: (peer: NodeId) => Interval | undefined;
}

export class RankStep {
  readonly #options: RankStepOptions;
  readonly #deliveries = new DeliveryTimes();

  constructor(options: RankStepOptions) {
    this.#options = options;
  }

  get isFixed(): boolean {
    return this.#options.fixedMs !== undefined;
  }

  /**
   * Takes how long the heartbeat was under way; nothing when its sender's clock is not known. The middle of the offset's
   * interval puts half of the round trip on each way, and what the message waited on top of that on this one.
   */
  noteHeartbeat({ node, sentAtWallMs }: Pick<Heartbeat, 'node' | 'sentAtWallMs'>, nowWallMs: number): void {
    const offset = this.#options.offsetOf(node);
    if (offset !== undefined) this.#deliveries.note(node, nowWallMs - sentAtWallMs + middleMs(offset));
  }

  currentMs(): number {
    return this.#options.fixedMs ?? rankStepFor(this.#deliveriesMs());
  }

  /** What nearly every message of the slowest live candidate takes to reach us; undefined: not measured. */
  get deliveryMs(): number | undefined {
    const deliveriesMs = this.#deliveriesMs();
    return deliveriesMs.length === 0 ? undefined : Math.max(...deliveriesMs);
  }

  #deliveriesMs(): number[] {
    return this.#options.live().flatMap((peer) => this.#deliveries.slowOf(peer) ?? []);
  }
}
