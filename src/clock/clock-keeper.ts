/**
 * Measures the clocks of the connected peers, and from them how far this node's own is off; notices steps of its own.
 *
 * Invariant: nothing measured before a step that was noticed is used after it. Whoever decides by a wall clock looks
 * first (`mayClaim`, `readingFor`), so no decision falls between a step and its notice.
 */

import { textOf } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { ClockBounds } from '../../crdt/lease/rule.ts';
import { coversStamp, refineEstimate, wallOffset } from '../../net/clock-sync/estimate.ts';
import type { ClockEstimate, EstimateOutcome } from '../../net/clock-sync/estimate.ts';
import type { Exchange } from '../../net/clock-sync/exchange.ts';
import { isWithin, negate, ZERO, type Interval } from '../../net/clock-sync/interval.ts';
import { medianOf } from '../../net/clock-sync/majority.ts';
import { measureClock } from '../../net/clock-sync/measure.ts';
import { CLOCK_PROTOCOL } from '../../net/clock-sync/messages.ts';
import { readClocks, type ClockReading } from '../../net/clock-sync/reading.ts';
import { CLOCK_EXCHANGES_MAX, clockHandler } from '../../net/clock-sync/serve.ts';
import { withDeadline, type Clock, type RandomInteger } from '../../net/clock.ts';
import type { Network } from '../../net/network.ts';
import { OwnClock } from './own-clock.ts';
import { decideStanding, type Standing } from './standing.ts';

export interface ClockKeeperOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly bounds: ClockBounds;
  readonly onEvent: (event: ClockEvent) => void;
  /** Our wall clock was stepped. */
  readonly onStep: () => void;
  /** Others should know that this node's clock was found outside the bound, or within it again. */
  readonly onStanding: () => void;
  /** A measurement of this peer has ended, well or not: what waited for it may go on. */
  readonly onMeasured: (peer: NodeId) => void;
}

export type ClockEvent =
  | { readonly type: 'clock-standing'; readonly standing: Standing; readonly own: OwnOffset | undefined }
  | { readonly type: 'clock-stepped'; readonly stepMs: number }
  | { readonly type: 'peer-clock-changed'; readonly peer: NodeId; readonly reason: EstimateOutcome }
  | { readonly type: 'clock-exchange-failed'; readonly peer: NodeId; readonly reason: string };

/** This node's clock against the majority of those it knows, itself included. */
export interface OwnOffset {
  /** This node's wall clock minus the majority's. */
  readonly offset: Interval;
  /** How many clocks were compared, with its own. */
  readonly clocks: number;
}

export interface PeerOffset {
  /** The peer's wall clock minus ours. */
  readonly offset: Interval;
  readonly roundTripMs: number;
  /** Since the latest exchange. */
  readonly ageMs: number;
}

/** Between two measurements of a peer; a clock that drifts apart at 400 ppm moves 4 ms meanwhile. */
export const MEASURE_PERIOD_MS = 10_000;
/** Random part added to it, so that nodes that started together do not stay in step. */
const MEASURE_JITTER_MS = 2_000;
/** After one that failed. */
const MEASURE_RETRY_MS = 2_000;
const SESSION_TIMEOUT_MS = 5_000;
/** At first, and after a step: the shortest of several round trips decides how narrow the interval is. */
const BURST_EXCHANGES = CLOCK_EXCHANGES_MAX;
const LATER_EXCHANGES = 3;
/** A clock counts for the majority while its latest exchange is no older: three periods. */
export const COMPARED_MS_MAX = 3 * (MEASURE_PERIOD_MS + MEASURE_JITTER_MS);
/** Between two looks at our own clocks when nothing asks for one. */
const LOOK_MS = 1_000;

interface PeerClock {
  isConnected: boolean;
  /** Its first answer since it was connected, or since our clock was stepped, is under way. */
  isAwaited: boolean;
  isMeasuring: boolean;
  estimate: ClockEstimate | undefined;
  cancelTimer: (() => void) | undefined;
}

export class ClockKeeper {
  readonly #options: ClockKeeperOptions;
  readonly #peers = new Map<NodeId, PeerClock>();
  readonly #stopping = new AbortController();
  readonly #sessions = new Set<Promise<void>>();
  readonly #ownClock: OwnClock;
  #standing: Standing = 'unknown';
  #own: OwnOffset | undefined;
  #cancelLook: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(options: ClockKeeperOptions) {
    this.#options = options;
    const { network, clock, random, bounds } = options;
    const onStep = (stepMs: number): void => this.#stepped(stepMs);
    const own = (this.#ownClock = new OwnClock({ clock, random, driftRate: bounds.driftRate, onStep }));
    const receivedMs = (): number => own.sinceStartMs();
    network.serve(CLOCK_PROTOCOL, clockHandler({ clock, receivedMs, answer: () => own.answer() }));
  }

  start(): void {
    const { network } = this.#options;
    this.#stopListening = network.onPeersChanged(() => this.#meetPeers());
    this.#meetPeers();
    this.#scheduleLook();
  }

  async stop(): Promise<void> {
    this.#stopListening?.();
    this.#cancelLook?.();
    for (const peer of this.#peers.values()) peer.cancelTimer?.();
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await Promise.all(this.#sessions);
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Steps of our wall clock that were noticed. */
  get steps(): number {
    return this.#ownClock.steps;
  }

  /** Against the majority; undefined when nobody was measured lately. */
  get own(): OwnOffset | undefined {
    return this.#own;
  }

  /**
   * Whether a claim may be stamped now: our clock is not known to lie outside the bound, and no first answer since the
   * start or a step is on its way that could show it.
   */
  mayClaim(): boolean {
    this.#ownClock.look();
    return this.#standing !== 'outside' && (this.#own !== undefined || !this.#isAwaiting());
  }

  /** How far `peer`'s wall clock is from ours, by all that is known; undefined when it was not measured. */
  offsetOf(peer: NodeId): PeerOffset | undefined {
    const now = this.#ownClock.look();
    const estimate = this.#peers.get(peer)?.estimate;
    if (estimate === undefined) return undefined;
    const offset = wallOffset(estimate, now, this.#options.bounds.driftRate);
    return { offset, roundTripMs: estimate.roundTripMs, ageMs: now.monotonicMs - estimate.atMs };
  }

  /**
   * Our clocks, if the wall clock can now be compared with the stamp of `lease`, seen at `seenAtMs` on our monotonic clock:
   * the holder's clock is known to have run without a step from the stamp to its latest exchange with us, and to lie within
   * the skew bound of ours.
   */
  readingFor(lease: Pick<Lease, 'holder' | 'stamp'>, seenAtMs: number): ClockReading | undefined {
    const { driftRate, skewBoundMs } = this.#options.bounds;
    const now = this.#ownClock.look();
    const estimate = this.#peers.get(lease.holder)?.estimate;
    if (estimate === undefined || !coversStamp(estimate, lease.stamp, seenAtMs)) return undefined;
    return isWithin(wallOffset(estimate, now, driftRate), skewBoundMs) ? now : undefined;
  }

  /** Our wall clock was stepped, or our machine suspended: which of the two does not show, so all is measured anew. */
  #stepped(stepMs: number): void {
    this.#options.onStep();
    this.#options.onEvent({ type: 'clock-stepped', stepMs });
    for (const [node, peer] of this.#peers) {
      peer.estimate = undefined;
      if (peer.isConnected) this.#await(node, peer);
    }
    this.#judge();
  }

  #scheduleLook(): void {
    this.#cancelLook = this.#options.clock.schedule(LOOK_MS, () => {
      this.#ownClock.look();
      this.#judge();
      this.#scheduleLook();
    });
  }

  #meetPeers(): void {
    const connected = new Set(this.#options.network.peers().map(({ node }) => node));
    for (const [node, peer] of this.#peers) {
      if (connected.has(node)) continue;
      peer.isConnected = false;
      peer.isAwaited = false;
      peer.cancelTimer?.();
    }
    for (const node of connected) {
      const peer = this.#peerOf(node);
      if (peer.isConnected) continue;
      peer.isConnected = true;
      this.#await(node, peer);
    }
    this.#judge();
  }

  #peerOf(node: NodeId): PeerClock {
    let peer = this.#peers.get(node);
    if (peer === undefined) {
      peer = { isConnected: false, isAwaited: false, isMeasuring: false, estimate: undefined, cancelTimer: undefined };
      this.#peers.set(node, peer);
    }
    return peer;
  }

  /** Measures at once, and holds claims back until there is an answer or none came. */
  #await(node: NodeId, peer: PeerClock): void {
    peer.isAwaited = true;
    this.#measure(node, peer, BURST_EXCHANGES);
  }

  /** Whether a first answer since the start, or since a step, is on its way: for as long as one try takes, not longer. */
  #isAwaiting(): boolean {
    const isOver = this.#ownClock.steadyForMs >= SESSION_TIMEOUT_MS;
    return !isOver && this.#peers.values().some(({ isAwaited }) => isAwaited);
  }

  #measure(node: NodeId, peer: PeerClock, exchanges: number): void {
    // One under way sees by the count of steps that it was overtaken, and begins anew.
    if (peer.isMeasuring || this.#stopping.signal.aborted) return;
    peer.cancelTimer?.();
    peer.isMeasuring = true;
    const stepsBefore = this.steps;
    const session = this.#exchange(node, peer, exchanges).then((hasAnswered) => {
      this.#sessions.delete(session);
      peer.isMeasuring = false;
      if (this.#stopping.signal.aborted) return;
      if (peer.isConnected && this.steps !== stepsBefore) {
        this.#await(node, peer);
        return;
      }
      peer.isAwaited = false;
      if (peer.isConnected) {
        const pauseMs = hasAnswered ? MEASURE_PERIOD_MS + this.#options.random(MEASURE_JITTER_MS) : MEASURE_RETRY_MS;
        peer.cancelTimer = this.#options.clock.schedule(pauseMs, () => this.#measure(node, peer, LATER_EXCHANGES));
      }
      this.#judge();
      this.#options.onMeasured(node);
    });
    this.#sessions.add(session);
  }

  /** Resolves to whether the peer has answered at all. Never rejects. */
  async #exchange(node: NodeId, peer: PeerClock, count: number): Promise<boolean> {
    const { network, clock, onEvent } = this.#options;
    const stepsBefore = this.steps;
    let hasAnswered = false;
    const take = (exchange: Exchange): void => {
      this.#ownClock.look();
      // Begun before a step, or a suspension, and ended after it.
      if (this.steps !== stepsBefore) return;
      hasAnswered = true;
      this.#refine(node, peer, exchange);
    };
    try {
      await withDeadline(clock, SESSION_TIMEOUT_MS, this.#stopping.signal, (signal) =>
        measureClock(network, node, clock, count, signal, take),
      );
    } catch (error) {
      if (!hasAnswered && !this.#stopping.signal.aborted) {
        const reason = textOf(error);
        onEvent({ type: 'clock-exchange-failed', peer: node, reason });
      }
    }
    return hasAnswered;
  }

  #refine(node: NodeId, peer: PeerClock, exchange: Exchange): void {
    const { estimate, outcome } = refineEstimate(peer.estimate, exchange, this.#options.bounds.driftRate);
    peer.estimate = estimate;
    if (outcome === 'first' || outcome === 'refined') return;
    this.#options.onEvent({ type: 'peer-clock-changed', peer: node, reason: outcome });
  }

  /** Compares our clock with the majority, and tells when that changes sides. */
  #judge(): void {
    const { bounds, onEvent, onStanding } = this.#options;
    const now = readClocks(this.#options.clock);
    const offsets = [...this.#peers.values()].flatMap(({ estimate }) =>
      estimate !== undefined && now.monotonicMs - estimate.atMs <= COMPARED_MS_MAX
        ? [wallOffset(estimate, now, bounds.driftRate)]
        : [],
    );
    const clocks = offsets.length + 1;
    this.#own = offsets.length === 0 ? undefined : { offset: negate(medianOf([ZERO, ...offsets])), clocks };
    // What was last known stands until there is an answer or none came.
    if (this.#own === undefined && this.#isAwaiting()) return;
    const standing = decideStanding(this.#standing, this.#own?.offset, bounds.skewBoundMs);
    if (standing === this.#standing) return;
    const hasChangedSides = standing === 'outside' || this.#standing === 'outside';
    this.#standing = standing;
    if (!hasChangedSides) return;
    onEvent({ type: 'clock-standing', standing, own: this.#own });
    onStanding();
  }
}
