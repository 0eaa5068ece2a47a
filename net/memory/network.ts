/**
 * `Network` for one node of a `MemoryHub`. Gossip floods as gossipsub's does: what a handler accepts is passed on to
 * every linked node but the one it came from, and nothing is handed to a handler twice.
 *
 * Invariant: all timing and chance come from the hub, so a run is determined by the hub's clock, its random source and
 * the calls made.
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import type { NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import type { Clock } from '../clock.ts';
import type { HolderDirectory } from '../holder-directory.ts';
import type { MemberList } from '../membership/member-list.ts';
import { gossipMessageId } from '../message-id.ts';
import {
  GOSSIP_SEEN_MS,
  type ByteStream,
  type GossipHandler,
  type GossipVerdict,
  type Network,
  type PeerLink,
  type StreamHandler,
} from '../network.ts';
import { MemoryHolderDirectory, type HolderBook } from './holder-directory.ts';
import { StreamSlots } from '../stream/stream-slots.ts';
import { checkGossipSize, notRunning } from '../transport-error.ts';

/** A message under its id, which is computed once, where it is published. */
export interface GossipPacket {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly id: string;
}

/** What a node needs of the hub it is in. */
export interface MemoryFabric {
  readonly clock: Clock;
  /** The nodes that `node` is linked to, in id order. */
  peersOf(node: NodeId): readonly PeerLink[];
  sendGossip(from: NodeId, to: NodeId, packet: GossipPacket): void;
  /** Aborts `over` when the stream has ended at both ends. */
  openStream(
    from: NodeId,
    to: NodeId,
    protocol: string,
    signal: AbortSignal,
    over: AbortController,
  ): Promise<ByteStream>;
  /** `node` started or stopped. */
  changed(node: NodeId): void;
}

export class MemoryNetwork implements Network {
  readonly self: NodeId;
  readonly members: MemberList;
  readonly directory: HolderDirectory;
  readonly #fabric: MemoryFabric;
  readonly #gossipHandlers = new Map<string, GossipHandler>();
  readonly #streamHandlers = new Map<string, StreamHandler>();
  readonly #slots = new StreamSlots();
  readonly #peersListeners = new Set<() => void>();
  /** Message ids in order of arrival, with the monotonic time at which each is forgotten. */
  readonly #seen = new Map<string, number>();
  #state: 'new' | 'running' | 'stopped' = 'new';

  constructor(fabric: MemoryFabric, members: MemberList, holders: HolderBook) {
    this.self = members.self;
    this.directory = new MemoryHolderDirectory(holders, this);
    this.members = members;
    this.#fabric = fabric;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  async start(): Promise<void> {
    invariant(this.#state === 'new', 'a network is started once');
    this.#state = 'running';
    this.#fabric.changed(this.self);
  }

  async stop(): Promise<void> {
    const wasRunning = this.isRunning;
    this.#state = 'stopped';
    if (wasRunning) this.#fabric.changed(this.self);
  }

  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    invariant(this.#gossipHandlers.has(topic), 'a node publishes on topics it subscribed to');
    checkGossipSize(topic, bytes);
    if (!this.isRunning) throw notRunning();
    const packet = { topic, bytes: bytes.slice(), id: bytesToHex(gossipMessageId(topic, bytes)) };
    if (this.#isFirstSight(packet.id)) this.#spread(packet);
  }

  subscribe(topic: string, handler: GossipHandler): void {
    invariant(this.#state === 'new' && !this.#gossipHandlers.has(topic), 'a topic gets one handler, before start');
    this.#gossipHandlers.set(topic, handler);
  }

  serve(protocol: string, handler: StreamHandler): void {
    invariant(
      this.#state === 'new' && !this.#streamHandlers.has(protocol),
      'a protocol gets one handler, before start',
    );
    this.#streamHandlers.set(protocol, handler);
  }

  async open(peer: NodeId, protocol: string, signal: AbortSignal): Promise<ByteStream> {
    if (!this.isRunning) throw notRunning();
    const release = this.#slots.take(peer, protocol);
    const over = new AbortController();
    over.signal.addEventListener('abort', release);
    return this.#fabric.openStream(this.self, peer, protocol, signal, over).catch((error: unknown) => {
      release();
      throw error;
    });
  }

  peers(): readonly PeerLink[] {
    return this.#fabric.peersOf(this.self);
  }

  onPeersChanged(listener: () => void): () => void {
    this.#peersListeners.add(listener);
    return () => void this.#peersListeners.delete(listener);
  }

  // The rest is for the hub.

  handlerOf(protocol: string): StreamHandler | undefined {
    return this.#streamHandlers.get(protocol);
  }

  hasSeen(messageId: string): boolean {
    return this.#seen.has(messageId);
  }

  peersChanged(): void {
    for (const listener of this.#peersListeners) listener();
  }

  async receiveGossip(relayedBy: NodeId, packet: GossipPacket): Promise<void> {
    const handler = this.#gossipHandlers.get(packet.topic);
    if (handler === undefined || !this.#isFirstSight(packet.id)) return;
    let verdict: GossipVerdict;
    try {
      verdict = await handler({ relayedBy, bytes: packet.bytes.slice() });
    } catch {
      verdict = 'ignore';
    }
    if (verdict === 'accept' && this.isRunning) this.#spread(packet, relayedBy);
  }

  #spread(packet: GossipPacket, relayedBy?: NodeId): void {
    for (const { node } of this.#fabric.peersOf(this.self)) {
      if (node !== relayedBy) this.#fabric.sendGossip(this.self, node, packet);
    }
  }

  #isFirstSight(id: string): boolean {
    const nowMs = this.#fabric.clock.monotonicMs();
    for (const [old, forgottenAtMs] of this.#seen) {
      if (forgottenAtMs > nowMs) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id)) return false;
    this.#seen.set(id, nowMs + GOSSIP_SEEN_MS);
    return true;
  }
}
