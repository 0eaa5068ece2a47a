/**
 * Brings the witnesses that others announced into this node's directory.
 *
 * Invariant: a fetched file stands under its final name only after its payload matched the announced size and digest,
 * and it is the file that the author of the announcement wrote, byte for byte. A bounded number of fetches runs at once;
 * the oldest missing block comes first.
 */

import PQueue from 'p-queue';
import { liveHolders } from '../../crdt/block/holders.ts';
import { chosenWitness, stateRank, type WitnessAnnouncement } from '../../crdt/block/witness.ts';
import { blockId, type BlockId, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import { withDeadline, type Clock } from '../../net/clock.ts';
import type { Network } from '../../net/network.ts';
import { fetchWitness } from '../../net/witness/transfer.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { Disk } from '../disk/disk.ts';
import { encodeWitnessFile } from '../files/witness-file.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { GenerationLocks } from './generation-locks.ts';
import type { WitnessIntake } from './intake.ts';
import { readShelved } from './payload.ts';
import type { WitnessShelf } from './shelf.ts';

export interface WitnessFetcherOptions {
  readonly network: Network;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly shelf: WitnessShelf;
  readonly intake: WitnessIntake;
  readonly locks: GenerationLocks;
  readonly writer: DurableWriter;
  readonly pathOf: (key: BlockKey) => string;
  /** Called before a witness becomes visible that was not there; it does once the promise has resolved. */
  readonly beforeVisible: (key: BlockKey) => Promise<void>;
  readonly onEvent: (event: WitnessEvent) => void;
}

export type WitnessEvent =
  | { readonly type: 'witness-fetched'; readonly key: BlockKey; readonly from: NodeId; readonly payloadBytes: number }
  | { readonly type: 'witness-fetch-failed'; readonly key: BlockKey; readonly from: NodeId; readonly reason: string };

export const FETCHES_IN_FLIGHT_MAX = 8;
/** After every holder in reach was tried in vain. */
const RETRY_MS = 2_000;
/** One payload from one peer; at 256 MiB this asks for 5 MB/s. */
const FETCH_TIMEOUT_MS = 60_000;

/** What to do about a block's witness. */
export type WitnessNeed =
  /** Somebody has announced a payload that is not here. */
  | { readonly kind: 'fetch'; readonly announcement: WitnessAnnouncement }
  /** The payload is here; its announced state is further than what the file says. */
  | { readonly kind: 'restate'; readonly announcement: WitnessAnnouncement }
  | { readonly kind: 'nothing' };

export class WitnessFetcher {
  readonly #options: WitnessFetcherOptions;
  readonly #queue = new PQueue({ concurrency: FETCHES_IN_FLIGHT_MAX });
  readonly #wanted = new Set<BlockId>();
  readonly #timers = new Map<BlockId, () => void>();
  readonly #stopping = new AbortController();

  constructor(options: WitnessFetcherOptions) {
    this.#options = options;
  }

  /** Fetches queued or under way. */
  get fetching(): number {
    return this.#wanted.size;
  }

  /** The block's record or its place on the shelf changed, or a peer came within reach. */
  consider(key: BlockKey): void {
    const id = blockId(key);
    if (this.#stopping.signal.aborted || this.#wanted.has(id) || this.need(key).kind === 'nothing') return;
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    this.#wanted.add(id);
    void this.#queue.add(() => this.#serve(key), { priority: -key.number });
  }

  /** Writes the witness that is here once more, for programs that look at what is new. */
  showAgain(key: BlockKey): void {
    const announcement = chosenWitness(this.#options.store.replica.get(key).witnesses);
    const isHeld = this.#options.shelf.get(key)?.payloadDigest === announcement?.payloadDigest;
    if (announcement === undefined || !isHeld || this.#stopping.signal.aborted) return;
    // That it is new is a hint; a disk that takes no more has louder ways to say so.
    void this.#queue.add(() => this.#restate(key, announcement).catch(() => false));
  }

  need(key: BlockKey): WitnessNeed {
    const { store, shelf } = this.#options;
    const announcement = chosenWitness(store.replica.get(key).witnesses);
    if (announcement === undefined) return { kind: 'nothing' };
    const held = shelf.get(key);
    if (held?.payloadDigest !== announcement.payloadDigest) {
      return held === undefined ? { kind: 'fetch', announcement } : { kind: 'nothing' };
    }
    const isFurther = stateRank(announcement.state) > stateRank(held.state);
    return isFurther ? { kind: 'restate', announcement } : { kind: 'nothing' };
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await this.#queue.onIdle();
  }

  async #serve(key: BlockKey): Promise<void> {
    const id = blockId(key);
    let done = false;
    try {
      const need = this.need(key);
      if (need.kind === 'fetch') done = await this.#fetchFromAny(key, need.announcement);
      else if (need.kind === 'restate') done = await this.#restate(key, need.announcement);
      else done = true;
    } catch (error) {
      // The disk takes nothing now: again later.
      if (!isFailure(error)) throw error;
    } finally {
      this.#wanted.delete(id);
      if (!done && !this.#stopping.signal.aborted) this.#retryLater(key);
    }
  }

  #retryLater(key: BlockKey): void {
    const id = blockId(key);
    this.#timers.get(id)?.();
    const cancel = this.#options.clock.schedule(RETRY_MS, () => {
      this.#timers.delete(id);
      this.consider(key);
    });
    this.#timers.set(id, cancel);
  }

  async #fetchFromAny(key: BlockKey, announcement: WitnessAnnouncement): Promise<boolean> {
    const { network, onEvent } = this.#options;
    for (const from of this.#sources(key)) {
      if (this.#stopping.signal.aborted) return false;
      try {
        const { payloadDigest, payloadBytes } = announcement;
        const payload = await withDeadline(this.#options.clock, FETCH_TIMEOUT_MS, this.#stopping.signal, (signal) =>
          fetchWitness(network, from, { payloadDigest, payloadBytes }, signal),
        );
        await this.#options.beforeVisible(key);
        if (!(await this.#place(key, announcement, payload))) return false;
        onEvent({ type: 'witness-fetched', key, from, payloadBytes });
        return true;
      } catch (error) {
        onEvent({
          type: 'witness-fetch-failed',
          key,
          from,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
    return false;
  }

  /** Connected holders, the nearest first. */
  #sources(key: BlockKey): readonly NodeId[] {
    const { network, store } = this.#options;
    const holders = new Set(liveHolders(store.replica.get(key).holders));
    return network
      .peers()
      .filter((peer) => holders.has(peer.node))
      .sort((a, b) => (a.roundTripMs ?? Infinity) - (b.roundTripMs ?? Infinity))
      .map((peer) => peer.node);
  }

  /** Writes the `.w` again with the announced state; its payload moves nowhere. */
  async #restate(key: BlockKey, announcement: WitnessAnnouncement): Promise<boolean> {
    const { disk, shelf } = this.#options;
    const held = shelf.get(key);
    const status = held === undefined ? undefined : await readShelved(disk, held);
    if (status === undefined) return false;
    return this.#place(key, announcement, status.witnessData);
  }

  /** In a free place, over a lock, or over the witness itself. False: another program was there meanwhile. */
  async #place(key: BlockKey, announcement: WitnessAnnouncement, payload: Uint8Array): Promise<boolean> {
    const { writer, pathOf, shelf, intake, locks } = this.#options;
    const bytes = encodeWitnessFile({
      status: announcement.state,
      blockHash: key.hash,
      blockNumber: key.number,
      preStateRoot: announcement.preStateRoot,
      parentHash: announcement.parentHash,
      lockTimeSeconds: announcement.lockTimeSeconds,
      blobIds: announcement.blobIds,
      witnessData: payload,
    });
    const held = shelf.get(key);
    const path = pathOf(key);
    const expected = held?.path === path ? held.identity : locks.identityOf(key);
    const { replaced } = await writer.write(path, bytes, { durability: 'durable', expected });
    await intake.takeIn(key);
    return replaced || shelf.get(key) !== undefined;
  }
}
