/**
 * Sends this node's deltas by gossip and merges what others send.
 *
 * Invariant: only what the judge passed enters the store, and nothing enters gossip but what this node made itself:
 * what it hears is forwarded by gossip below, once, in the words of its sender.
 */

import { textOf } from '../../crdt/errors.ts';
import type { Verify } from '../../crdt/block/signing.ts';
import type { HlcStamp } from '../../crdt/hlc.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { encodeBatch, RECORDS_TOPIC } from '../../net/gossip/batch.ts';
import { judgeBatch, type BatchReason } from '../../net/gossip/judge.ts';
import { Outbox } from '../../net/gossip/outbox.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import type { GossipVerdict, Network } from '../../net/network.ts';
import type { Replica } from '../replica/replica.ts';

export interface GossiperOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly cluster: string;
  readonly signer: Signer;
  readonly stamp: () => HlcStamp;
  readonly replica: Replica;
  readonly isMember: (node: NodeId) => boolean;
  readonly verify: Verify;
  /** Merges records whose signatures were checked. */
  readonly take: (records: readonly KeyedRecord[], stamp: HlcStamp | undefined) => void;
  readonly onEvent: (event: GossipEvent) => void;
}

export type GossipEvent =
  | {
      readonly type: 'gossip-received';
      readonly verdict: GossipVerdict;
      readonly reason: BatchReason;
      readonly relayedBy: NodeId;
      readonly blamed: NodeId | undefined;
    }
  | { readonly type: 'gossip-send-failed'; readonly reason: string };

export class Gossiper {
  readonly #options: GossiperOptions;
  readonly #outbox = new Outbox();
  readonly #sending = new Set<Promise<void>>();
  #cancelTimer: (() => void) | undefined;
  #flushQueued = false;
  #running = false;

  constructor(options: GossiperOptions) {
    this.#options = options;
    options.network.subscribe(RECORDS_TOPIC, ({ relayedBy, bytes }) => this.#receive(relayedBy, bytes));
  }

  /** Deltas that were never sent; reconciliation brings them. */
  get dropped(): number {
    return this.#outbox.dropped;
  }

  /** The network is up: sends what was made before, and from now on at once. */
  start(): void {
    this.#running = true;
    this.#flush();
  }

  /** Sends a delta that this node made: at once when idle, with others when busy. */
  send(delta: KeyedRecord): void {
    const isTime = this.#outbox.add(delta);
    if (!isTime || this.#flushQueued) return;
    this.#flushQueued = true;
    // After the current task: what one event causes leaves in one batch.
    queueMicrotask(() => {
      this.#flushQueued = false;
      this.#flush();
    });
  }

  /** Sends what the outbox would still gather, and nothing after it. Resolves when the network has all of it. */
  async stop(): Promise<void> {
    this.#flush(Infinity);
    this.#running = false;
    await Promise.all(this.#sending);
  }

  #flush(nowMs = this.#options.clock.monotonicMs()): void {
    if (!this.#running) return;
    const { clock, cluster, signer, stamp, network, onEvent } = this.#options;
    const decision = this.#outbox.take(nowMs);
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (decision.kind === 'wait') {
      this.#cancelTimer = clock.schedule(decision.delayMs, () => {
        this.#cancelTimer = undefined;
        this.#flush();
      });
      return;
    }
    if (decision.kind === 'idle') return;
    for (const group of decision.groups) {
      const sending = network
        .publish(RECORDS_TOPIC, encodeBatch(cluster, signer, stamp(), group))
        .catch((error: unknown) => onEvent({ type: 'gossip-send-failed', reason: textOf(error) }))
        .finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }

  #receive(relayedBy: NodeId, bytes: Uint8Array): GossipVerdict {
    const { cluster, isMember, verify, replica, take, onEvent } = this.#options;
    const known = replica.get.bind(replica);
    const { verdict, reason, records, stamp, blamed } = judgeBatch(bytes, { cluster, isMember, verify, known });
    if (records.length > 0) take(records, stamp);
    onEvent({ type: 'gossip-received', verdict, reason, relayedBy, blamed });
    return verdict;
  }
}
