/**
 * Retrieves one payload from its holders: the chunk list first, then chunks from several sources at once, the nearest first.
 *
 * Invariants: a chunk is given to `onChunk` once, after it was checked against the list, and the list against the digest;
 * at most `CHUNKS_IN_FLIGHT_MAX` chunks of a source are in memory. A source that lies, fails or is too slow is told to
 * `onSourceLost` and asked for nothing more; the others take over what it owed.
 */

import { checkChunkList, chunkBytes, chunkCount } from '../../crdt/block/payload-digest.ts';
import { blake3Hash } from '../../crdt/hash.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import { abortReason, type Clock } from '../clock.ts';
import type { WitnessClient } from './client.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import { ChunkWindow } from './chunk-window.ts';
import type { AnswerRoom } from './pending-answer.ts';
import { ChunkSchedule, OVERTAKE_MS } from './schedule.ts';
import { faultBehind } from './shown-size.ts';
import { WitnessTransferError } from './transfer-error.ts';

/** Chunks of one source that are asked for, checked or stored at a time: 2 MiB. */
export const CHUNKS_IN_FLIGHT_MAX = 8;
/** Sources of one payload at a time. */
export const SOURCES_PER_PAYLOAD_MAX = 4;
/** From so many missing chunks (4 MiB) several sources are used from the start. */
export const CHUNKS_FOR_SEVERAL_SOURCES = 16;

/** What is fetched, as its announcement describes it. */
export interface WantedWitness {
  readonly payloadDigest: Hash32;
  /** At most WITNESS_PAYLOAD_BYTES_MAX. */
  readonly payloadBytes: number;
}

export interface Retrieval {
  readonly client: Pick<WitnessClient, 'ask'>;
  readonly clock: Clock;
  readonly wanted: WantedWitness;
  /** The holders in reach, the one to ask first in front. */
  readonly sources: readonly NodeId[];
  /** Which chunks are there already, by the list: asked once, before the first chunk. */
  readonly begin: (chunks: readonly Hash32[]) => Promise<(index: number) => boolean>;
  /** Where the chunks of a payload of several lie while they arrive and are kept. */
  readonly buffers: ChunkBuffers;
  /** The bytes of a payload of several chunks are another's once this has settled; those of a payload of one are the caller's. */
  readonly onChunk: (index: number, bytes: Uint8Array) => Promise<void>;
  readonly onSourceLost: (source: NodeId, error: unknown) => void;
  readonly signal: AbortSignal;
}

/**
 * Resolves with whether the payload is complete; false when no source is left. Throws what `begin` and `onChunk` throw,
 * and the reason of `signal`.
 */
export async function retrieveWitness(retrieval: Retrieval): Promise<boolean> {
  const left = [...retrieval.sources];
  const chunks = await findChunkList(retrieval, left);
  if (chunks === undefined) return false;
  const schedule = new ChunkSchedule<NodeId>(chunks.length, await retrieval.begin(chunks));
  return new Download(retrieval, chunks, schedule, left).run();
}

/** The chunk list of the payload, from the first source that has it; those that fail are taken off `left`. */
async function findChunkList(retrieval: Retrieval, left: NodeId[]): Promise<readonly Hash32[] | undefined> {
  const { client, wanted, signal, onSourceLost } = retrieval;
  const { payloadDigest, payloadBytes } = wanted;
  if (chunkCount(payloadBytes) === 1) return [payloadDigest];
  for (let source = left[0]; source !== undefined; source = left[0]) {
    try {
      const bytes = await client.ask(source, { kind: 'chunk-list', payloadDigest }, signal);
      const chunks = checkChunkList(bytes, payloadDigest, payloadBytes);
      if (chunks !== undefined) return chunks;
      const found = `another of ${bytes.length} bytes`;
      throw new WitnessTransferError(
        'ERR_WITNESS_LIST',
        source,
        nameOf(payloadDigest),
        'the list of that digest',
        found,
      );
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      const fault = await faultBehind(error, source, wanted, client, signal);
      left.shift();
      onSourceLost(source, fault);
    }
  }
  return undefined;
}

/** One for all: it ends what waits and is shown to nobody, and an exception with its stack costs 10 µs. */
const PAYLOAD_OVER = new DOMException('the payload is complete or given up', 'AbortError');

/** A source that is in use. */
interface Supplier {
  readonly window: ChunkWindow;
  /** Chunks asked for that have not arrived. */
  asked: number;
  /** Those, and those that are checked or stored. */
  inFlight: number;
}

class Download {
  readonly #retrieval: Retrieval;
  readonly #chunks: readonly Hash32[];
  readonly #schedule: ChunkSchedule<NodeId>;
  /** Not asked yet, the nearest first. */
  readonly #reserve: NodeId[];
  readonly #suppliers = new Map<NodeId, Supplier>();
  readonly #ended = Promise.withResolvers<boolean>();
  readonly #over = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #arrivedSinceTick = 0;
  /** Chunks that `onChunk` is at work on. */
  #storing = 0;

  constructor(
    retrieval: Retrieval,
    chunks: readonly Hash32[],
    schedule: ChunkSchedule<NodeId>,
    sources: readonly NodeId[],
  ) {
    this.#retrieval = retrieval;
    this.#chunks = chunks;
    this.#schedule = schedule;
    this.#reserve = [...sources];
  }

  async run(): Promise<boolean> {
    const { clock, signal } = this.#retrieval;
    const onAbort = (): void => this.#ended.reject(abortReason(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const several = this.#chunks.length >= CHUNKS_FOR_SEVERAL_SOURCES;
    for (let count = several ? SOURCES_PER_PAYLOAD_MAX : 1; count > 0; count--) this.#enlist();
    let cancelTick: (() => void) | undefined;
    const tick = (): void => {
      cancelTick = clock.schedule(OVERTAKE_MS, tick);
      if (this.#arrivedSinceTick === 0) this.#enlist();
      this.#arrivedSinceTick = 0;
      this.#assign();
    };
    cancelTick = clock.schedule(OVERTAKE_MS, tick);
    try {
      this.#assign();
      return await this.#ended.promise;
    } finally {
      cancelTick?.();
      signal.removeEventListener('abort', onAbort);
      // An abort costs 10 µs, which a payload of one chunk that has come need not pay.
      if (this.#tasks.size > 0) this.#over.abort(PAYLOAD_OVER);
      // What is being written must not go on under whoever called.
      await Promise.allSettled(this.#tasks);
    }
  }

  /** Takes the next source into use, if there is one and room for it. */
  #enlist(): void {
    const source = this.#suppliers.size < SOURCES_PER_PAYLOAD_MAX ? this.#reserve.shift() : undefined;
    if (source !== undefined) this.#suppliers.set(source, { window: new ChunkWindow(), asked: 0, inFlight: 0 });
  }

  #assign(): void {
    if (this.#schedule.isComplete) {
      if (this.#storing === 0) this.#ended.resolve(true);
      return;
    }
    if (this.#suppliers.size === 0) this.#enlist();
    if (this.#suppliers.size === 0) this.#ended.resolve(false);
    const nowMs = this.#retrieval.clock.monotonicMs();
    for (const [source, supplier] of this.#suppliers) {
      while (supplier.asked < supplier.window.size && supplier.inFlight < CHUNKS_IN_FLIGHT_MAX) {
        const index = this.#schedule.next(source, nowMs);
        if (index === undefined) break;
        this.#start(source, supplier, index);
      }
    }
  }

  #start(source: NodeId, supplier: Supplier, index: number): void {
    supplier.asked++;
    supplier.inFlight++;
    const task = this.#fetch(source, supplier, index)
      .catch((error: unknown) => this.#ended.reject(error))
      .finally(() => {
        this.#tasks.delete(task);
        supplier.inFlight--;
        if (!this.#over.signal.aborted) this.#assign();
      });
    this.#tasks.add(task);
  }

  #fetch(source: NodeId, supplier: Supplier, index: number): Promise<void> {
    if (this.#chunks.length === 1) return this.#fetchInto(source, supplier, index);
    return this.#retrieval.buffers.lend((take) => this.#fetchInto(source, supplier, index, take));
  }

  /** Rejects when the chunk could not be kept; a source that fails is dropped. */
  async #fetchInto(source: NodeId, supplier: Supplier, index: number, room?: AnswerRoom): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = this.#checked(source, index, await this.#ask(source, supplier, index, room));
    } catch (error) {
      await this.#drop(source, error);
      return;
    }
    this.#arrivedSinceTick++;
    if (!this.#schedule.done(index)) return;
    this.#storing++;
    await this.#retrieval.onChunk(index, bytes);
    this.#storing--;
  }

  async #ask(source: NodeId, supplier: Supplier, index: number, room: AnswerRoom | undefined): Promise<Uint8Array> {
    const { client, clock, wanted } = this.#retrieval;
    const sinceMs = clock.monotonicMs();
    const request = { kind: 'chunk', payloadDigest: wanted.payloadDigest, index } as const;
    const bytes = await client.ask(source, request, this.#over.signal, room);
    supplier.asked--;
    supplier.window.arrived(clock.monotonicMs() - sinceMs);
    // The next one is on its way while this one is checked.
    if (!this.#over.signal.aborted) this.#assign();
    return bytes;
  }

  /** Throws `WitnessTransferError` when the bytes are not that chunk. */
  #checked(source: NodeId, index: number, bytes: Uint8Array): Uint8Array {
    const { payloadDigest, payloadBytes } = this.#retrieval.wanted;
    const expectedBytes = chunkBytes(payloadBytes, index);
    if (bytes.length !== expectedBytes) {
      const [expected, found] = [`${expectedBytes} bytes of chunk ${index}`, `${bytes.length}`];
      throw new WitnessTransferError('ERR_WITNESS_LENGTH', source, nameOf(payloadDigest), expected, found);
    }
    const digest = blake3Hash(bytes);
    if (digest === this.#chunks[index]) return bytes;
    const expected = `chunk ${index} with BLAKE3 ${this.#chunks[index]}`;
    throw new WitnessTransferError('ERR_WITNESS_DIGEST', source, nameOf(payloadDigest), expected, digest);
  }

  async #drop(source: NodeId, error: unknown): Promise<void> {
    const { client, wanted, onSourceLost } = this.#retrieval;
    const { signal } = this.#over;
    // A list that was checked has confirmed the size.
    const isSizeOpen = this.#chunks.length === 1 && !signal.aborted;
    const fault = isSizeOpen ? await faultBehind(error, source, wanted, client, signal) : error;
    if (signal.aborted || !this.#suppliers.delete(source)) return;
    this.#schedule.drop(source);
    onSourceLost(source, fault);
  }
}

function nameOf(payloadDigest: Hash32): string {
  return `witness payload ${payloadDigest}`;
}
