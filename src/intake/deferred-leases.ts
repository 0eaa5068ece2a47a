/**
 * Leases from too far ahead of our wall clock, kept until they come to lie within the skew bound.
 *
 * Invariant: at most `DEFERRED_BLOCKS_MAX` blocks wait; of more, those that are due last are let go, and reconciliation
 * brings them again when they are due. What waits was checked as anything that is merged is.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { mergeRecords, type BlockRecord } from '../../crdt/block/record.ts';
import { blockId, type BlockId, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';

export const DEFERRED_BLOCKS_MAX = 1_024;

interface Deferred {
  readonly key: BlockKey;
  readonly record: BlockRecord;
  /** When the earliest of its stamps was made, by its author's clock. */
  readonly stampedAtMs: number;
}

export class DeferredLeases {
  readonly #byBlock = new Map<BlockId, Deferred>();

  get size(): number {
    return this.#byBlock.size;
  }

  /** The stamp that comes to lie within the bound first; undefined when nothing waits. */
  get firstStampMs(): number | undefined {
    return this.#byBlock.size === 0 ? undefined : Math.min(...this.#stamps());
  }

  /** Whose leases wait. */
  holders(): ReadonlySet<NodeId> {
    return new Set([...this.#byBlock.values()].flatMap(({ record }) => leasesIn(record).map(({ holder }) => holder)));
  }

  /** `record`: leases alone. Returns those that were not waiting already. */
  put({ key, record }: KeyedRecord): readonly Lease[] {
    const id = blockId(key);
    const known = this.#byBlock.get(id)?.record;
    const merged = known === undefined ? record : mergeRecords(known, record);
    const news = leasesIn(merged).filter((lease) => lease !== known?.lease && lease !== known?.generation);
    if (news.length === 0) return [];
    const stampedAtMs = Math.min(...leasesIn(merged).map(({ stamp }) => stamp.wallMs));
    this.#byBlock.set(id, { key, record: merged, stampedAtMs });
    if (this.#byBlock.size > DEFERRED_BLOCKS_MAX) this.#dropLast();
    return news;
  }

  /** Takes out all that was stamped at `untilMs` or before. */
  take(untilMs: number): readonly KeyedRecord[] {
    const due = [...this.#byBlock].filter(([, { stampedAtMs }]) => stampedAtMs <= untilMs);
    for (const [id] of due) this.#byBlock.delete(id);
    return due.map(([, { key, record }]) => ({ key, record }));
  }

  #dropLast(): void {
    const latestMs = Math.max(...this.#stamps());
    for (const [id, { stampedAtMs }] of this.#byBlock) {
      if (stampedAtMs !== latestMs) continue;
      this.#byBlock.delete(id);
      return;
    }
  }

  *#stamps(): Generator<number> {
    for (const { stampedAtMs } of this.#byBlock.values()) yield stampedAtMs;
  }
}

function leasesIn({ lease, generation }: BlockRecord): readonly Lease[] {
  return [lease, generation].filter((each) => each !== undefined);
}
