/**
 * Which witnesses a node keeps.
 *
 * Invariant: pure; every decision gives its reason. With `factor:N` the first N live members in the block's rendezvous order
 * keep it, so every node names the same ones without a message; a node beyond them lets its copy go only when N others
 * that are to keep it hold it, and only of a finished block.
 */

import { DriftlockError } from '../../crdt/errors.ts';
import { describeText } from '../../crdt/ids.ts';

export type WitnessPolicy =
  /** Every witness. */
  | { readonly kind: 'full' }
  /** Those that this node's validator is about to need. */
  | { readonly kind: 'claimed' }
  /** Those, and this node's part of so many copies of every witness. */
  | { readonly kind: 'factor'; readonly copies: number };

/** More copies than members are as many as there are members. */
export const POLICY_COPIES_MAX = 512;
/** A validator that ranks behind others gives each of them so long before it fetches for itself: ten claim steps. */
export const CLAIM_RANK_WAIT_MS = 2_500;

/** Parses `full`, `claimed` or `factor:N`. Throws `ERR_BAD_WITNESS_POLICY` that names `argument`. */
export function parseWitnessPolicy(text: string, argument: string): WitnessPolicy {
  if (text === 'full' || text === 'claimed') return { kind: text };
  const copies = Number(/^factor:([1-9][0-9]{0,3})$/.exec(text)?.[1] ?? NaN);
  if (copies <= POLICY_COPIES_MAX) return { kind: 'factor', copies };
  throw new DriftlockError('ERR_BAD_WITNESS_POLICY', {
    argument,
    expected: `full, claimed, or factor:N with N from 1 to ${POLICY_COPIES_MAX}`,
    found: describeText(text),
  });
}

export interface WitnessSituation {
  /** Whether nobody has validated the block yet. */
  readonly isUnfinished: boolean;
  /** This node's place among the live validators for this block; undefined when it runs none. */
  readonly claimRank: number | undefined;
  /** For how long the block has been known to lack its witness here. */
  readonly missingForMs: number;
  /** This node's place among the live members for this block. */
  readonly keepRank: number;
  /** How many of the others that are to keep it hold it, live and trusted. */
  readonly copiesElsewhere: number;
}

export type FetchDecision =
  | { readonly action: 'fetch'; readonly reason: 'full' | 'claim' | 'factor' }
  /** It will be needed if those in front do not get to it. */
  | { readonly action: 'wait'; readonly waitMs: number }
  | { readonly action: 'leave' };

/** What to do about a witness that is not here. */
export function decideFetch(policy: WitnessPolicy, situation: WitnessSituation): FetchDecision {
  if (policy.kind !== 'claimed' && keepsFinished(policy, situation.keepRank)) {
    return { action: 'fetch', reason: policy.kind };
  }
  const { isUnfinished, claimRank, missingForMs } = situation;
  if (!isUnfinished || claimRank === undefined) return { action: 'leave' };
  const waitMs = claimRank * CLAIM_RANK_WAIT_MS - missingForMs;
  return waitMs <= 0 ? { action: 'fetch', reason: 'claim' } : { action: 'wait', waitMs };
}

/** Whether a node keeps the witness of a block that nobody will validate any more. `keepRank`: see `WitnessSituation`. */
export function keepsFinished(policy: WitnessPolicy, keepRank: number): boolean {
  return policy.kind === 'full' || (policy.kind === 'factor' && keepRank < policy.copies);
}

export type DropDecision =
  | { readonly action: 'drop' }
  | { readonly action: 'keep'; readonly reason: 'policy' | 'unfinished' | 'ours-to-keep' | 'too-few-copies' };

/** Whether a witness that is here may go. */
export function decideDrop(policy: WitnessPolicy, situation: WitnessSituation): DropDecision {
  if (policy.kind !== 'factor') return { action: 'keep', reason: 'policy' };
  if (situation.isUnfinished) return { action: 'keep', reason: 'unfinished' };
  if (situation.keepRank < policy.copies) return { action: 'keep', reason: 'ours-to-keep' };
  if (situation.copiesElsewhere < policy.copies) return { action: 'keep', reason: 'too-few-copies' };
  return { action: 'drop' };
}
