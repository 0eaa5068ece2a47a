/**
 * The blocks of a run and the right answer for each: what the reader holds against the files at the end.
 *
 * Invariant: the chain is a function of the seed; with more hashes than one at a height, all of them build on the first of
 * the height before.
 */

import { blake3Hash } from '../../../crdt/hash.ts';
import { blockId, type BlockId, type BlockKey, type Hash32 } from '../../../crdt/ids.ts';
import { growBlocks, growRoot, type GrownBlock, type GrownHeader } from '../../chain/grow.ts';
import { witnessed, type FedBlock } from '../../demo/feed.ts';

export interface KnownBlock {
  readonly key: BlockKey;
  /** What a right validator finds. */
  readonly stateRoot: Hash32;
  /** BLAKE3 of the whole `.w`; undefined for a block that came without one. */
  readonly witnessDigest: Hash32 | undefined;
}

export interface NewBlock {
  readonly grown: GrownBlock;
  readonly fed: FedBlock;
  readonly known: KnownBlock;
  /** Whether the chain goes on from it. */
  readonly isCanonical: boolean;
}

/** Numbers of blocks that were finished before lie below. */
export const FIRST_NUMBER = 2_000_001;

export class KnownBlocks {
  readonly root: GrownHeader;
  readonly #known = new Map<BlockId, KnownBlock>();
  readonly #growing: Generator<GrownBlock>;
  readonly #hashesPerNumber: number;
  #grown = 0;

  constructor(seed: number, hashesPerNumber: number) {
    const text = `chaos ${seed}`;
    this.root = growRoot(text, FIRST_NUMBER);
    this.#hashesPerNumber = hashesPerNumber;
    this.#growing = grow(text, this.root, hashesPerNumber);
  }

  get size(): number {
    return this.#known.size;
  }

  all(): Iterable<KnownBlock> {
    return this.#known.values();
  }

  get(id: BlockId): KnownBlock | undefined {
    return this.#known.get(id);
  }

  add(known: KnownBlock): void {
    this.#known.set(blockId(known.key), known);
  }

  /** The next of the chain, which is known from now on. */
  next(): NewBlock {
    const { value: grown } = this.#growing.next();
    const fed = witnessed(grown);
    const known = { key: grown.key, stateRoot: grown.stateRoot, witnessDigest: blake3Hash(fed.witness) };
    this.add(known);
    const isCanonical = this.#grown++ % this.#hashesPerNumber === 0;
    return { grown, fed, known, isCanonical };
  }
}

function* grow(seed: string, root: GrownHeader, hashesPerNumber: number): Generator<GrownBlock, never> {
  let parent = root;
  for (const block of growBlocks(seed, root)) {
    yield block;
    for (let fork = 1; fork < hashesPerNumber; fork++) yield growBlocks(`${seed} fork ${fork}`, parent).next().value;
    parent = block;
  }
  throw new RangeError('a chain that grows without end has ended');
}
