/**
 * Keeps the cluster document the same on all nodes: what is written here goes out by gossip, in batches, and exchanges with the linked
 * peers repair what gossip lost.
 *
 * Invariant: nothing enters gossip but what was written or said at this node; what an exchange brings is passed on by exchanges.
 */

import { isFailure, textOf } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { documentHandler, exchangeDocuments, type DocumentSide } from '../../net/document/exchange.ts';
import {
  DOCUMENT_TOPIC,
  encodeNews,
  receiveNews,
  type DocumentNews,
  type NewsReason,
} from '../../net/document/gossip.ts';
import { DOCUMENT_GOSSIP_BYTES_PER_SECOND, DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX } from '../../net/document/limits.ts';
import { DOCUMENT_PROTOCOL } from '../../net/document/messages.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import type { Trust } from '../../net/gossip/check-record.ts';
import type { GossipVerdict, Network } from '../../net/network.ts';
import { TokenBucket } from '../../net/rate/token-bucket.ts';
import { WindowCounts } from '../../net/rate/window-counts.ts';
import { mergeUpdates, MERGE_CAPACITY, type ClusterDocument } from './cluster-document.ts';
import { ExchangeSchedule } from './exchange-schedule.ts';
import type { Presences } from './presences.ts';

export interface ReplicatorOptions extends Trust {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly cluster: string;
  readonly signer: Signer;
  readonly document: ClusterDocument;
  readonly presences: Presences;
  readonly onEvent: (event: ReplicatorEvent) => void;
}

export type RefusalReason = Exclude<NewsReason, 'valid'> | 'malformed' | 'full' | 'too-fast';

export type ReplicatorEvent =
  | {
      readonly type: 'document-exchanged';
      readonly peer: NodeId;
      readonly initiated: boolean;
      readonly sentBytes: number;
      readonly receivedBytes: number;
    }
  | { readonly type: 'document-exchange-failed'; readonly peer: NodeId; readonly reason: string }
  /** `from`: who handed it over. */
  | { readonly type: 'document-refused'; readonly from: NodeId; readonly reason: RefusalReason };

/** What is typed within this time leaves in one message. */
export const GOSSIP_BATCH_MS = 100;
/** Whose presence one message tells: 64 of the largest states fit, as many as there can be browsers at a node. */
const CLIENTS_PER_MESSAGE_MAX = 64;
/** How often peers are looked at for one that is due. */
const LOOK_MS = 250;
/** So that nodes that started together do not stay in step. */
const JITTER_MS = 3_000;
/** Exchanges that this node has begun. */
export const EXCHANGES_MAX = 4;

/** In which one refusal of a peer for one reason is reported. */
export const REFUSAL_WINDOW_MS = 10_000;

/** The origin of what came from another node. */
export const FROM_NODE = Symbol('another node');

export class DocumentReplicator {
  readonly #options: ReplicatorOptions;
  readonly #schedule: ExchangeSchedule;
  readonly #side: DocumentSide;
  readonly #stopping = new AbortController();
  readonly #exchanges = new Map<NodeId, Promise<void>>();
  readonly #rates = new Map<NodeId, TokenBucket>();
  readonly #refusals = new WindowCounts<string>(REFUSAL_WINDOW_MS, 1);
  /** Updates that wait to be sent. */
  #written: Uint8Array[] = [];
  #writtenBytes = 0;
  /** Clients whose presence waits to be told. */
  readonly #said = new Set<number>();
  #cancelFlush: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #stopListening: readonly (() => void)[] = [];

  /** Before the network starts. */
  constructor(options: ReplicatorOptions) {
    this.#options = options;
    const { network, clock, document } = options;
    this.#schedule = new ExchangeSchedule(network.self);
    this.#side = {
      fingerprint: () => document.fingerprint(),
      stateVector: () => document.stateVector(),
      updateFor: (stateVector) => document.updateFor(stateVector),
      take: (update, from) => this.#takeFromExchange(update, from),
    };
    network.serve(
      DOCUMENT_PROTOCOL,
      documentHandler({
        clock,
        side: this.#side,
        onServed: (peer, stats) => this.#ended({ type: 'document-exchanged', peer, initiated: false, ...stats }),
      }),
    );
    network.subscribe(DOCUMENT_TOPIC, ({ relayedBy, bytes }) => this.#receive(relayedBy, bytes));
  }

  /** The network is up. What was written before goes out by the exchange on meeting. */
  start(): void {
    const { network, document, presences } = this.#options;
    this.#stopListening = [
      document.onUpdate((update, origin) => {
        if (origin !== FROM_NODE) this.#write(update);
      }),
      presences.onNews(({ clients, isOurs }) => {
        if (isOurs) this.#say(clients);
      }),
      network.onPeersChanged(() => this.#meet()),
    ];
    this.#meet();
    this.#look();
  }

  /** Sends what waits, and ends the exchanges. */
  async stop(): Promise<void> {
    for (const stop of this.#stopListening) stop();
    this.#cancelLook?.();
    this.#flush();
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await Promise.all(this.#exchanges.values());
  }

  #meet(): void {
    const { network, presences, clock } = this.#options;
    const linked = network.peers().map(({ node }) => node);
    if (this.#schedule.linked(linked, clock.monotonicMs()).length === 0) return;
    // Presence is in no exchange: who is met hears of it at once instead of at the next renewal. Anew, since gossip carries the same
    // bytes once.
    presences.renew();
    this.#say(presences.ours);
  }

  #write(update: Uint8Array): void {
    this.#writtenBytes += update.length;
    // What one message cannot hold is not sent that way at all, so that it need not be kept.
    if (this.#writtenBytes > DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX) this.#written = [];
    else this.#written.push(update);
    this.#scheduleFlush();
  }

  #say(clients: Iterable<number>): void {
    for (const client of clients) this.#said.add(client);
    if (this.#said.size > 0) this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    this.#cancelFlush ??= this.#options.clock.schedule(GOSSIP_BATCH_MS, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const { clock, presences } = this.#options;
    const said = [...this.#said];
    this.#said.clear();
    while (said.length > 0) this.#publish('awareness', presences.encode(said.splice(0, CLIENTS_PER_MESSAGE_MAX)));
    if (this.#writtenBytes === 0) return;
    const update = this.#written.length === 0 ? undefined : mergeUpdates(this.#written);
    this.#written = [];
    this.#writtenBytes = 0;
    if (update === undefined || !this.#publish('update', update)) this.#schedule.allSoon(clock.monotonicMs());
  }

  /** False when the message is larger, or comes sooner, than the others take it. */
  #publish(kind: DocumentNews['kind'], payload: Uint8Array): boolean {
    const { network, cluster, signer } = this.#options;
    const fits = payload.length <= DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX;
    if (!fits || !this.#isWithinRate(signer.node, payload.length)) return false;
    const message = encodeNews(cluster, signer, { node: signer.node, kind, payload });
    // Nobody in reach is no failure of ours, and the exchange brings it anyway.
    network.publish(DOCUMENT_TOPIC, message).catch(() => {});
    return true;
  }

  #receive(relayedBy: NodeId, bytes: Uint8Array): GossipVerdict {
    const { verdict, reason, news } = receiveNews(bytes, this.#options);
    if (news === undefined) {
      if (reason !== 'valid') this.#refuse(relayedBy, reason);
      return verdict;
    }
    if (!this.#isWithinRate(news.node, news.payload.length)) return this.#ignore(relayedBy, 'too-fast');
    return news.kind === 'update' ? this.#takeUpdate(relayedBy, news) : this.#takeAwareness(news);
  }

  #takeUpdate(relayedBy: NodeId, { node, payload }: DocumentNews): GossipVerdict {
    const { document, clock } = this.#options;
    switch (document.take(payload, FROM_NODE, MERGE_CAPACITY)) {
      case 'malformed':
        this.#refuse(node, 'malformed');
        return 'reject';
      case 'full':
        return this.#ignore(relayedBy, 'full');
      case 'incomplete':
        this.#schedule.soon(relayedBy, clock.monotonicMs());
        return 'accept';
      case 'applied':
        return 'accept';
    }
  }

  #takeAwareness({ node, payload }: DocumentNews): GossipVerdict {
    try {
      this.#options.presences.takeFromNode(payload);
      return 'accept';
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#refuse(node, 'malformed');
      return 'reject';
    }
  }

  #ignore(relayedBy: NodeId, reason: RefusalReason): GossipVerdict {
    this.#refuse(relayedBy, reason);
    this.#schedule.soon(relayedBy, this.#options.clock.monotonicMs());
    return 'ignore';
  }

  #refuse(from: NodeId, reason: RefusalReason): void {
    const { clock, onEvent } = this.#options;
    // Whoever floods this node is not to flood its log as well.
    if (this.#refusals.take(`${from} ${reason}`, clock.monotonicMs()))
      onEvent({ type: 'document-refused', from, reason });
  }

  #isWithinRate(author: NodeId, bytes: number): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    let rate = this.#rates.get(author);
    if (rate === undefined) this.#rates.set(author, (rate = new TokenBucket(DOCUMENT_GOSSIP_BYTES_PER_SECOND, nowMs)));
    return rate.take(bytes, nowMs) === 0;
  }

  #takeFromExchange(update: Uint8Array, from: NodeId): void {
    const { document, clock } = this.#options;
    const before = document.revision;
    const taken = document.take(update, FROM_NODE, MERGE_CAPACITY);
    if (document.revision !== before) this.#schedule.allSoon(clock.monotonicMs(), from);
    if (taken === 'full') this.#refuse(from, 'full');
    if (taken !== 'malformed') return;
    this.#refuse(from, 'malformed');
    throw new PeerMisbehaved({ argument: 'document exchange', expected: 'an update of Yjs', found: 'none' });
  }

  #look(): void {
    const { clock } = this.#options;
    this.#cancelLook = clock.schedule(LOOK_MS, () => this.#look());
    for (const peer of this.#schedule.due(clock.monotonicMs())) {
      if (this.#exchanges.size >= EXCHANGES_MAX) return;
      if (!this.#exchanges.has(peer)) this.#begin(peer);
    }
  }

  #begin(peer: NodeId): void {
    const { network, clock } = this.#options;
    this.#schedule.began(peer);
    const ask = { network, clock, side: this.#side, peer, signal: this.#stopping.signal };
    const exchange = exchangeDocuments(ask).then(
      (stats) => this.#ended({ type: 'document-exchanged', peer, initiated: true, ...stats }),
      (error: unknown) => this.#ended({ type: 'document-exchange-failed', peer, reason: textOf(error) }),
    );
    this.#exchanges.set(
      peer,
      exchange.finally(() => this.#exchanges.delete(peer)),
    );
  }

  #ended(event: Extract<ReplicatorEvent, { peer: NodeId }>): void {
    const { clock, random, onEvent } = this.#options;
    const isDone = event.type === 'document-exchanged';
    this.#schedule.ended(event.peer, isDone, clock.monotonicMs(), random(JITTER_MS));
    if (!isDone || event.sentBytes + event.receivedBytes > 0) onEvent(event);
  }
}
