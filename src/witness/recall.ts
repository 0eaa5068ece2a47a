/**
 * Brings back witnesses of settled blocks that were found bad: no record says any more which they were and who has them, so
 * peers are asked for each.
 *
 * Invariants: what comes back is the very file that was here, as far as the bad one in quarantine still tells which that was;
 * where it tells nothing, the one that most of the peers asked have. Nothing is fetched that the policy would not keep or that
 * the disk budget has no room for. What nobody in reach has is asked for again when peers come, and once a minute.
 */

import PQueue from 'p-queue';
import type { WitnessDescription } from '../../crdt/block/witness.ts';
import { isFailure, textOf } from '../../crdt/errors.ts';
import { blockId, compareText, type BlockId, type BlockKey, type Hash32, type NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { blameForBytes } from '../../net/framing/peer-misbehaved.ts';
import type { Network } from '../../net/network.ts';
import type { WitnessClient } from '../../net/witness/client.ts';
import { decodeDescription } from '../../net/witness/messages.ts';
import { rankOf } from '../claim/rendezvous.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import type { Disk } from '../disk/disk.ts';
import { blockFileName, parseBlockFileName } from '../files/file-names.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { WitnessAssembler } from './assembler.ts';
import type { WitnessEvent, WitnessStanding } from './fetcher.ts';
import { fileHashesBefore } from './file-hashes.ts';
import type { WitnessLimits } from './limits.ts';
import { keepsFinished, type WitnessPolicy } from './policy.ts';
import type { WitnessShelf } from './shelf.ts';
import { orderSources } from './sources.ts';

export interface WitnessRecallOptions {
  readonly network: Pick<Network, 'peers' | 'self'>;
  readonly clock: Clock;
  readonly disk: Pick<Disk, 'readRange'>;
  readonly quarantine: Pick<Quarantine, 'latest'>;
  readonly store: Pick<BlockStore, 'replica'>;
  readonly shelf: WitnessShelf;
  readonly client: Pick<WitnessClient, 'ask'>;
  readonly assembler: Pick<WitnessAssembler, 'fetch'>;
  readonly policy: WitnessPolicy;
  readonly limits: Pick<WitnessLimits, 'diskBytes'>;
  readonly region: string;
  readonly regionOf: (node: NodeId) => string;
  /** Members heard of lately, besides this node. */
  readonly liveMembers: () => readonly NodeId[];
  readonly onEvent: (event: WitnessEvent) => void;
}

/** Witnesses that are missed at a time; one beyond is missed when it is read again. */
export const MISSED_MAX = 16_384;
/** Witnesses that are asked for at once. */
export const RECALLS_MAX = 4;
/** Peers that are asked at once, the nearest first. While none of them has the witness, the next ones are. */
export const RECALL_PEERS_AT_ONCE = 8;
export const RECALL_AGAIN_MS = 60_000;

/** A witness that some peers have. */
interface Found {
  readonly description: WitnessDescription;
  readonly holders: NodeId[];
}

interface Missed {
  readonly key: BlockKey;
  isUnderWay: boolean;
  /** What became of it the last time. */
  standing: WitnessStanding;
}

export class WitnessRecall {
  readonly #options: WitnessRecallOptions;
  readonly #missed = new Map<BlockId, Missed>();
  readonly #queue = new PQueue({ concurrency: RECALLS_MAX, autoStart: false });
  readonly #stopping = new AbortController();
  #cancelTimer: () => void = () => undefined;

  constructor(options: WitnessRecallOptions) {
    this.#options = options;
  }

  /** The network is up: begins with what earlier runs have put into quarantine and did not get back. Throws `DiskError`. */
  async start(): Promise<void> {
    for (const name of (await this.#options.quarantine.latest()).keys()) {
      const file = parseBlockFileName(name);
      if (file?.kind === 'witness') this.miss(file.key);
    }
    this.#queue.start();
    this.#again();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    this.#cancelTimer();
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  /** The witness of the block should be here, if its block is settled and it is not. */
  miss(key: BlockKey): void {
    const id = blockId(key);
    if (!this.#isMissing(key) || (this.#missed.size >= MISSED_MAX && !this.#missed.has(id))) return;
    const missed = this.#missed.get(id) ?? { key, isUnderWay: false, standing: 'fetching' };
    this.#missed.set(id, missed);
    this.#enqueue(missed);
  }

  peersChanged(): void {
    for (const missed of this.#missed.values()) this.#enqueue(missed);
  }

  /** Undefined for a witness that is not missed. */
  standing(key: BlockKey): WitnessStanding | undefined {
    return this.#missed.get(blockId(key))?.standing;
  }

  #isMissing(key: BlockKey): boolean {
    const { store, shelf } = this.#options;
    return store.replica.get(key).settled && !shelf.has(key);
  }

  #again(): void {
    this.#cancelTimer = this.#options.clock.schedule(RECALL_AGAIN_MS, () => {
      this.peersChanged();
      this.#again();
    });
  }

  #enqueue(missed: Missed): void {
    if (missed.isUnderWay || this.#stopping.signal.aborted) return;
    missed.isUnderWay = true;
    void this.#queue.add(() => this.#recall(missed));
  }

  async #recall(missed: Missed): Promise<void> {
    const { key } = missed;
    try {
      if (this.#isMissing(key)) missed.standing = await this.#bring(key);
      if (!this.#isMissing(key)) this.#missed.delete(blockId(key));
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (!isFailure(error)) throw error;
      this.#options.onEvent({ type: 'witness-write-failed', key, reason: error.message });
    } finally {
      missed.isUnderWay = false;
    }
  }

  async #bring(key: BlockKey): Promise<WitnessStanding> {
    const { policy, network, liveMembers, shelf, limits, assembler, onEvent } = this.#options;
    const { signal } = this.#stopping;
    if (!keepsFinished(policy, rankOf(network.self, key, liveMembers()))) return 'not-kept';
    const fileHashes = await this.#hashesBefore(key);
    const found = await this.#find(key);
    const [mostCommon] = found;
    if (mostCommon === undefined) return 'out-of-reach';
    // What can be told from another is tried whoever has it: a witness that only one has may be the one that was here.
    for (const { description: announcement, holders } of fileHashes === undefined ? [mostCommon] : found) {
      const { payloadBytes } = announcement;
      if (shelf.payloadBytes + payloadBytes > limits.diskBytes) return 'over-budget';
      const sources = this.#nearest(holders);
      const onSourceLost = (from: NodeId, error: unknown): void => this.#lost(key, from, error);
      const request = { key, announcement, fileHashes, sources, priority: 'backlog', onSourceLost, signal } as const;
      if (!(await assembler.fetch(request))) continue;
      onEvent({ type: 'witness-fetched', key, payloadBytes });
      return 'held';
    }
    return fileHashes === undefined ? 'out-of-reach' : 'another';
  }

  /** Undefined: it cannot be told any more. */
  async #hashesBefore(key: BlockKey): Promise<ReadonlySet<Hash32> | undefined> {
    const { quarantine, disk } = this.#options;
    const path = (await quarantine.latest()).get(blockFileName('witness', key));
    const hashes = path === undefined ? undefined : await fileHashesBefore(disk, path);
    return hashes?.size === 0 ? undefined : hashes;
  }

  /** The different witnesses that peers have of the block, the most common first. */
  async #find(key: BlockKey): Promise<readonly Found[]> {
    const peers = [...this.#nearest(this.#options.network.peers().map(({ node }) => node))];
    const found = new Map<string, Found>();
    while (found.size === 0 && peers.length > 0) {
      const asked = peers.splice(0, RECALL_PEERS_AT_ONCE);
      const answers = await Promise.all(asked.map((peer) => this.#ask(peer, key)));
      for (const [at, peer] of asked.entries()) {
        const answer = answers[at];
        if (answer === undefined) continue;
        const bytes = Buffer.from(answer.bytes).toString('latin1');
        const same = found.get(bytes) ?? { description: answer.description, holders: [] };
        same.holders.push(peer);
        found.set(bytes, same);
      }
    }
    return [...found.values()].sort(
      (a, b) =>
        b.holders.length - a.holders.length || compareText(a.description.payloadDigest, b.description.payloadDigest),
    );
  }

  async #ask(
    peer: NodeId,
    key: BlockKey,
  ): Promise<{ readonly bytes: Uint8Array; readonly description: WitnessDescription } | undefined> {
    const { client } = this.#options;
    const { signal } = this.#stopping;
    try {
      const bytes = await client.ask(peer, { kind: 'description', key }, signal);
      return { bytes, description: blameForBytes(() => decodeDescription(bytes)) };
    } catch (error) {
      if (signal.aborted) throw error;
      if (!isFailure(error, 'ERR_WITNESS_NOT_FOUND')) this.#lost(key, peer, error);
      return undefined;
    }
  }

  #lost(key: BlockKey, from: NodeId, error: unknown): void {
    this.#options.onEvent({ type: 'witness-fetch-failed', key, from, reason: textOf(error) });
  }

  #nearest(nodes: readonly NodeId[]): readonly NodeId[] {
    const { network, region, regionOf } = this.#options;
    const links = network.peers().filter(({ node }) => nodes.includes(node));
    return orderSources(
      links.map((link) => ({ ...link, region: regionOf(link.node) })),
      region,
    );
  }
}
