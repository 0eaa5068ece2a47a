/**
 * A network inside one process: the nodes that joined, and a link between every two of them that can be cut, slowed and
 * made lossy, each way by itself. For tests and for the simulator, which gives it a virtual clock and a seeded random source.
 *
 * Invariants: two nodes are linked exactly while both run, neither end is cut from the other, and each is in the other's
 * member list; a message or stream does not survive an interruption of its link; what
 * reaches a node happens on that node's clock, so a machine that stands still gets it when it goes on; given the same
 * clocks, random numbers and calls, everything happens in the same order.
 */

import { compareText, type NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { abortReason, pause, type Clock, type RandomInteger } from '../clock.ts';
import type { MemberList } from '../membership/member-list.ts';
import type { ByteStream, PeerLink } from '../network.ts';
import { abortWith, serveStream } from '../stream/wired-stream.ts';
import { unreachable } from '../transport-error.ts';
import {
  deliveryDelaysMs,
  drawDelayMs,
  newLink,
  type LinkDirection,
  type LinkFaults,
  type MemoryLink,
} from './link.ts';
import { GossipFlights } from './gossip-flights.ts';
import { HolderBook } from './holder-directory.ts';
import { MemoryNetwork, type GossipPacket, type MemoryFabric } from './network.ts';
import { streamPair } from './stream-pair.ts';

export interface MemoryHubOptions {
  readonly clock: Clock;
  readonly random: RandomInteger;
}

export class MemoryHub {
  readonly #clock: Clock;
  readonly #random: RandomInteger;
  readonly #nodes = new Map<NodeId, MemoryNetwork>();
  readonly #clocks = new Map<NodeId, Clock>();
  /** What is on its way to each node, since it joined last. */
  readonly #flights = new Map<NodeId, GossipFlights>();
  readonly #links = new Map<NodeId, Map<NodeId, MemoryLink>>();
  /** Whom each node is linked to, until something changes: asked for with every message. */
  readonly #peers = new Map<NodeId, readonly PeerLink[]>();
  readonly #fabric: MemoryFabric;
  readonly #holders = new HolderBook();

  constructor({ clock, random }: MemoryHubOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#fabric = {
      clock,
      peersOf: (node) => this.#peersOf(node),
      sendGossip: (from, to, packet) => this.#sendGossip(from, to, packet),
      openStream: (from, to, protocol, signal, over) => this.#openStream(from, to, protocol, signal, over),
      changed: (node) => this.#changed(node),
    };
  }

  /**
   * A network for `members.self`, to be started. A node that has stopped may join again, as after a restart. `clock`: of
   * the machine it runs on.
   */
  join(members: MemberList, clock: Clock = this.#clock): MemoryNetwork {
    invariant(this.#nodes.get(members.self)?.isRunning !== true, 'a node joins once, or after it has stopped');
    const network = new MemoryNetwork(this.#fabric, members, this.#holders);
    this.#nodes.set(members.self, network);
    this.#clocks.set(members.self, clock);
    this.#flights.delete(members.self);
    return network;
  }

  /** Cuts the link: both ends see each other leave, streams fail, what is on the way is lost. */
  cut(a: NodeId, b: NodeId): void {
    this.#setCut(a, b, true);
  }

  heal(a: NodeId, b: NodeId): void {
    this.#setCut(a, b, false);
  }

  /** In both directions. */
  setFaults(a: NodeId, b: NodeId, faults: LinkFaults): void {
    this.setFaultsTowards(a, b, faults);
    this.setFaultsTowards(b, a, faults);
  }

  setFaultsTowards(from: NodeId, to: NodeId, faults: LinkFaults): void {
    this.#direction(from, to).faults = faults;
    this.#peers.clear();
  }

  /** From now on nothing gets from `from` to `to`, and neither notices: the link stands, and the other way it works. */
  block(from: NodeId, to: NodeId): void {
    this.#direction(from, to).isBlocked = true;
  }

  /** What waited on streams arrives now. */
  unblock(from: NodeId, to: NodeId): void {
    const direction = this.#direction(from, to);
    direction.isBlocked = false;
    for (const deliver of direction.waiting.splice(0)) this.#clockOf(to).schedule(0, deliver);
  }

  #setCut(a: NodeId, b: NodeId, isCut: boolean): void {
    const link = this.#link(a, b);
    const wasLinked = this.#areLinked(a, b);
    link.isCut = isCut;
    this.#peers.clear();
    if (wasLinked === this.#areLinked(a, b)) return;
    interrupt(link);
    this.#nodes.get(a)?.peersChanged();
    this.#nodes.get(b)?.peersChanged();
  }

  #link(a: NodeId, b: NodeId): MemoryLink {
    invariant(a !== b, 'a link has two ends');
    const known = this.#links.get(a)?.get(b);
    if (known !== undefined) return known;
    const link = newLink();
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const links = this.#links.get(from) ?? new Map<NodeId, MemoryLink>();
      this.#links.set(from, links.set(to, link));
    }
    return link;
  }

  #direction(from: NodeId, to: NodeId): LinkDirection {
    const link = this.#link(from, to);
    return compareText(from, to) < 0 ? link.forth : link.back;
  }

  #clockOf(node: NodeId): Clock {
    return this.#clocks.get(node) ?? this.#clock;
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

  #peersOf(self: NodeId): readonly PeerLink[] {
    const known = this.#peers.get(self);
    if (known !== undefined) return known;
    const peers = [...this.#nodes.keys()]
      .filter((node) => this.#areLinked(self, node))
      .sort(compareText)
      .map((node) => {
        const [there, back] = [this.#direction(self, node).faults, this.#direction(node, self).faults];
        // Both mean one-way delays: what a ping would measure on average, without drawing for it.
        const roundTripMs = (there.delayMsMin + there.delayMsMax + back.delayMsMin + back.delayMsMax) / 2;
        return { node, roundTripMs };
      });
    this.#peers.set(self, peers);
    return peers;
  }

  #changed(node: NodeId): void {
    this.#peers.clear();
    const touched = [...this.#nodes.keys()]
      .filter((other) => this.#isRunning(other) && this.#couldLink(node, other))
      .sort(compareText);
    for (const other of touched) interrupt(this.#link(node, other));
    for (const other of touched) this.#nodes.get(other)?.peersChanged();
    if (touched.length > 0) this.#nodes.get(node)?.peersChanged();
  }

  #sendGossip(from: NodeId, to: NodeId, packet: GossipPacket): void {
    const link = this.#link(from, to);
    const direction = this.#direction(from, to);
    const { generation } = link;
    for (const delayMs of deliveryDelaysMs(direction.faults, this.#random)) {
      // What a node has seen it will not look at again: two thirds of what flooding delivers.
      if (this.#nodes.get(to)?.hasSeen(packet.id) === true) continue;
      this.#flightsTo(to).send(packet.id, delayMs, () => {
        if (link.generation !== generation || direction.isBlocked) return false;
        void this.#nodes.get(to)?.receiveGossip(from, packet);
        return true;
      });
    }
  }

  #flightsTo(node: NodeId): GossipFlights {
    let flights = this.#flights.get(node);
    if (flights === undefined) {
      flights = new GossipFlights(this.#clockOf(node));
      this.#flights.set(node, flights);
    }
    return flights;
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
    const [forth, back] = [this.#direction(from, to), this.#direction(to, from)];
    const openMs = drawDelayMs(forth.faults, this.#random) + drawDelayMs(back.faults, this.#random);
    await pause(this.#clockOf(from), openMs, signal);
    if (link.generation !== generation) throw unreachable(to, protocol, 'a connection that closed meanwhile');
    const handler = this.#nodes.get(to)?.handlerOf(protocol);
    if (handler === undefined) throw unreachable(to, protocol, 'a connection that does not speak it');

    const towards = (node: NodeId, direction: LinkDirection) => (deliver: () => void) => {
      const arrive = (): void => {
        if (direction.isBlocked) direction.waiting.push(arrive);
        else deliver();
      };
      this.#clockOf(node).schedule(drawDelayMs(direction.faults, this.#random), arrive);
    };
    const pair = streamPair(protocol, { forth: towards(to, forth), back: towards(from, back) }, () => {
      link.streams.delete(pair);
      over.abort(STREAM_OVER);
    });
    link.streams.add(pair);
    abortWith(pair.near, signal, over.signal);
    this.#clockOf(to).schedule(0, () => void serveStream(handler, from, pair.far));
    return pair.near;
  }
}

/** One for all: it ends listeners and is shown to nobody, and an exception with its stack costs 10 µs a stream. */
const STREAM_OVER = new DOMException('the stream is over', 'AbortError');

/** Ends what is on the link. */
function interrupt(link: MemoryLink): void {
  link.generation += 1;
  for (const { waiting } of [link.forth, link.back]) waiting.length = 0;
  for (const pair of link.streams) pair.cut();
}
