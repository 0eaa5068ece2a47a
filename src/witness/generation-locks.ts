/**
 * Shows the generators of this machine that one elsewhere is at work: a `.w` in `Processing`, with a lock time up to which
 * this node respects that one's lease.
 *
 * Invariant: only a free name, a lock that this node wrote or one that was taken in is ever replaced; a witness never is.
 * The lock of a lease that ended stays and has run out, as a generator's own would.
 */

import { blockId, ZERO_HASH, type BlockId, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import { compareLeases, type Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import { isFailure } from '../../crdt/errors.ts';
import { sameFile, type FileIdentity } from '../disk/disk.ts';
import { encodeWitnessFile } from '../files/witness-file.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { BlockStore } from '../store/block-store.ts';
import { KeyedMutex } from '../store/keyed-mutex.ts';
import type { WitnessShelf } from './shelf.ts';

export interface GenerationLocksOptions {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly shelf: WitnessShelf;
  readonly sightings: LeaseSightings;
  readonly writer: DurableWriter;
  readonly pathOf: (key: BlockKey) => string;
  /** Another program wrote the file meanwhile. */
  readonly takeIn: (key: BlockKey) => Promise<void>;
  readonly onWriteError: (key: BlockKey, error: unknown) => void;
}

interface LockFile {
  readonly identity: FileIdentity;
  /** What this node wrote there; undefined: a generator's own lock. */
  readonly lease: Lease | undefined;
}

export class GenerationLocks {
  readonly #options: GenerationLocksOptions;
  readonly #files = new Map<BlockId, LockFile>();
  readonly #mutex = new KeyedMutex();

  constructor(options: GenerationLocksOptions) {
    this.#options = options;
  }

  /** The lock that stands in the place of the block's witness, as it was last seen. */
  identityOf(key: BlockKey): FileIdentity | undefined {
    return this.#files.get(blockId(key))?.identity;
  }

  isOwn(key: BlockKey, identity: FileIdentity): boolean {
    const file = this.#files.get(blockId(key));
    return file?.lease !== undefined && sameFile(file.identity, identity);
  }

  /** A lock of another program was taken in. */
  noteForeign(key: BlockKey, identity: FileIdentity): void {
    this.#files.set(blockId(key), { identity, lease: undefined });
  }

  /** The file is a whole witness, or gone. */
  forget(key: BlockKey): void {
    this.#files.delete(blockId(key));
  }

  /** The block's record or its file changed. */
  consider(key: BlockKey): void {
    if (this.#leaseToShow(key) === undefined) return;
    void this.#mutex.run(blockId(key), () => this.#show(key));
  }

  idle(): Promise<void> {
    return this.#mutex.idle();
  }

  /** The lease of another node that this machine's generators do not see yet. */
  #leaseToShow(key: BlockKey): { readonly lease: Lease; readonly remainingMs: number } | undefined {
    const { self, store, shelf, sightings, clock } = this.#options;
    const { generation: lease } = store.replica.get(key);
    if (lease === undefined || lease.holder === self || shelf.get(key) !== undefined) return undefined;
    const remainingMs = sightings.remainingMs(key, lease, { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() });
    const shown = this.#files.get(blockId(key))?.lease;
    const isShown = shown !== undefined && compareLeases(shown, lease) === 0;
    return remainingMs <= 0 || isShown ? undefined : { lease, remainingMs };
  }

  async #show(key: BlockKey): Promise<void> {
    const { clock, writer, pathOf, takeIn, onWriteError } = this.#options;
    const found = this.#leaseToShow(key);
    if (found === undefined) return;
    const bytes = encodeWitnessFile({
      status: 'Processing',
      blockHash: key.hash,
      blockNumber: key.number,
      preStateRoot: ZERO_HASH,
      parentHash: ZERO_HASH,
      lockTimeSeconds: BigInt(Math.ceil((clock.wallMs() + found.remainingMs) / 1_000)),
      blobIds: [],
      witnessData: new Uint8Array(),
    });
    try {
      const outcome = await writer.write(pathOf(key), bytes, { durability: 'hint', expected: this.identityOf(key) });
      if (outcome.replaced) this.#files.set(blockId(key), { identity: outcome.identity, lease: found.lease });
      else await takeIn(key);
    } catch (error) {
      if (!isFailure(error)) throw error;
      onWriteError(key, error);
    }
  }
}
