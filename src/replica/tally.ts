/**
 * Counts over all records, kept up to date change by change, so that a heartbeat or a status costs what is unfinished and
 * not what is stored.
 *
 * Invariant: after every change the counts are those of the replica's records.
 */

import { disputeOf } from '../../crdt/block/view.ts';
import { hasSuccess, isEmptyRecord, type BlockRecord } from '../../crdt/block/record.ts';
import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import type { Change } from './replica.ts';

export class Tally {
  readonly #unfinished = new Map<BlockId, BlockKey>();
  /** Those of them that somebody has begun. */
  readonly #begun = new Map<BlockId, BlockKey>();
  #blocks = 0;
  #results = 0;
  #duplicates = 0;
  readonly #disputed = new Map<BlockId, BlockKey>();

  /** Blocks with a record. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Results of all nodes for all blocks. */
  get results(): number {
    return this.#results;
  }

  /** Success results beyond the first of their block: work that was done twice. */
  get duplicates(): number {
    return this.#duplicates;
  }

  get disputed(): number {
    return this.#disputed.size;
  }

  isDisputed(key: BlockKey): boolean {
    return this.#disputed.size > 0 && this.#disputed.has(blockId(key));
  }

  /** Blocks on which validators disagree. */
  disputedBlocks(): IterableIterator<BlockKey> {
    return this.#disputed.values();
  }

  /** Blocks without a Success. */
  unfinished(): IterableIterator<BlockKey> {
    return this.#unfinished.values();
  }

  /** Unfinished blocks with a lease or a result, whatever has become of it: the others are idle. */
  begun(): IterableIterator<BlockKey> {
    return this.#begun.values();
  }

  /** The lowest block number without a Success, at a cost of what is unfinished. */
  get nextUnfinished(): number | undefined {
    let lowest: number | undefined;
    for (const { number } of this.#unfinished.values()) if (lowest === undefined || number < lowest) lowest = number;
    return lowest;
  }

  get unfinishedCount(): number {
    return this.#unfinished.size;
  }

  get begunCount(): number {
    return this.#begun.size;
  }

  /** A finished block that was not noted before. `successes`: of its `results`. `disputed`: the block, if it is. */
  adopt(results: number, successes: number, disputed: BlockKey | undefined): void {
    this.#blocks++;
    this.#results += results;
    this.#duplicates += Math.max(0, successes - 1);
    if (disputed !== undefined) this.#disputed.set(blockId(disputed), disputed);
  }

  /** `after` is empty for a block that this node does not keep any more. */
  note({ key, before, after }: Pick<Change, 'key' | 'before' | 'after'>): void {
    const id = blockId(key);
    this.#blocks += (isEmptyRecord(after) ? 0 : 1) - (isEmptyRecord(before) ? 0 : 1);
    const isUnfinished = !hasSuccess(after.results) && !isEmptyRecord(after);
    if (isUnfinished) this.#unfinished.set(id, key);
    else this.#unfinished.delete(id);
    if (isUnfinished && (after.lease !== undefined || after.results.length > 0)) this.#begun.set(id, key);
    else this.#begun.delete(id);
    this.#results += after.results.length - before.results.length;
    this.#duplicates += duplicatesIn(after) - duplicatesIn(before);
    if (disputeOf(after.results) === undefined) this.#disputed.delete(id);
    else this.#disputed.set(id, key);
  }
}

function duplicatesIn(record: BlockRecord): number {
  const successes = record.results.filter((result) => result.verdict === 'success').length;
  return Math.max(0, successes - 1);
}
