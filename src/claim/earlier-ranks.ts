/**
 * The candidates that rank before this node for one block, and how far they have come: one without the witness cannot
 * claim yet, and has its turn when it came to hold it.
 *
 * Invariant: the time since which they hold the witness only starts anew when more of them do than before.
 */

import { liveHolders, type Holders } from '../../crdt/block/holders.ts';
import type { NodeId } from '../../crdt/ids.ts';

/** What a decision needs to know of them. */
export interface EarlierRanksNow {
  /** How many there are: this node's rank. */
  readonly rank: number;
  /** Whether one of them is not known to hold the witness: it may be fetching it. */
  readonly earlierRankFetches: boolean;
  /** Since one of them last came to hold the witness, as far as this node saw. */
  readonly earlierRanksHoldForMs: number;
}

export class EarlierRanks {
  #holding = 0;
  #sinceMs = -Infinity;

  /** `ahead`: those who rank before this node now; `holders`: of the block's witness. */
  look(ahead: readonly NodeId[], holders: Holders, nowMs: number): EarlierRanksNow {
    const holding = new Set(liveHolders(holders));
    const count = ahead.filter((node) => holding.has(node)).length;
    if (count > this.#holding) this.#sinceMs = nowMs;
    this.#holding = count;
    return {
      rank: ahead.length,
      earlierRankFetches: count < ahead.length,
      earlierRanksHoldForMs: nowMs - this.#sinceMs,
    };
  }
}
