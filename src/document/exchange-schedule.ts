/**
 * When this node exchanges its document with which peer: on meeting it, again a moment later, soon after there is reason to think that it has or lacks
 * something, and every EXCHANGE_PERIOD_MS besides, whoever of the two begins.
 *
 * Invariant: pure in time, which is given; news that came while an exchange was under way is told by another one, since that one may
 * have looked before it came.
 */

import type { NodeId } from '../../crdt/ids.ts';

export const EXCHANGE_PERIOD_MS = 30_000;
/** From the first exchange after meeting to the second: gossipsub takes a heartbeat or two to carry anything on a new link. */
export const EXCHANGE_SETTLE_MS = 3_000;
/** For several reasons at once to be one exchange. */
export const EXCHANGE_SOON_MS = 500;
/** After one that failed. */
export const EXCHANGE_RETRY_MS = 5_000;
/** On meeting, the node with the greater id leaves the first exchange to the other for this long. */
export const EXCHANGE_YIELD_MS = 2_000;

interface PeerTimes {
  /** Infinity while an exchange that this node began is under way. */
  regularAtMs: number;
  /** For news that no exchange has told of since; undefined: there is none. */
  newsAtMs: number | undefined;
  /** No exchange was done since they met. */
  isNew: boolean;
}

export class ExchangeSchedule {
  readonly #self: NodeId;
  readonly #peers = new Map<NodeId, PeerTimes>();

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** These are linked now. Returns those that were not before. */
  linked(peers: readonly NodeId[], nowMs: number): readonly NodeId[] {
    const met = peers.filter((peer) => !this.#peers.has(peer));
    for (const peer of this.#peers.keys()) if (!peers.includes(peer)) this.#peers.delete(peer);
    for (const peer of met) {
      const regularAtMs = nowMs + (this.#self < peer ? 0 : EXCHANGE_YIELD_MS);
      this.#peers.set(peer, { regularAtMs, newsAtMs: undefined, isNew: true });
    }
    return met;
  }

  /** There is news of `peer`, or for it. */
  soon(peer: NodeId, nowMs: number): void {
    const times = this.#peers.get(peer);
    if (times !== undefined) times.newsAtMs ??= nowMs + EXCHANGE_SOON_MS;
  }

  /** There is news for all but `except`, which brought it. */
  allSoon(nowMs: number, except?: NodeId): void {
    for (const peer of this.#peers.keys()) if (peer !== except) this.soon(peer, nowMs);
  }

  /** This node begins an exchange with `peer`: it tells of all news so far. */
  began(peer: NodeId): void {
    const times = this.#peers.get(peer);
    if (times === undefined) return;
    times.regularAtMs = Infinity;
    times.newsAtMs = undefined;
  }

  /**
   * An exchange with `peer` has ended, whoever began it. What was news before stays news, since the exchange may have begun earlier.
   * `jitterMs`: so that nodes do not stay in step.
   */
  ended(peer: NodeId, isDone: boolean, nowMs: number, jitterMs: number): void {
    const times = this.#peers.get(peer);
    if (times === undefined) return;
    const doneMs = times.isNew ? EXCHANGE_SETTLE_MS : EXCHANGE_PERIOD_MS;
    times.regularAtMs = nowMs + (isDone ? doneMs : EXCHANGE_RETRY_MS) + jitterMs;
    if (isDone) times.isNew = false;
  }

  due(nowMs: number): readonly NodeId[] {
    return [...this.#peers].flatMap(([peer, { regularAtMs, newsAtMs = Infinity }]) =>
      Math.min(regularAtMs, newsAtMs) <= nowMs ? [peer] : [],
    );
  }
}
