/**
 * Reconciles with peers whose digests differ, with a few of them at once, and answers theirs.
 *
 * Invariant: as long as a peer stays connected and its heartbeats show another digest, sessions with it are tried again
 * (see `trigger.ts`), so what gossip lost arrives in the end.
 */

import { textOf } from '../../crdt/errors.ts';
import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { withDeadline, type Clock, type RandomInteger } from '../../net/clock.ts';
import { STREAM_STALL_MS_MAX, withStallLimit } from '../../net/framing/stall-limit.ts';
import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import type { ByteStream, Network } from '../../net/network.ts';
import { initiateReconcile, serveReconcile, type ReconcileStats } from '../../net/reconcile/drive.ts';
import { RECONCILE_PROTOCOL } from '../../net/reconcile/limits.ts';
import type { ReconcileView } from '../../net/reconcile/view.ts';
import type { PresenceKeeper } from '../presence/presence.ts';
import type { Progress } from '../progress/progress-meter.ts';
import type { Replica } from '../replica/replica.ts';
import type { Heartbeat } from '../../net/presence/heartbeat.ts';
import { agreementWith, type Agreement } from './agreement.ts';
import { CatchUpMeter } from './catch-up.ts';
import { FetchLedger } from './fetch-ledger.ts';
import { decideReconcile } from './trigger.ts';

export interface ReconcilerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly replica: Pick<Replica, 'digest'>;
  readonly view: ReconcileView;
  readonly presence: PresenceKeeper;
  /** Checks and merges what arrived; throws `PeerMisbehaved` for a forged part. Resolves when there is room for more. */
  readonly take: (records: readonly KeyedRecord[]) => Promise<void>;
  readonly onEvent: (event: ReconcileEvent) => void;
}

export type ReconcileEvent =
  | { readonly type: 'reconciled'; readonly peer: NodeId; readonly initiated: boolean; readonly stats: ReconcileStats }
  | { readonly type: 'reconcile-failed'; readonly peer: NodeId; readonly reason: string };

/** How often the digests of the connected peers are compared with ours. */
const COMPARE_MS = 500;
/** Random part added to it, so that nodes that started together do not stay in step. */
const COMPARE_JITTER_MS = 100;
/** Sessions that this node has started and that are under way: enough for several peers to fill an empty node. */
export const SESSIONS_INITIATED_MAX = 3;
/** Of all sessions: a silent one is given up after `STREAM_STALL_MS_MAX`. */
const SESSION_TIMEOUT_MS = 300_000;

const SECOND_SESSION = { argument: 'stream', expected: 'one session of a peer at a time', found: 'a second one' };

interface PeerState {
  differsSinceMs: number | undefined;
  lastEndedMs: number | undefined;
  fruitless: number;
  /** Whether the last session left something for the next one. */
  hasMore: boolean;
  isInitiating: boolean;
  isServing: boolean;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #peers = new Map<NodeId, PeerState>();
  readonly #stopping = new AbortController();
  readonly #sessions = new Set<Promise<void>>();
  readonly #ledger = new FetchLedger();
  readonly #catchUp = new CatchUpMeter();
  #cancelTimer: (() => void) | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    options.network.serve(RECONCILE_PROTOCOL, (peer, stream) => this.#serve(peer, stream));
  }

  /** Undefined when there is nothing to catch up with. */
  get catchUp(): Progress | undefined {
    return this.#catchUp.progress;
  }

  /** Whether the sender of the heartbeat holds what we hold, as far as both keep it. */
  agreementWith(heard: Heartbeat): Agreement {
    return agreementWith(this.#options.view, heard);
  }

  /** With each connected peer; undefined while it was not heard. */
  agreements(): readonly (Agreement | undefined)[] {
    const { network, presence } = this.#options;
    return network.peers().map(({ node }) => {
      const heard = presence.of(node);
      return heard === undefined ? undefined : this.agreementWith(heard.heartbeat);
    });
  }

  start(): void {
    this.#schedule();
  }

  /**
   * Peers came or went. What a new one and this node lack of each other is found at once: its first heartbeat comes by gossip,
   * which takes a second or two to form its mesh with a new peer. One of the two starts; the other waits for heartbeats.
   */
  peersChanged(): void {
    const { network } = this.#options;
    // Links come and go until the network is left, after this.
    if (this.#stopping.signal.aborted) return;
    this.#forgetAbsent();
    for (const { node } of network.peers()) {
      if (this.#peers.has(node)) continue;
      const state = this.#stateOf(node);
      if (network.self < node && this.#sessions.size < SESSIONS_INITIATED_MAX) this.#begin(node, state);
    }
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await Promise.all(this.#sessions);
  }

  #schedule(): void {
    const { clock, random } = this.#options;
    this.#cancelTimer = clock.schedule(COMPARE_MS + random(COMPARE_JITTER_MS), () => {
      this.#compareAll();
      this.#options.view.index.prepareOne();
      this.#schedule();
    });
  }

  /** Compares our digest with each connected peer's last heartbeat, and starts sessions. */
  #compareAll(): void {
    const { network, view, presence, clock } = this.#options;
    const connected = this.#forgetAbsent();
    // Of how many of its records a node with a window has to catch up with, no heartbeat tells.
    const compared = view.lowestKept === 0 ? connected : [];
    const peerRecords = compared.map((peer) => presence.of(peer)?.heartbeat.recordCount ?? 0);
    this.#catchUp.note(clock.monotonicMs(), view.index.count, peerRecords);
    for (const peer of connected) {
      const heard = presence.of(peer);
      if (heard === undefined) continue;
      const state = this.#stateOf(peer);
      const nowMs = clock.monotonicMs();
      const agreement = this.agreementWith(heard.heartbeat);
      if (agreement === 'agree') {
        state.differsSinceMs = undefined;
        // Sessions that only gave count as fruitless, so that a deferred lease is not given again and again.
        state.fruitless = 0;
        state.hasMore = false;
        continue;
      }
      state.differsSinceMs ??= nowMs;
      const decision = decideReconcile({
        agreement,
        nowMs,
        differsSinceMs: state.differsSinceMs,
        lastEndedMs: state.lastEndedMs,
        fruitless: state.fruitless,
        hasMore: state.hasMore,
        // Who alone can tell has nobody to wait for.
        startsFirst: heard.heartbeat.lowestKept > view.lowestKept || network.self < peer,
      });
      if (decision.start && !state.isInitiating && this.#sessions.size < SESSIONS_INITIATED_MAX)
        this.#begin(peer, state);
    }
  }

  /** Gives the peers that are connected. */
  #forgetAbsent(): readonly NodeId[] {
    const connected = this.#options.network.peers().map((peer) => peer.node);
    for (const node of this.#peers.keys()) if (!connected.includes(node)) this.#peers.delete(node);
    return connected;
  }

  #begin(peer: NodeId, state: PeerState): void {
    state.isInitiating = true;
    const session = this.#initiate(peer).finally(() => {
      state.isInitiating = false;
      this.#sessions.delete(session);
      if (state.hasMore && !this.#stopping.signal.aborted) this.#compareAll();
    });
    this.#sessions.add(session);
  }

  async #initiate(peer: NodeId): Promise<void> {
    const { network, clock, replica, view, take, onEvent } = this.#options;
    const digestBefore = replica.digest;
    const claims = this.#ledger.begin();
    try {
      const stats = await withDeadline(clock, SESSION_TIMEOUT_MS, this.#stopping.signal, async (signal) => {
        const stream = await network.open(peer, RECONCILE_PROTOCOL, signal);
        return withStallLimit(stream, RECONCILE_PROTOCOL, clock, STREAM_STALL_MS_MAX, (guarded) =>
          initiateReconcile(guarded, view, take, signal, claims),
        );
      });
      this.#note(peer, stats, digestBefore);
      onEvent({ type: 'reconciled', peer, initiated: true, stats });
    } catch (error) {
      const state = this.#stateOf(peer);
      state.fruitless++;
      state.hasMore = false;
      state.lastEndedMs = clock.monotonicMs();
      onEvent({ type: 'reconcile-failed', peer, reason: textOf(error) });
    } finally {
      claims.release();
    }
  }

  /** One session of each peer at a time: a second one is refused, and its peer tries again later. */
  async #serve(peer: NodeId, stream: ByteStream): Promise<void> {
    const { clock, replica, view, take, onEvent } = this.#options;
    const state = this.#stateOf(peer);
    if (state.isServing) throw new PeerMisbehaved(SECOND_SESSION);
    state.isServing = true;
    const digestBefore = replica.digest;
    const claims = this.#ledger.begin();
    try {
      const stats = await withStallLimit(stream, RECONCILE_PROTOCOL, clock, STREAM_STALL_MS_MAX, (guarded) =>
        serveReconcile(guarded, view, take, claims),
      );
      this.#note(peer, stats, digestBefore);
      onEvent({ type: 'reconciled', peer, initiated: false, stats });
    } finally {
      claims.release();
      state.isServing = false;
      if (state.hasMore && !this.#stopping.signal.aborted) this.#compareAll();
    }
  }

  #note(peer: NodeId, stats: ReconcileStats, digestBefore: Fingerprint): void {
    const state = this.#stateOf(peer);
    state.lastEndedMs = this.#options.clock.monotonicMs();
    state.differsSinceMs = undefined;
    // What arrived and was not merged (a deferred lease) will arrive again: only a change here counts as progress.
    const hasProgressed = this.#options.replica.digest !== digestBefore;
    state.fruitless = hasProgressed ? 0 : state.fruitless + 1;
    // Who receives goes on, not who gives: a giver cannot tell whether what it gave was merged.
    state.hasMore = stats.more && hasProgressed && stats.receivedRecords > 0;
  }

  #stateOf(peer: NodeId): PeerState {
    let state = this.#peers.get(peer);
    if (state === undefined) {
      state = {
        differsSinceMs: undefined,
        lastEndedMs: undefined,
        fruitless: 0,
        hasMore: false,
        isInitiating: false,
        isServing: false,
      };
      this.#peers.set(peer, state);
    }
    return state;
  }
}
