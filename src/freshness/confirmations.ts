/**
 * How old what this node knows of a block can be: for each block lately asked about, since when each other member is known to
 * have known nothing more.
 *
 * Invariant: the age is never below the true one. A member's answer covers what it knew when it was asked, so a confirmation
 * counts from the moment of asking, never from the arrival of the answer; a member that was never asked makes the age
 * unknown; and elapsed time is taken for the longest that a clock within its drift bound may have shown too short.
 * No wall clock takes part.
 */

import { blockId, type BlockId, type BlockKey, type NodeId } from '../../crdt/ids.ts';

/** Blocks whose confirmations are kept, the latest asked about; of any other the age is unknown. */
export const BLOCKS_CONFIRMED_MAX = 4_096;

export class Confirmations {
  readonly #blocks = new Map<BlockId, Map<NodeId, number>>();

  /** `member` has answered what it knows of the block. `askedAtMs`: when it was asked, monotonic. */
  note(key: BlockKey, member: NodeId, askedAtMs: number): void {
    const id = blockId(key);
    const known = this.#blocks.get(id) ?? new Map<NodeId, number>();
    known.set(member, Math.max(askedAtMs, known.get(member) ?? -Infinity));
    // Taken out first, so that the order is that of the latest answers.
    this.#blocks.delete(id);
    this.#blocks.set(id, known);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > BLOCKS_CONFIRMED_MAX && oldest !== undefined) this.#blocks.delete(oldest);
  }

  /** Of the oldest confirmation, over all of `others`; undefined while one of them has never answered. */
  confirmedAtMs(key: BlockKey, others: readonly NodeId[]): number | undefined {
    const known = this.#blocks.get(blockId(key));
    let oldestMs = Infinity;
    for (const member of others) {
      const atMs = known?.get(member);
      if (atMs === undefined) return undefined;
      oldestMs = Math.min(oldestMs, atMs);
    }
    return oldestMs;
  }

  /** Those of `others` that have answered at `sinceMs` or later. */
  confirmedSince(key: BlockKey, others: readonly NodeId[], sinceMs: number): readonly NodeId[] {
    const known = this.#blocks.get(blockId(key));
    return others.filter((member) => (known?.get(member) ?? -Infinity) >= sinceMs);
  }
}

/** Of the two ends of a question that a member has answered, on the asker's monotonic clock, the one up to which it counts. */
export type ConfirmedAt = (askedAtMs: number, answeredAtMs: number) => number;

/** What the member learnt after the question had reached it need not be in its answer. */
export const confirmedAtAsking: ConfirmedAt = (askedAtMs) => askedAtMs;

/** Whole milliseconds, rounded up. `driftRate`: by which part a clock may run slow. */
export function ageOf(confirmedAtMs: number, nowMs: number, driftRate: number): number {
  if (confirmedAtMs === Infinity) return 0;
  return Math.ceil((nowMs - confirmedAtMs) / (1 - driftRate));
}
