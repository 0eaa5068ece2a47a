/**
 * The network between the nodes of a run: a proxy for each ordered pair, dialler and listener.
 *
 * Invariant: nodes are told the proxies' addresses alone. An address that was given for a peer is the only one that a node
 * dials (`link-keeper.ts`), so nothing goes around a fault.
 */

import type { Clock, RandomInteger } from '../../../net/clock.ts';
import { DirectedLink } from './directed-link.ts';
import { LinkProxy } from './link-proxy.ts';
import type { LinkShape } from './shape.ts';

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly proxy: LinkProxy;
  /** From `from` to `to`. */
  readonly link: DirectedLink;
}

export class Mesh {
  readonly #pairs: readonly Pair[];
  readonly #ports = new Map<Pair, number>();

  /** `listeners`: the port of each node on 127.0.0.1. */
  constructor(listeners: readonly number[], clock: Clock, random: RandomInteger) {
    const links = listeners.map(() => listeners.map(() => new DirectedLink(clock, random)));
    this.#pairs = listeners.flatMap((_, from) =>
      listeners.flatMap((port, to) => {
        const [there, back] = [links[from]?.[to], links[to]?.[from]];
        if (from === to || there === undefined || back === undefined) return [];
        const target = { host: '127.0.0.1', port };
        return [{ from, to, link: there, proxy: new LinkProxy({ clock, there, back, target }) }];
      }),
    );
  }

  async listen(): Promise<void> {
    for (const pair of this.#pairs) this.#ports.set(pair, await pair.proxy.listen());
  }

  /** Where `from` dials `to`. */
  portOf(from: number, to: number): number | undefined {
    const pair = this.#pairs.find((one) => one.from === from && one.to === to);
    return pair === undefined ? undefined : this.#ports.get(pair);
  }

  /** Shapes the ways for which `matches` holds; the returned function lifts it. */
  impose(shape: LinkShape, matches: (from: number, to: number) => boolean): () => void {
    const lifts = this.#matching(matches).map(({ link }) => link.impose(shape));
    return () => lifts.forEach((lift) => lift());
  }

  reset(matches: (from: number, to: number) => boolean): void {
    for (const { proxy } of this.#matching(matches)) proxy.resetAll();
  }

  /** The returned function ends what was left open. */
  leaveHalfOpen(matches: (from: number, to: number) => boolean): () => void {
    const ends = this.#matching(matches).map(({ proxy }) => proxy.leaveHalfOpen());
    return () => ends.forEach((end) => end());
  }

  async close(): Promise<void> {
    await Promise.all(this.#pairs.map(({ proxy }) => proxy.close()));
  }

  #matching(matches: (from: number, to: number) => boolean): readonly Pair[] {
    return this.#pairs.filter(({ from, to }) => matches(from, to));
  }
}
