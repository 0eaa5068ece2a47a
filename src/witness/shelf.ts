/**
 * The witnesses that stand complete in this node's directory.
 *
 * Invariant: an entry was read from its file and its payload hashed; whoever uses the file later checks it again, since
 * files can change under us.
 */

import type { WitnessState } from '../../crdt/block/witness.ts';
import { blockId, type BlockId, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { FileIdentity } from '../disk/disk.ts';

export interface ShelvedWitness {
  readonly key: BlockKey;
  readonly path: string;
  readonly identity: FileIdentity;
  readonly state: WitnessState;
  readonly payloadDigest: Hash32;
  readonly parentHash: Hash32;
  readonly preStateRoot: Hash32;
}

export class WitnessShelf {
  readonly #byBlock = new Map<BlockId, ShelvedWitness>();
  readonly #byDigest = new Map<Hash32, BlockKey>();

  get size(): number {
    return this.#byBlock.size;
  }

  get(key: BlockKey): ShelvedWitness | undefined {
    return this.#byBlock.get(blockId(key));
  }

  withDigest(payloadDigest: Hash32): ShelvedWitness | undefined {
    const key = this.#byDigest.get(payloadDigest);
    return key === undefined ? undefined : this.get(key);
  }

  put(witness: ShelvedWitness): void {
    this.remove(witness.key);
    this.#byBlock.set(blockId(witness.key), witness);
    this.#byDigest.set(witness.payloadDigest, witness.key);
  }

  remove(key: BlockKey): void {
    const known = this.get(key);
    if (known === undefined) return;
    this.#byBlock.delete(blockId(key));
    this.#byDigest.delete(known.payloadDigest);
  }
}
