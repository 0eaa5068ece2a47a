/**
 * Brings links up, says when they stand, and takes down those that are of no use.
 *
 * Invariants: a connection is listed once the peer answered identify over it, since a peer that denies us lets the dial
 * succeed and closes afterwards, and would flicker in the list; one that does not answer is closed. A link without a
 * gossip stream at two checks in a row is closed too: gossipsub does not open a second one on the same connection (after
 * an oversize message, a full send buffer, or the loss of one of two connections), and would stay silent on it.
 */

import { errorOf } from '../../crdt/errors.ts';
import type { Connection, Libp2p, Peer } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../clock.ts';
import { nodeOfPeer, peerIdOf } from '../identity/peer-id.ts';
import type { MemberList } from '../membership/member-list.ts';
import type { PeerLink } from '../network.ts';
import { untilLost } from '../stream/pump.ts';
import type { DialAddress } from './addresses.ts';
import { Links } from './links.ts';
import type { Services } from './node.ts';
import { RedialLoop } from './redial-loop.ts';

/** How often links are checked for a gossip stream. */
export const GOSSIP_CHECK_MS = 5_000;
/** Addresses that are kept of what is learned about one peer. */
export const LEARNED_ADDRESSES_MAX = 8;

export interface LinkKeeperOptions {
  readonly libp2p: Libp2p<Services>;
  readonly members: MemberList;
  readonly clock: Clock;
  readonly random: RandomInteger;
  /**
   * Whether a link is kept to whoever's address is learned. With a DHT each node learns those of all others: there it would
   * make a mesh of a cluster that may be too large for one.
   */
  readonly keepsLearned: boolean;
  /** A node's first connection came to stand, or its last one closed. */
  readonly onPeersChanged: () => void;
}

export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #links = new Links();
  readonly #redial: RedialLoop;
  /** What the operator gave. Where there is something, nothing else is dialled: a peer may believe in addresses that no one reaches. */
  readonly #given = new Map<NodeId, readonly Multiaddr[]>();
  readonly #learnedAddresses = new Map<NodeId, readonly Multiaddr[]>();
  /** Members that had no gossip stream at the last check. */
  readonly #mute = new Set<NodeId>();
  /** Each open connection, until the peer answered over it or it is closed. */
  readonly #admissions = new WeakMap<Connection, Promise<void>>();
  readonly #stopping = new AbortController();
  #cancelCheck: (() => void) | undefined;

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    this.#redial = new RedialLoop({
      clock: options.clock,
      random: options.random,
      dial: (node) => this.#dial(node),
    });
    const { libp2p } = options;
    libp2p.addEventListener('connection:open', ({ detail }) => this.#admissions.set(detail, this.#admit(detail)));
    libp2p.addEventListener('connection:close', ({ detail }) => this.#closed(detail));
    libp2p.addEventListener('peer:update', ({ detail }) => this.#learned(detail.peer));
  }

  /** Call it once libp2p has started. Nodes that are no members are passed over. */
  start(dial: readonly DialAddress[]): void {
    for (const { node, address } of dial) {
      const given = this.#given.get(node) ?? [];
      this.#given.set(node, [...given, address]);
    }
    for (const node of this.#given.keys()) this.#keep(node);
    this.#scheduleCheck();
  }

  stop(): void {
    this.#stopping.abort();
    this.#redial.stop();
    this.#cancelCheck?.();
  }

  /** The newest open connection to `node`. */
  connectionTo(node: NodeId): Connection | undefined {
    return this.#links.of(node).findLast(({ status }) => status === 'open');
  }

  /** The newest open connection to each peer. */
  connections(): Connection[] {
    return this.#links.nodes().flatMap((node) => this.connectionTo(node) ?? []);
  }

  /** Links to a member whose addresses have become known. Tells whether there is a link now; throws `signal`'s reason. */
  async linkTo(node: NodeId, signal: AbortSignal): Promise<boolean> {
    const { libp2p, members } = this.#options;
    if (this.connectionTo(node) !== undefined) return true;
    if (!members.decideConnection(node).allowed) return false;
    try {
      const connection = await libp2p.dial(this.#given.get(node)?.slice() ?? peerIdOf(node), { signal });
      await untilLost(this.#admissions.get(connection) ?? Promise.resolve(), signal);
    } catch {
      // A holder that is down: there may be another.
      signal.throwIfAborted();
    }
    return this.connectionTo(node) !== undefined;
  }

  peers(): PeerLink[] {
    return this.#links.peers();
  }

  #keep(node: NodeId): void {
    if (this.#options.members.decideConnection(node).allowed) this.#redial.keep(node, this.#links.of(node).length > 0);
  }

  async #dial(node: NodeId): Promise<void> {
    const addresses = this.#given.get(node) ?? this.#learnedAddresses.get(node) ?? [];
    await this.#options.libp2p.dial([...addresses], { signal: this.#stopping.signal });
  }

  /** What a member says of itself in identify, or mDNS of it: so that either side can restore a link. */
  #learned({ id, addresses }: Peer): void {
    const node = nodeOfPeer(id);
    if (node === undefined || node === this.#options.members.self || addresses.length === 0) return;
    const named = addresses.slice(0, LEARNED_ADDRESSES_MAX).map(({ multiaddr }) => withPeerId(multiaddr, node));
    this.#learnedAddresses.set(node, named);
    if (this.#options.keepsLearned) this.#keep(node);
  }

  async #admit(connection: Connection): Promise<void> {
    const node = nodeOfPeer(connection.remotePeer);
    try {
      await this.#options.libp2p.services.identify.identify(connection);
    } catch (error) {
      connection.abort(errorOf(error));
      return;
    }
    if (node === undefined || connection.status !== 'open' || !this.#links.add(node, connection)) return;
    this.#redial.linkUp(node);
    this.#options.onPeersChanged();
  }

  #closed(connection: Connection): void {
    const node = nodeOfPeer(connection.remotePeer);
    if (node === undefined || !this.#links.remove(node, connection)) return;
    this.#mute.delete(node);
    this.#redial.linkDown(node);
    this.#options.onPeersChanged();
  }

  #scheduleCheck(): void {
    this.#cancelCheck = this.#options.clock.schedule(GOSSIP_CHECK_MS, () => {
      this.#closeMuteLinks();
      this.#scheduleCheck();
    });
  }

  #closeMuteLinks(): void {
    for (const node of this.#links.nodes()) {
      if (this.#hasGossipStream(node)) this.#mute.delete(node);
      else if (!this.#mute.delete(node)) this.#mute.add(node);
      else for (const connection of this.#links.of(node)) connection.abort(new Error('gossip ended on this link'));
    }
  }

  #hasGossipStream(node: NodeId): boolean {
    const { gossip } = this.#options.libp2p.services;
    const peer = peerIdOf(node);
    return (
      gossip.getPeers().some((other) => other.equals(peer)) &&
      this.#links
        .of(node)
        .some(({ streams }) =>
          streams.some(({ direction, protocol }) => direction === 'outbound' && gossip.protocols.includes(protocol)),
        )
    );
  }
}

function withPeerId(address: Multiaddr, node: NodeId): Multiaddr {
  const names = address.getComponents().some(({ name }) => name === 'p2p');
  return names ? address : address.encapsulate(`/p2p/${peerIdOf(node).toString()}`);
}
