/**
 * When this node exchanges its document with which peer: on meeting it, soon after there is reason to think that it has or lacks
 * something, and every EXCHANGE_PERIOD_MS besides, whoever of the two begins.
 *
 * Invariant: pure in time, which is given; every linked peer has exactly one moment at which it is due.
 */

import type { NodeId } from '../../crdt/ids.ts';

export const EXCHANGE_PERIOD_MS = 30_000;
/** For several reasons at once to be one exchange. */
export const EXCHANGE_SOON_MS = 500;
/** After one that failed. */
export const EXCHANGE_RETRY_MS = 5_000;
/** On meeting, the node with the greater id leaves the first exchange to the other for this long. */
export const EXCHANGE_YIELD_MS = 2_000;

export class ExchangeSchedule {
  readonly #self: NodeId;
  readonly #dueAtMs = new Map<NodeId, number>();

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** These are linked now. Returns those that were not before. */
  linked(peers: readonly NodeId[], nowMs: number): readonly NodeId[] {
    const met = peers.filter((peer) => !this.#dueAtMs.has(peer));
    for (const peer of this.#dueAtMs.keys()) if (!peers.includes(peer)) this.#dueAtMs.delete(peer);
    for (const peer of met) this.#dueAtMs.set(peer, nowMs + (this.#self < peer ? 0 : EXCHANGE_YIELD_MS));
    return met;
  }

  /** There is news of `peer`, or for it. */
  soon(peer: NodeId, nowMs: number): void {
    const dueAtMs = this.#dueAtMs.get(peer);
    if (dueAtMs !== undefined) this.#dueAtMs.set(peer, Math.min(dueAtMs, nowMs + EXCHANGE_SOON_MS));
  }

  /** There is news for all but `except`, which brought it. */
  allSoon(nowMs: number, except?: NodeId): void {
    for (const peer of this.#dueAtMs.keys()) if (peer !== except) this.soon(peer, nowMs);
  }

  /** An exchange with `peer` has ended. `jitterMs`: so that nodes do not stay in step. */
  ended(peer: NodeId, isDone: boolean, nowMs: number, jitterMs: number): void {
    if (!this.#dueAtMs.has(peer)) return;
    this.#dueAtMs.set(peer, nowMs + (isDone ? EXCHANGE_PERIOD_MS : EXCHANGE_RETRY_MS) + jitterMs);
  }

  due(nowMs: number): readonly NodeId[] {
    return [...this.#dueAtMs].flatMap(([peer, dueAtMs]) => (dueAtMs <= nowMs ? [peer] : []));
  }
}
