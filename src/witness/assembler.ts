/**
 * Brings one witness into its place: from its holders, or, when only its state has changed, from the file that is here.
 *
 * Invariants: a file gets its final name only after its payload matched the announced digest chunk by chunk; it is the
 * file that the author of the announcement wrote, byte for byte. Another payload that stood there is kept in quarantine,
 * never overwritten. A witness of several chunks is never in memory whole.
 * What the network cut off stays for the next try; what the disk failed at is started anew.
 */

import { join } from 'node:path';
import { checkChunkList, chunkBytes, chunkCount, CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import type { WitnessDescription } from '../../crdt/block/witness.ts';
import type { BlockKey, Hash32, NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { ChunkBuffers } from '../../net/witness/chunk-buffers.ts';
import type { WitnessClient } from '../../net/witness/client.ts';
import { retrieveWitness } from '../../net/witness/retrieve.ts';
import type { DurableWriter, WriteOutcome } from '../datadir/durable-writer.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import { DiskError, type Disk, type FileIdentity } from '../disk/disk.ts';
import { FileError } from '../files/file-error.ts';
import { encodeWitnessFile } from '../files/witness-file.ts';
import type { WitnessFields } from '../files/witness-status.ts';
import type { FilePlace } from '../store/file-ledger.ts';
import type { GenerationLocks } from './generation-locks.ts';
import type { WitnessIntake } from './intake.ts';
import type { IoPriority, IoQueue } from './io-queue.ts';
import { statedFileHash } from './file-hashes.ts';
import { parsePartialName, PartialWitness } from './partial-witness.ts';
import type { PayloadSource } from './payload-source.ts';
import type { ShelvedWitness, WitnessShelf } from './shelf.ts';
import { payloadOffsetOf } from './witness-facts.ts';

export interface WitnessAssemblerOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly client: Pick<WitnessClient, 'ask'>;
  readonly shelf: WitnessShelf;
  readonly source: PayloadSource;
  readonly intake: WitnessIntake;
  readonly locks: GenerationLocks;
  readonly quarantine: Quarantine;
  readonly writer: DurableWriter;
  readonly writes: IoQueue;
  readonly partialDirectory: string;
  readonly pathOf: (key: BlockKey, place: FilePlace) => string;
  /** Called before a witness becomes visible that was not there; it does once the promise has resolved. */
  readonly beforeVisible: (key: BlockKey) => Promise<void>;
}

export interface FetchRequest {
  readonly key: BlockKey;
  readonly announcement: WitnessDescription;
  /** What the BLAKE3 in the file's envelope may be; undefined: any. */
  readonly fileHashes?: ReadonlySet<Hash32> | undefined;
  readonly sources: readonly NodeId[];
  readonly priority: IoPriority;
  readonly onSourceLost: (source: NodeId, error: unknown) => void;
  readonly signal: AbortSignal;
}

export class WitnessAssembler {
  readonly #options: WitnessAssemblerOptions;
  readonly #buffers = new ChunkBuffers();

  constructor(options: WitnessAssemblerOptions) {
    this.#options = options;
  }

  /**
   * Tells whether a witness is in its place now; false when no source is left, when the file is none of `fileHashes`, or when
   * another program's lock is there that nobody has looked at. Throws `DiskError` and `signal`'s reason.
   */
  async fetch(request: FetchRequest): Promise<boolean> {
    const { announcement } = request;
    if (chunkCount(announcement.payloadBytes) > 1) return this.#fetchInParts(request);
    const { client, clock } = this.#options;
    const buffers = this.#buffers;
    const { key, sources, signal, onSourceLost } = request;
    let payload: Uint8Array | undefined;
    const onChunk = (_index: number, bytes: Uint8Array): Promise<void> => {
      payload = bytes;
      return Promise.resolve();
    };
    const wanted = announcement;
    await retrieveWitness({
      client,
      clock,
      buffers,
      wanted,
      sources,
      begin: beginEmpty,
      onChunk,
      onSourceLost,
      signal,
    });
    if (payload === undefined) return false;
    await this.#options.beforeVisible(key);
    return this.#placeWhole(request, payload);
  }

  /** Writes the `.w` that is here again with the announced state. Tells whether it could. Throws `DiskError`. */
  async restate(key: BlockKey, announcement: WitnessDescription, held: ShelvedWitness): Promise<boolean> {
    const { source } = this.#options;
    const read = (index: number): Promise<Uint8Array | undefined> =>
      source.read(held, index * CHUNK_BYTES, chunkBytes(held.payloadBytes, index), 'backlog');
    if (chunkCount(held.payloadBytes) === 1) {
      const payload = await read(0);
      return payload !== undefined && this.#placeWhole({ key, announcement, priority: 'backlog' }, payload);
    }
    const chunks = await this.#ownChunkList(announcement);
    if (chunks === undefined) return false;
    const partial = await this.#openPartial(key, announcement, chunks);
    return this.#discardingOnDiskError(partial, async () => {
      for (let index = 0; index < chunks.length; index++) {
        if (partial.has(index)) continue;
        const bytes = await read(index);
        if (bytes === undefined) return false;
        await this.#writeChunk(partial, index, bytes, 'backlog');
      }
      return this.#publish({ key, announcement }, partial);
    });
  }

  /** Removes partial files of payloads that `isWanted` does not name any more. */
  async sweep(isWanted: (key: BlockKey, payloadDigest: Hash32) => boolean): Promise<void> {
    const { disk, partialDirectory } = this.#options;
    for (const name of await disk.list(partialDirectory)) {
      const part = parsePartialName(name);
      if (part === undefined || !isWanted(part.key, part.payloadDigest))
        await disk.remove(join(partialDirectory, name));
    }
  }

  async #fetchInParts(request: FetchRequest): Promise<boolean> {
    const { client, clock } = this.#options;
    const { key, announcement, sources, onSourceLost, signal, priority } = request;
    let partial: PartialWitness | undefined;
    const begin = async (chunks: readonly Hash32[]): Promise<(index: number) => boolean> => {
      const opened = (partial = await this.#openPartial(key, announcement, chunks));
      return (index) => opened.has(index);
    };
    const onChunk = async (index: number, bytes: Uint8Array): Promise<void> => {
      if (partial !== undefined) await this.#writeChunk(partial, index, bytes, priority);
    };
    const wanted = announcement;
    try {
      const isComplete = await retrieveWitness({
        client,
        clock,
        buffers: this.#buffers,
        wanted,
        sources,
        begin,
        onChunk,
        onSourceLost,
        signal,
      });
      if (!isComplete || partial === undefined) return false;
      await this.#options.beforeVisible(key);
      return await this.#publish(request, partial);
    } catch (error) {
      if (error instanceof DiskError) await partial?.discard().catch(() => undefined);
      throw error;
    }
  }

  async #ownChunkList({ payloadDigest, payloadBytes }: WitnessDescription): Promise<readonly Hash32[] | undefined> {
    const bytes = await this.#options.source.chunkList(payloadDigest);
    return bytes === undefined ? undefined : checkChunkList(bytes, payloadDigest, payloadBytes);
  }

  #openPartial(key: BlockKey, announcement: WitnessDescription, chunks: readonly Hash32[]): Promise<PartialWitness> {
    const { disk, partialDirectory: directory } = this.#options;
    const { payloadDigest, payloadBytes } = announcement;
    const fields = fieldsOf(key, announcement);
    return PartialWitness.open({ disk, directory, fields, payloadDigest, payloadBytes }, chunks);
  }

  #writeChunk(partial: PartialWitness, index: number, bytes: Uint8Array, priority: IoPriority): Promise<void> {
    return this.#options.writes.run(priority, () => partial.write(index, bytes));
  }

  async #discardingOnDiskError<T>(partial: PartialWitness, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DiskError) await partial.discard().catch(() => undefined);
      throw error;
    }
  }

  async #publish(
    { key, announcement, fileHashes }: Pick<FetchRequest, 'key' | 'announcement' | 'fileHashes'>,
    partial: PartialWitness,
  ): Promise<boolean> {
    const { writer } = this.#options;
    const fileHash = await partial.finish();
    if (fileHashes?.has(fileHash) === false) {
      await partial.discard();
      return false;
    }
    await this.#setAside(key, announcement);
    return this.#place(key, announcement, async (path) => {
      const outcome = await writer.publish(partial.path, path, this.#expectedAt(key));
      if (!outcome.replaced) await partial.discard();
      return outcome;
    });
  }

  async #placeWhole(
    { key, announcement, fileHashes, priority }: Pick<FetchRequest, 'key' | 'announcement' | 'fileHashes' | 'priority'>,
    payload: Uint8Array,
  ): Promise<boolean> {
    const { writer, writes } = this.#options;
    const bytes = encodeWitnessFile({ ...fieldsOf(key, announcement), witnessData: payload });
    if (fileHashes?.has(statedFileHash(bytes)) === false) return false;
    await this.#setAside(key, announcement);
    return this.#place(key, announcement, (path) =>
      writes.run(priority, () => writer.write(path, bytes, { durability: 'durable', expected: this.#expectedAt(key) })),
    );
  }

  /** Two payloads were announced for this block, and the one that is here is not the chosen one. */
  async #setAside(key: BlockKey, announcement: WitnessDescription): Promise<void> {
    const { shelf, quarantine, intake } = this.#options;
    const held = shelf.get(key);
    if (held?.payloadDigest === undefined || held.payloadDigest === announcement.payloadDigest) return;
    const error = new FileError('ERR_WITNESS_CONFLICT', {
      argument: held.path,
      expected: `the chosen payload ${announcement.payloadDigest}`,
      found: held.payloadDigest,
    });
    await quarantine.put(held.path, error, held.identity);
    await intake.takeIn(key);
  }

  /** In a free place, over a lock that was looked at, or over the witness itself. */
  #expectedAt(key: BlockKey): FileIdentity | undefined {
    const { shelf, locks } = this.#options;
    return shelf.get(key)?.identity ?? locks.identityOf(key);
  }

  /** Whether a witness is there once `write` has run. A witness that is in the archive stays there. */
  #place(
    key: BlockKey,
    announcement: WitnessDescription,
    write: (path: string) => Promise<WriteOutcome>,
  ): Promise<boolean> {
    const { shelf, pathOf, intake } = this.#options;
    const place = shelf.get(key)?.place ?? 'primary';
    const { payloadDigest, payloadBytes } = announcement;
    const fields = fieldsOf(key, announcement);
    return intake.place(
      key,
      place,
      () => write(pathOf(key, place)),
      (identity) => ({ fields, identity, payloadDigest, payloadBytes, payloadOffset: payloadOffsetOf(fields) }),
    );
  }
}

/** Nothing of a witness of one chunk is there before it is. */
function beginEmpty(): Promise<() => boolean> {
  return Promise.resolve(() => false);
}

function fieldsOf(key: BlockKey, announcement: WitnessDescription): WitnessFields {
  return {
    status: announcement.state,
    blockHash: key.hash,
    blockNumber: key.number,
    preStateRoot: announcement.preStateRoot,
    parentHash: announcement.parentHash,
    lockTimeSeconds: announcement.lockTimeSeconds,
    blobIds: announcement.blobIds,
  };
}
