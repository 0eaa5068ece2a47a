/**
 * A node's network as the simulator sees it: the in-memory one, with every batch of records noted that leaves the node.
 *
 * Invariant: nothing is changed on the way. A machine that stands still hears of its peers' coming and going only when it
 * goes on, as from its kernel.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { Clock } from '../../net/clock.ts';
import { decodeBatch, RECORDS_TOPIC } from '../../net/gossip/batch.ts';
import type { ByteStream, GossipHandler, Network, PeerLink, StreamHandler } from '../../net/network.ts';

export class ObservedNetwork implements Network {
  readonly self: NodeId;
  readonly #inner: Network;
  readonly #clock: Clock;
  readonly #onPublished: (records: readonly KeyedRecord[]) => void;

  constructor(inner: Network, clock: Clock, onPublished: (records: readonly KeyedRecord[]) => void) {
    this.self = inner.self;
    this.#inner = inner;
    this.#clock = clock;
    this.#onPublished = onPublished;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }

  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    await this.#inner.publish(topic, bytes);
    if (topic === RECORDS_TOPIC) this.#onPublished(decodeBatch(bytes).records);
  }

  subscribe(topic: string, handler: GossipHandler): void {
    this.#inner.subscribe(topic, handler);
  }

  serve(protocol: string, handler: StreamHandler): void {
    this.#inner.serve(protocol, handler);
  }

  open(peer: NodeId, protocol: string, signal: AbortSignal): Promise<ByteStream> {
    return this.#inner.open(peer, protocol, signal);
  }

  peers(): readonly PeerLink[] {
    return this.#inner.peers();
  }

  onPeersChanged(listener: () => void): () => void {
    return this.#inner.onPeersChanged(() => void this.#clock.schedule(0, listener));
  }
}
