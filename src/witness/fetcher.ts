/**
 * Decides which witnesses are fetched and when, and which are let go.
 *
 * Invariants: a bounded number of fetches runs at once, one at a time for a block; what the next claims need comes first,
 * then unfinished blocks, then the rest, the oldest first. Nothing is fetched beyond the disk budget. What no holder
 * could serve is tried again, each time twice as late, up to `RETRY_MS_MAX`; what nobody in reach holds waits for a change of
 * its record or of the peers, not for a time.
 */

import PQueue from 'p-queue';
import { liveHolders } from '../../crdt/block/holders.ts';
import { hasSuccess } from '../../crdt/block/record.ts';
import { chunkCount } from '../../crdt/block/payload-digest.ts';
import { stateRank, type WitnessAnnouncement } from '../../crdt/block/witness.ts';
import { isFailure, textOf } from '../../crdt/errors.ts';
import { blockId, type BlockId, type BlockKey, type Hash32, type NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { Network, PeerLink } from '../../net/network.ts';
import { rankOf } from '../claim/rendezvous.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { WitnessAssembler } from './assembler.ts';
import type { AnnouncementDistrust, HolderDistrust } from './distrust.ts';
import { RETRY_MS_MAX, retryDelayMs } from './fetch-retry.ts';
import type { HolderFinder } from './holder-finder.ts';
import type { IoPriority } from './io-queue.ts';
import type { WitnessLimits } from './limits.ts';
import { decideDrop, decideFetch, type FetchDecision, type WitnessPolicy, type WitnessSituation } from './policy.ts';
import type { WitnessShelf } from './shelf.ts';
import { orderSources } from './sources.ts';
import { transferFaultOf } from './transfer-fault.ts';

export interface WitnessFetcherOptions {
  readonly network: Pick<Network, 'peers' | 'self'>;
  readonly clock: Clock;
  readonly store: Pick<BlockStore, 'replica'>;
  readonly shelf: WitnessShelf;
  readonly assembler: WitnessAssembler;
  readonly distrust: HolderDistrust;
  readonly announcements: AnnouncementDistrust;
  readonly finder: HolderFinder;
  readonly policy: WitnessPolicy;
  readonly limits: Pick<WitnessLimits, 'smallFetches' | 'largeFetches' | 'diskBytes'>;
  readonly region: string;
  readonly regionOf: (node: NodeId) => string;
  /** Members heard of lately, besides this node. */
  readonly liveMembers: () => readonly NodeId[];
  /** Of these, the ones that validate; undefined when this node does not. */
  readonly rivals: () => readonly NodeId[] | undefined;
  /** Which of several announcements the file is made from. */
  readonly chosen: (key: BlockKey) => WitnessAnnouncement | undefined;
  /** Removes this node's copy. */
  readonly drop: (key: BlockKey) => Promise<void>;
  readonly onEvent: (event: WitnessEvent) => void;
}

export type WitnessEvent =
  | { readonly type: 'witness-fetched'; readonly key: BlockKey; readonly payloadBytes: number }
  | { readonly type: 'witness-fetch-failed'; readonly key: BlockKey; readonly from: NodeId; readonly reason: string }
  /** A holder sent what is not what was announced. */
  | { readonly type: 'witness-source-blamed'; readonly key: BlockKey; readonly holder: NodeId; readonly reason: string }
  /** Its author announced a size that the payload does not have. */
  | {
      readonly type: 'witness-announcement-blamed';
      readonly key: BlockKey;
      readonly author: NodeId;
      readonly reason: string;
    }
  | { readonly type: 'witness-write-failed'; readonly key: BlockKey; readonly reason: string }
  | { readonly type: 'witness-dropped'; readonly key: BlockKey };

/** What to do about a block's witness. */
export type WitnessNeed =
  /** Somebody has announced a payload that is not here. */
  | { readonly kind: 'fetch'; readonly announcement: WitnessAnnouncement; readonly reason: string }
  /** The payload is here; its announced state is further than what the file says. */
  | { readonly kind: 'restate'; readonly announcement: WitnessAnnouncement }
  /** It may be needed by then. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'nothing'; readonly reason: 'unannounced' | 'held' | 'policy' | 'over-budget' };

/** Where a block's witness is: here, or why not. */
export type WitnessStanding =
  | 'held'
  | 'fetching'
  /** Nobody in reach holds it. */
  | 'out-of-reach'
  | 'unannounced'
  /** By the policy. */
  | 'not-kept'
  | 'over-budget'
  /** Of a settled block: peers hold another than the one that was here. */
  | 'another';

/** A record that changes has its block considered anew, so `holders` are those that it names. */
interface OutOfReach {
  readonly key: BlockKey;
  readonly holders: readonly NodeId[];
}

interface Missing {
  readonly sinceMs: number;
  attempts: number;
}

export class WitnessFetcher {
  readonly #options: WitnessFetcherOptions;
  readonly #small: PQueue;
  readonly #large: PQueue;
  readonly #wanted = new Set<BlockId>();
  readonly #missing = new Map<BlockId, Missing>();
  readonly #timers = new Map<BlockId, () => void>();
  readonly #outOfReach = new Map<BlockId, OutOfReach>();
  readonly #stopping = new AbortController();
  /** Of payloads that are being fetched. */
  #reservedBytes = 0;
  #overBudget = new Set<BlockId>();

  constructor(options: WitnessFetcherOptions) {
    this.#options = options;
    this.#small = new PQueue({ concurrency: options.limits.smallFetches });
    this.#large = new PQueue({ concurrency: options.limits.largeFetches });
  }

  /** Fetches queued or under way. */
  get fetching(): number {
    return this.#wanted.size;
  }

  /** Witnesses that the policy wants and the disk budget does not allow. */
  get overBudget(): number {
    return this.#overBudget.size;
  }

  /** Witnesses that the policy wants and nobody in reach holds. */
  get outOfReach(): number {
    return this.#outOfReach.size;
  }

  /** Peers came or went. */
  peersChanged(): void {
    const linked = new Set(this.#options.network.peers().map(({ node }) => node));
    const waiting = [...this.#outOfReach.values()];
    for (const { key, holders } of waiting) if (holders.some((holder) => linked.has(holder))) this.consider(key);
  }

  /** The block's record or its place on the shelf changed, or who is in reach or alive. */
  consider(key: BlockKey): void {
    const id = blockId(key);
    this.#outOfReach.delete(id);
    if (this.#stopping.signal.aborted || this.#wanted.has(id)) return;
    const need = this.need(key);
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    if (need.kind === 'wait') this.#again(key, need.waitMs);
    if (need.kind === 'nothing' && need.reason === 'over-budget') this.#again(key, RETRY_MS_MAX);
    else if (need.kind === 'nothing') this.#forget(id);
    if (need.kind === 'nothing' || need.kind === 'wait') return;
    if (need.kind === 'fetch' && !this.#options.finder.isPossible && this.#holdersInReach(key).length === 0) {
      this.#outOfReach.set(id, { key, holders: this.#holdersOf(key) });
      return;
    }
    this.#enqueue(key, need.kind === 'drop' ? undefined : need.announcement, () => this.#serve(key));
  }

  /** Writes the witness that is here once more, for programs that look at what is new. */
  showAgain(key: BlockKey): void {
    const { shelf, chosen, assembler } = this.#options;
    const id = blockId(key);
    const announcement = chosen(key);
    const held = shelf.get(key);
    const isHeld = held !== undefined && held.payloadDigest === announcement?.payloadDigest;
    // Who is wanted is about to be written anyway.
    if (announcement === undefined || !isHeld || this.#wanted.has(id) || this.#stopping.signal.aborted) return;
    this.#enqueue(key, announcement, async () => {
      // That it is new is a hint; a disk that takes no more has louder ways to say so.
      await assembler.restate(key, announcement, held).catch(() => false);
      this.#wanted.delete(id);
      this.consider(key);
    });
  }

  need(key: BlockKey): WitnessNeed {
    const { shelf, chosen, policy } = this.#options;
    const announcement = chosen(key);
    if (announcement === undefined) return { kind: 'nothing', reason: 'unannounced' };
    const held = shelf.get(key);
    // Another payload than the chosen one is as good as none: it makes room when the chosen one is here.
    if (held?.payloadDigest !== announcement.payloadDigest) {
      const decision = decideFetch(policy, this.#situation(key, announcement));
      return this.#needOf(key, announcement, decision);
    }
    if (stateRank(announcement.state) > stateRank(held.state)) return { kind: 'restate', announcement };
    if (policy.kind !== 'factor') return { kind: 'nothing', reason: 'held' };
    const drop = decideDrop(policy, this.#situation(key, announcement));
    return drop.action === 'drop' ? { kind: 'drop' } : { kind: 'nothing', reason: 'held' };
  }

  standing(key: BlockKey): WitnessStanding {
    if (this.#outOfReach.has(blockId(key))) return 'out-of-reach';
    if (this.#options.shelf.has(key)) return 'held';
    const need = this.need(key);
    if (need.kind !== 'nothing') return 'fetching';
    return need.reason === 'policy' ? 'not-kept' : need.reason;
  }

  /** Fetches the block's witness now, whatever the policy says of it; tells whether it is here. Throws as the disk does. */
  async fetchNow(key: BlockKey): Promise<boolean> {
    const { shelf, chosen } = this.#options;
    const announcement = chosen(key);
    if (announcement === undefined) return false;
    if (shelf.get(key)?.payloadDigest === announcement.payloadDigest) return true;
    return this.#fetch(key, announcement, 'claim');
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await Promise.all([this.#small.onIdle(), this.#large.onIdle()]);
  }

  /** `work` removes the block from `#wanted` at its end. */
  #enqueue(key: BlockKey, announcement: WitnessAnnouncement | undefined, work: () => Promise<void>): void {
    this.#wanted.add(blockId(key));
    const isLarge = announcement !== undefined && chunkCount(announcement.payloadBytes) > 1;
    const queue = isLarge ? this.#large : this.#small;
    void queue.add(work, { priority: this.#priorityOf(key) });
  }

  #needOf(key: BlockKey, announcement: WitnessAnnouncement, decision: FetchDecision): WitnessNeed {
    const { shelf, limits } = this.#options;
    const id = blockId(key);
    if (decision.action === 'leave') return { kind: 'nothing', reason: 'policy' };
    if (decision.action === 'wait') return { kind: 'wait', waitMs: decision.waitMs };
    if (shelf.payloadBytes + this.#reservedBytes + announcement.payloadBytes > limits.diskBytes) {
      this.#overBudget.add(id);
      return { kind: 'nothing', reason: 'over-budget' };
    }
    this.#overBudget.delete(id);
    return { kind: 'fetch', announcement, reason: decision.reason };
  }

  #situation(key: BlockKey, { payloadDigest }: WitnessAnnouncement): WitnessSituation {
    const { network, store, clock, distrust, policy, liveMembers, rivals } = this.#options;
    const record = store.replica.get(key);
    const nowMs = clock.monotonicMs();
    const id = blockId(key);
    const missing = this.#missing.get(id) ?? { sinceMs: nowMs, attempts: 0 };
    this.#missing.set(id, missing);
    const others = rivals();
    const situation = {
      isUnfinished: !hasSuccess(record.results),
      claimRank: others === undefined ? undefined : rankOf(network.self, key, others),
      missingForMs: nowMs - missing.sinceMs,
    };
    if (policy.kind !== 'factor') return { ...situation, keepRank: 0, copiesElsewhere: 0 };
    const live = liveMembers();
    const keepers = [...live, network.self];
    const copies = liveHolders(record.holders).filter(
      (holder) =>
        holder !== network.self &&
        live.includes(holder) &&
        distrust.isTrusted(holder, payloadDigest, nowMs) &&
        rankOf(holder, key, keepers) < policy.copies,
    );
    return { ...situation, keepRank: rankOf(network.self, key, live), copiesElsewhere: copies.length };
  }

  #priorityOf(key: BlockKey): number {
    const { network, store, rivals } = this.#options;
    const others = rivals();
    const isUnfinished = !hasSuccess(store.replica.get(key).results);
    const isOurs = isUnfinished && others !== undefined && rankOf(network.self, key, others) === 0;
    // Block numbers stay below 2^50, so the classes do not overlap.
    return (isOurs ? 2 ** 51 : isUnfinished ? 2 ** 50 : 0) - key.number;
  }

  async #serve(key: BlockKey): Promise<void> {
    const id = blockId(key);
    let done = false;
    try {
      done = this.#stopping.signal.aborted || (await this.#meet(key, this.need(key)));
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (!isFailure(error)) throw error;
      this.#options.onEvent({ type: 'witness-write-failed', key, reason: textOf(error) });
    } finally {
      this.#wanted.delete(id);
      if (done) this.#forget(id);
      else if (!this.#stopping.signal.aborted) this.#retryLater(key);
    }
  }

  async #meet(key: BlockKey, need: WitnessNeed): Promise<boolean> {
    const { assembler, shelf, drop, onEvent } = this.#options;
    switch (need.kind) {
      case 'fetch':
        return this.#fetch(key, need.announcement, need.reason === 'claim' ? 'claim' : 'backlog');
      case 'restate': {
        const held = shelf.get(key);
        return held !== undefined && (await assembler.restate(key, need.announcement, held));
      }
      case 'drop':
        await drop(key);
        onEvent({ type: 'witness-dropped', key });
        return true;
      case 'wait':
        return false;
      case 'nothing':
        return need.reason !== 'over-budget';
    }
  }

  async #fetch(key: BlockKey, announcement: WitnessAnnouncement, priority: IoPriority): Promise<boolean> {
    const { assembler, onEvent } = this.#options;
    const { payloadBytes } = announcement;
    const onSourceLost = (from: NodeId, error: unknown): void => this.#sourceLost(key, announcement, from, error);
    this.#reservedBytes += payloadBytes;
    try {
      const sources = await this.#findSources(key, announcement);
      if (sources.length === 0) return false;
      const { signal } = this.#stopping;
      if (!(await assembler.fetch({ key, announcement, sources, priority, onSourceLost, signal }))) return false;
      onEvent({ type: 'witness-fetched', key, payloadBytes });
      return true;
    } finally {
      this.#reservedBytes -= payloadBytes;
    }
  }

  #sourceLost(key: BlockKey, announcement: WitnessAnnouncement, from: NodeId, error: unknown): void {
    const { distrust, announcements, clock, onEvent } = this.#options;
    const [reason, fault, nowMs] = [textOf(error), transferFaultOf(error), clock.monotonicMs()];
    onEvent({ type: 'witness-fetch-failed', key, from, reason });
    if (fault === 'announcement') {
      announcements.blame(announcement, nowMs);
      onEvent({ type: 'witness-announcement-blamed', key, author: announcement.author, reason });
    }
    if (fault !== 'holder') return;
    distrust.blame(from, announcement.payloadDigest, nowMs);
    onEvent({ type: 'witness-source-blamed', key, holder: from, reason });
  }

  /** Trusted holders that are connected; where there are none, those that the directory knows. */
  async #findSources(key: BlockKey, { payloadDigest }: WitnessAnnouncement): Promise<readonly NodeId[]> {
    const connected = this.#order(this.#holdersInReach(key), payloadDigest);
    if (connected.length > 0) return connected;
    const { finder, network } = this.#options;
    const found = new Set(await finder.find(payloadDigest, this.#stopping.signal));
    const links = network.peers().filter(({ node }) => found.has(node));
    return this.#order(links, payloadDigest);
  }

  /** Those that are trusted, the nearest first. */
  #order(holders: readonly PeerLink[], payloadDigest: Hash32): readonly NodeId[] {
    const { clock, distrust, region, regionOf } = this.#options;
    const nowMs = clock.monotonicMs();
    const links = holders
      .filter(({ node }) => distrust.isTrusted(node, payloadDigest, nowMs))
      .map((link) => ({ ...link, region: regionOf(link.node) }));
    return orderSources(links, region);
  }

  #holdersInReach(key: BlockKey): readonly PeerLink[] {
    const holders = new Set(this.#holdersOf(key));
    return this.#options.network.peers().filter(({ node }) => holders.has(node));
  }

  #holdersOf(key: BlockKey): readonly NodeId[] {
    return liveHolders(this.#options.store.replica.get(key).holders);
  }

  #retryLater(key: BlockKey): void {
    const missing = this.#missing.get(blockId(key));
    const attempts = missing === undefined ? 0 : missing.attempts++;
    this.#again(key, retryDelayMs(attempts));
  }

  #again(key: BlockKey, delayMs: number): void {
    const id = blockId(key);
    this.#timers.get(id)?.();
    const cancel = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(id);
      this.consider(key);
    });
    this.#timers.set(id, cancel);
  }

  #forget(id: BlockId): void {
    this.#missing.delete(id);
    this.#overBudget.delete(id);
  }
}
