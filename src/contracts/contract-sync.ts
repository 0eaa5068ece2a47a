/**
 * Brings the contracts that peers have into `contracts.txt`: from time to time the node asks one of them, by chance, what
 * it has, and fetches the lines that are missing here, by their hash.
 *
 * Invariants: nothing is appended that does not verify; a round fetches at most `LINES_PER_ROUND_MAX` lines, one after the
 * other, so that it costs a few MiB at most. Since every node asks, every line reaches every node.
 */

import { textOf } from '../../crdt/errors.ts';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import type { Network } from '../../net/network.ts';
import type { WitnessClient } from '../../net/witness/client.ts';
import { decodeHashes, differingBuckets } from '../../net/witness/contract-buckets.ts';
import { CONTRACT_LINE_PARTS_MAX } from '../../net/witness/limits.ts';
import { verifyContractLine } from '../files/contract-line.ts';
import type { ContractBook } from './contract-book.ts';

export type ContractEvent =
  | { readonly type: 'contracts-fetched'; readonly from: NodeId; readonly count: number }
  | { readonly type: 'contracts-failed'; readonly from: NodeId | undefined; readonly reason: string };

export const CONTRACT_SYNC_MS = 5_000;
/** Lines of one round; after a full one the next begins at once. */
export const LINES_PER_ROUND_MAX = 256;
/** Bytes of lines that wait to be appended together. */
const APPEND_BYTES = 4 * 1024 * 1024;

export interface ContractSyncOptions {
  readonly network: Pick<Network, 'peers'>;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly client: Pick<WitnessClient, 'ask'>;
  readonly book: ContractBook;
  readonly onEvent: (event: ContractEvent) => void;
}

export class ContractSync {
  readonly #options: ContractSyncOptions;
  readonly #stopping = new AbortController();
  #cancelTimer: (() => void) | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(options: ContractSyncOptions) {
    this.#options = options;
  }

  start(): void {
    this.#again(CONTRACT_SYNC_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    this.#cancelTimer?.();
    await this.#round;
  }

  #again(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => {
      this.#round = this.#runRound().then((wasFull) => this.#again(wasFull ? 0 : CONTRACT_SYNC_MS));
    });
  }

  /** Tells whether there is more to fetch. */
  async #runRound(): Promise<boolean> {
    const { network, random, book, onEvent } = this.#options;
    const peers = network.peers();
    const from = peers[peers.length > 0 ? random(peers.length) : 0]?.node;
    try {
      await book.refresh();
      if (from === undefined) return false;
      const count = await this.#fetchFrom(from);
      if (count > 0) onEvent({ type: 'contracts-fetched', from, count });
      return count >= LINES_PER_ROUND_MAX;
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      onEvent({ type: 'contracts-failed', from, reason: textOf(error) });
      return false;
    }
  }

  async #fetchFrom(from: NodeId): Promise<number> {
    const { book } = this.#options;
    let [count, waitingBytes] = [0, 0];
    let waiting: Uint8Array[] = [];
    for await (const contract of this.#missingAt(from)) {
      const line = await this.#lineFrom(from, contract);
      waiting.push(line);
      waitingBytes += line.length;
      count++;
      if (waitingBytes >= APPEND_BYTES || count === LINES_PER_ROUND_MAX) {
        await book.append(waiting);
        [waiting, waitingBytes] = [[], 0];
      }
      if (count === LINES_PER_ROUND_MAX) return count;
    }
    if (waiting.length > 0) await book.append(waiting);
    return count;
  }

  async *#missingAt(from: NodeId): AsyncGenerator<Hash32> {
    const { client, book } = this.#options;
    const { signal } = this.#stopping;
    const theirs = await client.ask(from, { kind: 'contract-buckets' }, signal);
    for (const bucket of differingBuckets(await book.buckets(), theirs)) {
      const hashes = decodeHashes(await client.ask(from, { kind: 'contract-hashes', bucket }, signal));
      for (const contract of hashes) if (!book.has(contract)) yield contract;
    }
  }

  async #lineFrom(from: NodeId, contract: Hash32): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let part = 0; part < CONTRACT_LINE_PARTS_MAX; part++) {
      const request = { kind: 'contract-line', contract, part } as const;
      const bytes = await this.#options.client.ask(from, request, this.#stopping.signal);
      parts.push(bytes);
      if (bytes.length >= CHUNK_BYTES) continue;
      const line = Buffer.concat(parts);
      const found = verifyContractLine(line, `contract ${contract} from peer ${from}`);
      if (found === contract && !line.includes('\n')) return line;
      break;
    }
    const expected = `one line of contract ${contract}`;
    throw new PeerMisbehaved({ argument: 'contract line', expected, found: 'another' });
  }
}
