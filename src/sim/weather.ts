/**
 * The state of the network between the machines: what the faults of one direction of one link add up to.
 *
 * Invariant: a link's faults are the base delay of its distance and what every fault that is in force adds to it, so
 * faults can overlap and end in any order. For each two machines it is known since when the way between them has been
 * good: nothing lost, nothing held back, no delay beyond the delivery margin.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { LinkFaults } from '../../net/memory/link.ts';
import type { MemoryHub } from '../../net/memory/hub.ts';

/** What one fault does to one direction. Delays and rates of several add up. */
export interface Disturbance {
  readonly lossPermille?: number;
  readonly repeatPermille?: number;
  readonly extraDelayMs?: number;
  /** Random part of the delay: what overtakes what. */
  readonly jitterMs?: number;
}

interface Way {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly baseDelayMs: number;
  readonly disturbances: Set<Disturbance>;
  /** Faults that cut the link or block the way; several may at once. */
  cuts: number;
  blocks: number;
  goodSinceMs: number;
}

export class Weather {
  readonly #time: Clock;
  readonly #hub: MemoryHub;
  readonly #deliveryMarginMs: number;
  readonly #ways = new Map<string, Way>();

  constructor(time: Clock, hub: MemoryHub, deliveryMarginMs: number) {
    this.#time = time;
    this.#hub = hub;
    this.#deliveryMarginMs = deliveryMarginMs;
  }

  /** Two machines come to be, this far apart. */
  connect(a: NodeId, b: NodeId, baseDelayMs: number): void {
    for (const [from, to] of bothWays(a, b)) {
      const way = { from, to, baseDelayMs, disturbances: new Set<Disturbance>(), cuts: 0, blocks: 0, goodSinceMs: 0 };
      this.#ways.set(`${from} ${to}`, way);
      this.#apply(way);
    }
  }

  /** Disturbs the way from `from` to `to` until the returned function is called. */
  disturb(from: NodeId, to: NodeId, disturbance: Disturbance): () => void {
    const way = this.#way(from, to);
    way.disturbances.add(disturbance);
    this.#apply(way);
    return () => {
      way.disturbances.delete(disturbance);
      this.#apply(way);
    };
  }

  cut(a: NodeId, b: NodeId): () => void {
    for (const [from, to] of bothWays(a, b)) this.#way(from, to).cuts++;
    this.#hub.cut(a, b);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      for (const [from, to] of bothWays(a, b)) {
        const way = this.#way(from, to);
        way.cuts--;
        way.goodSinceMs = this.#time.monotonicMs();
        if (way.cuts === 0) this.#hub.heal(from, to);
      }
    };
  }

  block(from: NodeId, to: NodeId): () => void {
    const way = this.#way(from, to);
    way.blocks++;
    this.#hub.block(from, to);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      way.blocks--;
      way.goodSinceMs = this.#time.monotonicMs();
      if (way.blocks === 0) this.#hub.unblock(from, to);
    };
  }

  /** Since when what `from` sends has reached `to` within the delivery margin; undefined while it may not. */
  goodSinceMs(from: NodeId, to: NodeId): number | undefined {
    const way = this.#way(from, to);
    if (way.cuts > 0 || way.blocks > 0 || this.#isBad(way)) return undefined;
    return way.goodSinceMs;
  }

  #way(from: NodeId, to: NodeId): Way {
    const way = this.#ways.get(`${from} ${to}`);
    if (way === undefined) throw new TypeError(`no way from ${from} to ${to}`);
    return way;
  }

  #isBad(way: Way): boolean {
    const { lossPermille, delayMsMax } = faultsOf(way);
    // What is forwarded and answered takes several ways: a third of the margin for each.
    return lossPermille > 0 || delayMsMax > this.#deliveryMarginMs / 3;
  }

  #apply(way: Way): void {
    way.goodSinceMs = this.#time.monotonicMs();
    this.#hub.setFaultsTowards(way.from, way.to, faultsOf(way));
  }
}

function faultsOf({ baseDelayMs, disturbances }: Way): LinkFaults {
  const sum = { lossPermille: 0, repeatPermille: 0, extraDelayMs: 0, jitterMs: 0 };
  for (const disturbance of disturbances) {
    sum.lossPermille += disturbance.lossPermille ?? 0;
    sum.repeatPermille += disturbance.repeatPermille ?? 0;
    sum.extraDelayMs += disturbance.extraDelayMs ?? 0;
    sum.jitterMs += disturbance.jitterMs ?? 0;
  }
  const delayMsMin = baseDelayMs + sum.extraDelayMs;
  return {
    lossPermille: Math.min(1_000, sum.lossPermille),
    repeatPermille: Math.min(1_000, sum.repeatPermille),
    delayMsMin,
    delayMsMax: delayMsMin + sum.jitterMs,
  };
}

function bothWays(a: NodeId, b: NodeId): [NodeId, NodeId][] {
  return [
    [a, b],
    [b, a],
  ];
}
