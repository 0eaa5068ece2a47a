/**
 * Blocks that may be claimed as soon as a validator is free: those that fell to this node first, and of these the
 * oldest, since everyone waits for the lowest unfinished block.
 *
 * Invariant: sorted by rank, then by block; a block stands in it at most once.
 */

import { blockId, compareBlockKeys, type BlockId, type BlockKey } from '../../crdt/ids.ts';

interface Ready {
  readonly key: BlockKey;
  readonly rank: number;
}

export class ReadyQueue {
  readonly #entries: Ready[] = [];
  readonly #rankById = new Map<BlockId, number>();

  get size(): number {
    return this.#entries.length;
  }

  /** Puts the block in, or moves it to its new rank. */
  put(key: BlockKey, rank: number): void {
    const id = blockId(key);
    if (this.#rankById.get(id) === rank) return;
    this.remove(key);
    this.#entries.splice(this.#position({ key, rank }), 0, { key, rank });
    this.#rankById.set(id, rank);
  }

  remove(key: BlockKey): void {
    const rank = this.#rankById.get(blockId(key));
    if (rank === undefined) return;
    this.#entries.splice(this.#position({ key, rank }), 1);
    this.#rankById.delete(blockId(key));
  }

  /** The rank of the first block; undefined when there is none. */
  get firstRank(): number | undefined {
    return this.#entries[0]?.rank;
  }

  /** Takes out the first block. */
  take(): BlockKey | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.remove(first.key);
    return first?.key;
  }

  /** Where `entry` stands or would stand. */
  #position(entry: Ready): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = this.#entries[middle];
      if (candidate !== undefined && compareReady(candidate, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compareReady(a: Ready, b: Ready): number {
  return a.rank - b.rank || compareBlockKeys(a.key, b.key);
}
