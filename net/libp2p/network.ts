/**
 * `Network` over libp2p: TCP, noise, yamux, gossipsub.
 *
 * Invariants: only members are ever connected (`gater.ts`); a listed peer answers (`link-keeper.ts`); `stop` resets every
 * stream, since libp2p's own stop closes them properly and so would pass a torn transfer off as a complete one.
 */

import type { GossipSub } from '@libp2p/gossipsub';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { abortReason, type Clock, type RandomInteger } from '../clock.ts';
import type { SecretIdentity } from '../identity/identity.ts';
import { libp2pKeyOf } from '../identity/key-file.ts';
import { nodeOfPeer } from '../identity/peer-id.ts';
import type { MemberList } from '../membership/member-list.ts';
import type { HolderDirectory } from '../holder-directory.ts';
import {
  STREAMS_PER_PEER_MAX,
  type ByteStream,
  type GossipHandler,
  type Network,
  type PeerLink,
  type StreamHandler,
} from '../network.ts';
import { StreamSlots } from '../stream/stream-slots.ts';
import { abortWith, serveStream, type WiredStream } from '../stream/wired-stream.ts';
import { checkGossipSize, notRunning, unreachable } from '../transport-error.ts';
import { parseDialAddress, parseListenAddress, type DialAddress } from './addresses.ts';
import { topicValidator, type JudgedBytes } from './gossip.ts';
import { DhtHolderDirectory } from './dht/holder-directory.ts';
import { MemberDht } from './dht/service.ts';
import { LinkKeeper } from './link-keeper.ts';
import { listenError, type ListenFailure } from './listening.ts';
import { createNode, type MetricsFactory, type Services } from './node.ts';
import { wireLibp2pStream } from './streams.ts';

export interface Libp2pNetworkOptions {
  readonly identity: SecretIdentity;
  readonly members: MemberList;
  /** Multiaddrs, as given with `--listen`. Port 0 lets the system choose. */
  readonly listen: readonly string[];
  /** Multiaddrs with peer ids, as given with `--peer`: dialled for ever. One that is no member's is never dialled. */
  readonly dial: readonly string[];
  /** Whether to look for members on the local network. It uses every interface of the machine. */
  readonly mdns: boolean;
  /** Whether holders are found through a DHT among the members; see `HolderDirectory`. */
  readonly dht?: boolean;
  readonly clock: Clock;
  readonly random: RandomInteger;
  /** Takes libp2p's own measurements. */
  readonly metrics?: MetricsFactory | undefined;
}

export interface Libp2pNetwork extends Network {
  /** Where we can be dialled, as multiaddrs with our peer id. Empty before `start`. */
  addresses(): string[];
  /** Undefined without the option `dht`. */
  readonly directory: HolderDirectory | undefined;
}

/**
 * Checks the options and makes a network that is not started. Throws `ERR_BAD_MULTIADDR` and `ERR_BAD_PEER_ID`; `start`
 * throws `ERR_ADDRESS_IN_USE` and `ERR_CANNOT_LISTEN`. Each names its flag and the address.
 */
export function createLibp2pNetwork(options: Libp2pNetworkOptions): Libp2pNetwork {
  return new Libp2pTransport(options);
}

/** What exists between `start` and `stop`. */
interface Running {
  readonly libp2p: Libp2p<Services>;
  readonly links: LinkKeeper;
}

class Libp2pTransport implements Libp2pNetwork {
  readonly self: NodeId;
  readonly directory: HolderDirectory | undefined;
  readonly #options: Libp2pNetworkOptions;
  readonly #memberDht: MemberDht | undefined;
  readonly #listen: readonly Multiaddr[];
  readonly #dial: readonly DialAddress[];
  readonly #gossipHandlers = new Map<string, GossipHandler>();
  readonly #streamHandlers = new Map<string, StreamHandler>();
  readonly #slots = new StreamSlots();
  readonly #openStreams = new Set<WiredStream>();
  readonly #peersListeners = new Set<() => void>();
  #hasStarted = false;
  #running: Running | undefined;

  constructor(options: Libp2pNetworkOptions) {
    invariant(options.identity.node === options.members.self, 'a node is itself in its member list');
    this.self = options.identity.node;
    this.#options = options;
    this.#listen = options.listen.map((text) => parseListenAddress(text));
    this.#dial = options.dial.map((text) => parseDialAddress(text));
    if (options.dht === true) {
      const dht = (this.#memberDht = new MemberDht(options.clock));
      this.directory = new DhtHolderDirectory({
        clock: options.clock,
        self: this.self,
        dht: () => this.#running?.libp2p.services.dht,
        introduceLinks: () => this.#running?.links.connections().forEach((connection) => dht.introduce(connection)),
        linkTo: async (node, signal) => (await this.#running?.links.linkTo(node, signal)) ?? false,
      });
    }
  }

  async start(): Promise<void> {
    invariant(!this.#hasStarted, 'a network is started once');
    this.#hasStarted = true;
    const { identity, members, mdns, metrics, clock, random } = this.#options;
    const listenFailures: ListenFailure[] = [];
    const libp2p = await createNode({
      clock,
      privateKey: libp2pKeyOf(identity),
      members,
      listen: this.#listen,
      topics: [...this.#gossipHandlers.keys()],
      mdns,
      metrics,
      dht: this.#memberDht,
      listenFailures,
    });
    const onPeersChanged = (): void => {
      for (const listener of this.#peersListeners) listener();
    };
    const links = new LinkKeeper({
      libp2p,
      members,
      clock,
      random,
      keepsLearned: mdns || this.#memberDht === undefined,
      onPeersChanged,
    });
    await this.#serveProtocols(libp2p);
    this.#judgeGossip(libp2p.services.gossip);
    // Before libp2p starts: a peer's first stream may come before `start` resolves.
    this.#running = { libp2p, links };
    try {
      await libp2p.start();
    } catch (error) {
      this.#running = undefined;
      const [failure] = listenFailures;
      throw failure === undefined ? error : listenError(failure);
    }
    for (const topic of this.#gossipHandlers.keys()) libp2p.services.gossip.subscribe(topic);
    links.start(this.#dial);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.links.stop();
    for (const stream of this.#openStreams) stream.abort(notRunning());
    await running.libp2p.stop();
  }

  addresses(): string[] {
    return this.#running?.libp2p.getMultiaddrs().map(String) ?? [];
  }

  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    invariant(this.#gossipHandlers.has(topic), 'a node publishes on topics it subscribed to');
    checkGossipSize(topic, bytes);
    if (this.#running === undefined) throw notRunning();
    await this.#running.libp2p.services.gossip.publish(topic, bytes);
  }

  subscribe(topic: string, handler: GossipHandler): void {
    invariant(!this.#hasStarted && !this.#gossipHandlers.has(topic), 'a topic gets one handler, before start');
    this.#gossipHandlers.set(topic, handler);
  }

  serve(protocol: string, handler: StreamHandler): void {
    invariant(!this.#hasStarted && !this.#streamHandlers.has(protocol), 'a protocol gets one handler, before start');
    this.#streamHandlers.set(protocol, handler);
  }

  async open(peer: NodeId, protocol: string, signal: AbortSignal): Promise<ByteStream> {
    if (this.#running === undefined) throw notRunning();
    if (signal.aborted) throw abortReason(signal);
    const connection = this.#running.links.connectionTo(peer);
    if (connection === undefined) throw unreachable(peer, protocol, 'no connection');
    const release = this.#slots.take(peer, protocol);
    try {
      const stream = await connection.newStream(protocol, { signal, maxOutboundStreams: STREAMS_PER_PEER_MAX });
      return this.#adopt(stream, release, signal);
    } catch (error) {
      release();
      if (signal.aborted) throw abortReason(signal);
      throw unreachable(peer, protocol, 'a connection on which it could not be opened', error);
    }
  }

  peers(): readonly PeerLink[] {
    return this.#running?.links.peers() ?? [];
  }

  onPeersChanged(listener: () => void): () => void {
    this.#peersListeners.add(listener);
    return () => void this.#peersListeners.delete(listener);
  }

  async #serveProtocols(libp2p: Libp2p<Services>): Promise<void> {
    const limits = { maxInboundStreams: STREAMS_PER_PEER_MAX, maxOutboundStreams: STREAMS_PER_PEER_MAX };
    for (const [protocol, handler] of this.#streamHandlers) {
      const accept = (stream: Stream, { remotePeer }: Connection): void => {
        const peer = nodeOfPeer(remotePeer);
        invariant(peer !== undefined, 'the gater lets only nodes in');
        void serveStream(handler, peer, this.#adopt(stream));
      };
      await libp2p.handle(protocol, accept, limits);
    }
  }

  #judgeGossip(gossip: GossipSub): void {
    const judged: JudgedBytes = { now: 0 };
    for (const [topic, handler] of this.#gossipHandlers) {
      gossip.topicValidators.set(topic, topicValidator(handler, judged));
    }
  }

  /** Wires `stream` and keeps it in mind until it is over, when `onOver` is called. */
  #adopt(stream: Stream, onOver?: () => void, signal?: AbortSignal): WiredStream {
    const over = new AbortController();
    const end = wireLibp2pStream(stream, over);
    this.#openStreams.add(end);
    whenAborted(over.signal, () => {
      this.#openStreams.delete(end);
      onOver?.();
    });
    if (this.#running === undefined) end.abort(notRunning());
    if (signal !== undefined) abortWith(end, signal, over.signal);
    return end;
  }
}

function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}
