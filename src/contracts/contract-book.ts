/**
 * The contracts in this node's `contracts.txt`: which there are, where each line stands, and appending to them.
 *
 * Invariants: a contract is listed only when its line was verified by keccak256; a line is appended once, whole, on a line
 * of its own, and never before it was verified. What was read is not read again as long as the file only grows, as
 * every program that writes it lets it do; a change that does not make it grow is none of theirs, and has all of it read.
 */

import PQueue from 'p-queue';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import { bucketsOf, encodeBuckets, encodeHashes } from '../../net/witness/contract-buckets.ts';
import type { ContractSource } from '../../net/witness/serve.ts';
import { DiskError, sameFile, type Disk, type FileIdentity } from '../disk/disk.ts';
import { verifyContractLine } from '../files/contract-line.ts';
import { CONTRACTS_FILE_BYTES_MAX, parseContracts } from '../files/contracts.ts';
import { wholeLines } from './whole-lines.ts';

interface Place {
  readonly offset: number;
  readonly lengthBytes: number;
}

const NEWLINE = 0x0a;

export class ContractBook implements ContractSource {
  readonly #disk: Disk;
  readonly #path: string;
  /** One look or append at a time. */
  readonly #turns = new PQueue({ concurrency: 1 });
  readonly #places = new Map<Hash32, Place>();
  #identity: FileIdentity | undefined;
  /** All before it was read and ended with a newline. */
  #readBytes = 0;
  #buckets: readonly (readonly Hash32[])[] = bucketsOf([]);
  /** The digests of these, until they change: 256 hashes, asked for by every peer in turn. */
  #encodedBuckets: Uint8Array | undefined;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  get size(): number {
    return this.#places.size;
  }

  has(contract: Hash32): boolean {
    return this.#places.has(contract);
  }

  /** Reads what was appended since the last call, by whomever. Throws `DiskError`. */
  refresh(): Promise<void> {
    return this.#turns.add(() => this.#refresh());
  }

  async buckets(): Promise<Uint8Array> {
    return (this.#encodedBuckets ??= encodeBuckets(this.#buckets));
  }

  async hashes(bucket: number): Promise<Uint8Array> {
    return encodeHashes(this.#buckets[bucket] ?? []);
  }

  /**
   * `CHUNK_BYTES` of the line, fewer in its last part; empty behind its end. A line that has rotted since it was read is not
   * given away, since whoever gets it would blame this node for it; then the file is read again.
   */
  async linePart(contract: Hash32, part: number): Promise<Uint8Array | undefined> {
    const place = this.#places.get(contract);
    if (place === undefined) return undefined;
    if (part === 0 && !(await this.#stillHolds(contract, place))) {
      this.#identity = undefined;
      return undefined;
    }
    const start = Math.min(part * CHUNK_BYTES, place.lengthBytes);
    const lengthBytes = Math.min(CHUNK_BYTES, place.lengthBytes - start);
    return (await this.#disk.readRange(this.#path, place.offset + start, lengthBytes))?.bytes;
  }

  /** Appends those of `lines` that are not there, each without its newline. Throws what verification throws, and `DiskError`. */
  append(lines: readonly Uint8Array[]): Promise<number> {
    return this.#turns.add(async () => {
      await this.#refresh();
      const added = new Map<Hash32, Uint8Array>();
      for (const line of lines) {
        const contract = verifyContractLine(line, 'contract line from a peer');
        if (!this.#places.has(contract)) added.set(contract, line);
      }
      if (added.size === 0) return 0;
      // A torn last line is ended first, so that it costs no other.
      const isTorn = this.#identity !== undefined && this.#identity.sizeBytes > this.#readBytes;
      const parts: Uint8Array[] = isTorn ? [Uint8Array.of(NEWLINE)] : [];
      for (const line of added.values()) parts.push(line, Uint8Array.of(NEWLINE));
      await this.#disk.append(this.#path, Buffer.concat(parts));
      await this.#refresh();
      return added.size;
    });
  }

  /** Runs `task`, which may change the file in place, while nothing here does; afterwards all of it is read anew. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.add(async () => {
      try {
        return await task();
      } finally {
        this.#identity = undefined;
        await this.#refresh();
      }
    });
  }

  async #stillHolds(contract: Hash32, { offset, lengthBytes }: Place): Promise<boolean> {
    const content = await this.#disk.readRange(this.#path, offset, lengthBytes);
    try {
      return content !== undefined && verifyContractLine(content.bytes, this.#path) === contract;
    } catch (error) {
      if (!isFailure(error)) throw error;
      return false;
    }
  }

  async #refresh(): Promise<void> {
    const identity = await this.#disk.identify(this.#path);
    if (sameFile(identity, this.#identity)) return;
    const hasOnlyGrown =
      identity !== undefined &&
      identity.inode === this.#identity?.inode &&
      identity.sizeBytes > this.#identity.sizeBytes;
    if (!hasOnlyGrown) {
      this.#places.clear();
      this.#readBytes = 0;
    }
    this.#identity = identity;
    this.#encodedBuckets = undefined;
    if (identity === undefined) {
      this.#buckets = bucketsOf([]);
      return;
    }
    if (identity.sizeBytes > CONTRACTS_FILE_BYTES_MAX) {
      const expected = `at most ${CONTRACTS_FILE_BYTES_MAX} bytes`;
      throw new DiskError('ERR_OVER_LIMIT', { argument: this.#path, expected, found: `${identity.sizeBytes}` });
    }
    for await (const { offset, bytes } of wholeLines(this.#disk, this.#path, this.#readBytes, identity.sizeBytes)) {
      for (const line of parseContracts(bytes).lines) {
        const place = { offset: offset + line.offset, lengthBytes: Buffer.byteLength(line.text) };
        this.#places.set(line.hash, place);
      }
      this.#readBytes = offset + bytes.length;
    }
    this.#buckets = bucketsOf(this.#places.keys());
    this.#encodedBuckets = undefined;
  }
}
