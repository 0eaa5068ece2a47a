/**
 * How long the latest messages of each peer took to reach this node.
 *
 * Invariant: at most `DELIVERIES_KEPT` of a peer are kept, the latest; what is asked for is a high quantile, so that one
 * stall in twenty messages does not count and a slow way does.
 */

import type { NodeId } from '../../crdt/ids.ts';

export const DELIVERIES_KEPT = 64;
export const DELIVERY_QUANTILE = 0.95;

export class DeliveryTimes {
  readonly #latest = new Map<NodeId, number[]>();

  note(peer: NodeId, deliveryMs: number): void {
    const latest = this.#latest.get(peer) ?? [];
    latest.push(Math.max(0, deliveryMs));
    if (latest.length > DELIVERIES_KEPT) latest.shift();
    this.#latest.set(peer, latest);
  }

  /** What `DELIVERY_QUANTILE` of its messages do not exceed; undefined when none were noted. */
  slowOf(peer: NodeId): number | undefined {
    const ascending = this.#latest.get(peer)?.toSorted((a, b) => a - b);
    return ascending?.[Math.ceil(DELIVERY_QUANTILE * ascending.length) - 1];
  }
}
