/**
 * The witnesses that stand complete in this node's directory.
 *
 * Invariant: an entry was read from its file and its payload hashed; whoever uses the file later checks it again, since
 * files can change under us.
 */

import type { WitnessState } from '../../crdt/block/witness.ts';
import { blockId, type BlockId, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import type { FileIdentity } from '../disk/disk.ts';

export interface ShelvedWitness {
  readonly key: BlockKey;
  readonly path: string;
  readonly identity: FileIdentity;
  readonly state: WitnessState;
  readonly payloadDigest: Hash32;
  readonly payloadBytes: number;
  /** Where the payload begins in the file. */
  readonly payloadOffset: number;
  readonly parentHash: Hash32;
  readonly preStateRoot: Hash32;
}

export class WitnessShelf {
  readonly #byBlock = new Map<BlockId, ShelvedWitness>();
  /** Two blocks may have the same payload. */
  readonly #byDigest = new Map<Hash32, readonly BlockKey[]>();
  #payloadBytes = 0;

  /** Of all payloads together. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  get size(): number {
    return this.#byBlock.size;
  }

  get(key: BlockKey): ShelvedWitness | undefined {
    return this.#byBlock.get(blockId(key));
  }

  /** One of them by chance. */
  pick(random: RandomInteger): ShelvedWitness | undefined {
    if (this.#byBlock.size === 0) return undefined;
    let left = random(this.#byBlock.size);
    for (const witness of this.#byBlock.values()) if (left-- === 0) return witness;
    return undefined;
  }

  withDigest(payloadDigest: Hash32): ShelvedWitness | undefined {
    const key = this.#byDigest.get(payloadDigest)?.at(-1);
    return key === undefined ? undefined : this.get(key);
  }

  put(witness: ShelvedWitness): void {
    this.remove(witness.key);
    this.#byBlock.set(blockId(witness.key), witness);
    const others = this.#byDigest.get(witness.payloadDigest) ?? [];
    this.#byDigest.set(witness.payloadDigest, [...others, witness.key]);
    this.#payloadBytes += witness.payloadBytes;
  }

  remove(key: BlockKey): void {
    const known = this.get(key);
    if (known === undefined) return;
    this.#byBlock.delete(blockId(key));
    const id = blockId(key);
    const others = this.#byDigest.get(known.payloadDigest)?.filter((other) => blockId(other) !== id) ?? [];
    if (others.length > 0) this.#byDigest.set(known.payloadDigest, others);
    else this.#byDigest.delete(known.payloadDigest);
    this.#payloadBytes -= known.payloadBytes;
  }
}
