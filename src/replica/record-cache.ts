/**
 * The records that were asked for last, decoded.
 *
 * Invariant: at most `RECORDS_CACHED_MAX`; what was used least recently goes first. It holds no record that its replica
 * does not hold in the same state.
 */

import type { BlockRecord } from '../../crdt/block/record.ts';

/** About 2 kB each: the blocks that several parts of the node ask about while one change passes through. */
export const RECORDS_CACHED_MAX = 1_024;

export class RecordCache {
  /** By slot, the least recently used first. */
  readonly #records = new Map<number, BlockRecord>();

  get(slot: number): BlockRecord | undefined {
    const record = this.#records.get(slot);
    if (record === undefined) return undefined;
    this.#records.delete(slot);
    this.#records.set(slot, record);
    return record;
  }

  put(slot: number, record: BlockRecord): void {
    this.#records.delete(slot);
    this.#records.set(slot, record);
    if (this.#records.size <= RECORDS_CACHED_MAX) return;
    const oldest = this.#records.keys().next();
    if (oldest.done !== true) this.#records.delete(oldest.value);
  }

  remove(slot: number): void {
    this.#records.delete(slot);
  }
}
