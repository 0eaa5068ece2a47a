/**
 * A network inside one process: the nodes that joined, and a link between every two of them that can be cut, slowed and
 * made lossy. For tests and for the simulator, which gives it a virtual clock and a seeded random source.
 *
 * Invariants: two nodes are linked exactly while both run, neither end is cut from the other, and each is in the other's
 * member list; a message or stream does not survive an interruption of its link; given the same clock, random numbers
 * and calls, everything happens in the same order.
 */

import { compareText, type NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { abortReason, pause, type Clock, type RandomInteger } from '../clock.ts';
import type { MemberList } from '../membership/member-list.ts';
import type { ByteStream, Network, PeerLink } from '../network.ts';
import { abortWith, serveStream } from '../stream/wired-stream.ts';
import { unreachable } from '../transport-error.ts';
import { deliveryDelaysMs, drawDelayMs, newLink, type LinkFaults, type MemoryLink } from './link.ts';
import { MemoryNetwork, type MemoryFabric } from './network.ts';
import { streamPair } from './stream-pair.ts';

export interface MemoryHubOptions {
  readonly clock: Clock;
  readonly random: RandomInteger;
}

export class MemoryHub {
  readonly #clock: Clock;
  readonly #random: RandomInteger;
  readonly #nodes = new Map<NodeId, MemoryNetwork>();
  readonly #links = new Map<string, MemoryLink>();
  readonly #fabric: MemoryFabric;

  constructor({ clock, random }: MemoryHubOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#fabric = {
      clock,
      peersOf: (node) => this.#peersOf(node),
      sendGossip: (from, to, topic, bytes) => this.#sendGossip(from, to, topic, bytes),
      openStream: (from, to, protocol, signal, over) => this.#openStream(from, to, protocol, signal, over),
      changed: (node) => this.#changed(node),
    };
  }

  /** A network for `members.self`, to be started. A node that has stopped may join again, as after a restart. */
  join(members: MemberList): Network {
    invariant(this.#nodes.get(members.self)?.isRunning !== true, 'a node joins once, or after it has stopped');
    const network = new MemoryNetwork(this.#fabric, members);
    this.#nodes.set(members.self, network);
    return network;
  }

  /** Cuts the link: both ends see each other leave, streams fail, what is on the way is lost. */
  cut(a: NodeId, b: NodeId): void {
    this.#setCut(a, b, true);
  }

  heal(a: NodeId, b: NodeId): void {
    this.#setCut(a, b, false);
  }

  setFaults(a: NodeId, b: NodeId, faults: LinkFaults): void {
    this.#link(a, b).faults = faults;
  }

  #setCut(a: NodeId, b: NodeId, isCut: boolean): void {
    const link = this.#link(a, b);
    const wasLinked = this.#areLinked(a, b);
    link.isCut = isCut;
    if (wasLinked === this.#areLinked(a, b)) return;
    interrupt(link);
    this.#nodes.get(a)?.peersChanged();
    this.#nodes.get(b)?.peersChanged();
  }

  #link(a: NodeId, b: NodeId): MemoryLink {
    invariant(a !== b, 'a link has two ends');
    const key = [a, b].sort(compareText).join(' ');
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link = newLink();
    this.#links.set(key, link);
    return link;
  }

  #areLinked(a: NodeId, b: NodeId): boolean {
    return this.#couldLink(a, b) && this.#isRunning(a) && this.#isRunning(b);
  }

  /** Whether the two would be linked if both were running. */
  #couldLink(a: NodeId, b: NodeId): boolean {
    const allows = (one: NodeId, other: NodeId): boolean =>
      this.#nodes.get(one)?.members.decideConnection(other).allowed === true;
    return allows(a, b) && allows(b, a) && !this.#link(a, b).isCut;
  }

  #isRunning(node: NodeId): boolean {
    return this.#nodes.get(node)?.isRunning === true;
  }

  #peersOf(self: NodeId): PeerLink[] {
    return [...this.#nodes.keys()]
      .filter((node) => this.#areLinked(self, node))
      .sort(compareText)
      .map((node) => {
        const { delayMsMin, delayMsMax } = this.#link(self, node).faults;
        // Twice the mean one-way delay: what a ping would measure on average, without drawing for it.
        return { node, roundTripMs: delayMsMin + delayMsMax };
      });
  }

  #changed(node: NodeId): void {
    const touched = [...this.#nodes.keys()]
      .filter((other) => this.#isRunning(other) && this.#couldLink(node, other))
      .sort(compareText);
    for (const other of touched) interrupt(this.#link(node, other));
    for (const other of touched) this.#nodes.get(other)?.peersChanged();
    if (touched.length > 0) this.#nodes.get(node)?.peersChanged();
  }

  #sendGossip(from: NodeId, to: NodeId, topic: string, bytes: Uint8Array): void {
    const link = this.#link(from, to);
    const { generation } = link;
    for (const delayMs of deliveryDelaysMs(link.faults, this.#random)) {
      this.#clock.schedule(delayMs, () => {
        if (link.generation === generation) void this.#nodes.get(to)?.receiveGossip(from, topic, bytes);
      });
    }
  }

  async #openStream(
    from: NodeId,
    to: NodeId,
    protocol: string,
    signal: AbortSignal,
    over: AbortController,
  ): Promise<ByteStream> {
    if (signal.aborted) throw abortReason(signal);
    if (!this.#areLinked(from, to)) throw unreachable(to, protocol, 'no connection');
    const link = this.#link(from, to);
    const { generation } = link;
    const delayMs = (): number => drawDelayMs(link.faults, this.#random);
    await pause(this.#clock, delayMs() + delayMs(), signal);
    if (link.generation !== generation) throw unreachable(to, protocol, 'a connection that closed meanwhile');
    const handler = this.#nodes.get(to)?.handlerOf(protocol);
    if (handler === undefined) throw unreachable(to, protocol, 'a connection that does not speak it');

    const pair = streamPair(
      protocol,
      (deliver) => void this.#clock.schedule(delayMs(), deliver),
      () => {
        link.streams.delete(pair);
        over.abort();
      },
    );
    link.streams.add(pair);
    abortWith(pair.near, signal, over.signal);
    void serveStream(handler, from, pair.far);
    return pair.near;
  }
}

/** Ends what is on the link. */
function interrupt(link: MemoryLink): void {
  link.generation += 1;
  for (const pair of link.streams) pair.cut();
}
