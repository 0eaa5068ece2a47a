/**
 * Whether to claim a block now, later or not at all, and why.
 *
 * Invariant: a pure function of what is passed in; the caller claims, waits or drops the block. Every answer has a
 * reason, so that an operator can see why a block is not being worked on.
 */

import type { Results } from '../../crdt/block/result.ts';
import type { BlockStatus } from '../../crdt/block/view.ts';

export interface ClaimSituation {
  readonly status: BlockStatus;
  readonly holdsWitness: boolean;
  /** 0: this node is the first choice for the block (see `rendezvous.ts`). */
  readonly rank: number;
  /** Whether an earlier rank is not known to hold the witness: it may be fetching it. */
  readonly earlierRankFetches: boolean;
  /** Since an earlier rank last came to hold the witness, as far as this node saw: only then did that one's turn begin. */
  readonly earlierRanksHoldForMs: number;
  /** How long each rank gives the one before it. */
  readonly rankStepMs: number;
  /** Since nobody has held the block's lease, as far as this node saw. */
  readonly freeForMs: number;
  /** Since its witness has been here as well. At most `freeForMs`. */
  readonly claimableForMs: number;
  /** How long to leave a free block alone after tries that did not succeed; 0 without any. */
  readonly backoffMs: number;
  /** How often validators have failed the block, on all nodes together. */
  readonly failures: number;
  /** With this many the block is left to people. */
  readonly failuresMax: number;
  /** While the status is `processing`: until this node may consider the lease expired. */
  readonly leaseRemainingMs: number;
}

/**
 * Why a node claims nothing at all: it has not yet heard what the others did before it started, its clock is outside the skew
 * bound or not yet compared with theirs, or too few of them are in reach.
 */
export type ClaimHold = 'just-started' | 'clock-not-trusted' | 'degraded';

export type ClaimDecision =
  | { readonly action: 'claim'; readonly reason: 'first-in-rank' | 'earlier-ranks-silent' }
  | { readonly action: 'wait'; readonly waitMs: number; readonly reason: 'earlier-rank' | 'backing-off' | 'lease-held' }
  | { readonly action: 'drop'; readonly reason: 'finished' | 'no-witness' | 'failures-exhausted' };

/**
 * How many steps more an earlier rank is given that has to fetch the witness first. A step is two deliveries (`RankStep`),
 * and a small witness is there after five (announcement, the stream's opening and its answer, request, payload); that it
 * is there is known one later.
 */
export const FETCH_STEPS = 4;

/** `wait`: decide again after `waitMs`, or when something changes; `drop`: decide again only when something changes. */
export function decideClaim(situation: ClaimSituation): ClaimDecision {
  const { status, rank, freeForMs, claimableForMs, backoffMs } = situation;
  if (status === 'success') return { action: 'drop', reason: 'finished' };
  if (!situation.holdsWitness) return { action: 'drop', reason: 'no-witness' };
  if (status === 'processing') {
    return { action: 'wait', waitMs: Math.max(1, situation.leaseRemainingMs), reason: 'lease-held' };
  }
  if (situation.failures >= situation.failuresMax) return { action: 'drop', reason: 'failures-exhausted' };
  if (backoffMs > freeForMs) return { action: 'wait', waitMs: backoffMs - freeForMs, reason: 'backing-off' };
  // The ranks take their turns from when the pause is over and the witness here and with the earlier ranks.
  const turnsForMs = Math.min(freeForMs - backoffMs, claimableForMs, situation.earlierRanksHoldForMs);
  const steps = rank + (situation.earlierRankFetches ? FETCH_STEPS : 0);
  const turnInMs = steps * situation.rankStepMs - turnsForMs;
  if (turnInMs > 0) return { action: 'wait', waitMs: turnInMs, reason: 'earlier-rank' };
  return { action: 'claim', reason: rank === 0 ? 'first-in-rank' : 'earlier-ranks-silent' };
}

/** How often validators have failed the block: a node's `sequence` counts its own results. */
export function failuresIn(results: Results): number {
  return results.reduce((sum, result) => sum + (result.verdict === 'failed' ? result.sequence : 0), 0);
}

/** How blocks are tried again that failed, or whose validation reached no verdict. Each try is a claim of the next epoch. */
export interface RetryPolicy {
  /** A block that failed this often is left to people: validators are deterministic, so more tries find the same. */
  readonly failuresMax: number;
  /** The pause after the first try; each further try doubles it. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

/** How long to wait after `tries` tries that did not succeed: 0 for none, then doubling up to the longest pause. */
export function retryDelayMs(tries: number, { delayMsMin, delayMsMax }: RetryPolicy): number {
  return tries === 0 ? 0 : Math.min(delayMsMax, delayMsMin * 2 ** (tries - 1));
}
