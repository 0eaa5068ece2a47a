/**
 * When to reconcile with a peer: the decision, as a pure function with its reason.
 *
 * Invariant: two replicas whose digests stay different are reconciled again and again, so convergence never depends on
 * gossip; but a session that found nothing to move is repeated ever more rarely, because under load the digests differ
 * all the time while everything is on its way, and a deferred lease keeps them apart for as long as it is deferred. Of two
 * nodes that keep different windows, the one that keeps more can tell whether they differ, and starts.
 */

import type { Agreement } from './agreement.ts';

export interface PeerComparison {
  readonly agreement: Agreement;
  readonly nowMs: number;
  /** Since when the peer's heartbeats have shown another digest than ours. */
  readonly differsSinceMs: number;
  /** The end of the last session with this peer; undefined: none since it connected. */
  readonly lastEndedMs: number | undefined;
  /** Sessions with this peer in a row that moved nothing or failed. */
  readonly fruitless: number;
  /** Whether the last session moved something and left something: the next one goes on at once. */
  readonly hasMore: boolean;
  /** One of the two nodes starts first, the other only if nothing happens: see `Reconciler`. */
  readonly startsFirst: boolean;
}

export type TriggerDecision =
  | { readonly start: true; readonly reason: 'first-contact' | 'more-left' | 'digests-differ' }
  | {
      readonly start: false;
      readonly reason: 'digests-agree' | 'theirs-to-tell' | 'gossip-may-settle-it' | 'fruitless-lately';
    };

/** Gossip delivers in milliseconds; a difference that outlives this has to be repaired. */
export const SETTLE_MS = 1_500;
/** How much longer the second of the two nodes waits. */
export const SECOND_STARTER_MS = 1_500;
export const FRUITLESS_DELAY_MS_MIN = 1_000;
export const FRUITLESS_DELAY_MS_MAX = 30_000;

export function decideReconcile(comparison: PeerComparison): TriggerDecision {
  const { nowMs, lastEndedMs, fruitless, startsFirst } = comparison;
  if (comparison.agreement === 'agree') return { start: false, reason: 'digests-agree' };
  if (comparison.hasMore) return { start: true, reason: 'more-left' };
  if (comparison.agreement === 'theirs-to-tell') return { start: false, reason: 'theirs-to-tell' };
  const secondMs = startsFirst ? 0 : SECOND_STARTER_MS;
  const differsForMs = nowMs - comparison.differsSinceMs;
  if (lastEndedMs === undefined) {
    if (differsForMs >= secondMs) return { start: true, reason: 'first-contact' };
    return { start: false, reason: 'gossip-may-settle-it' };
  }
  if (differsForMs < SETTLE_MS + secondMs) return { start: false, reason: 'gossip-may-settle-it' };
  if (nowMs - lastEndedMs < fruitlessDelayMs(fruitless)) return { start: false, reason: 'fruitless-lately' };
  return { start: true, reason: 'digests-differ' };
}

/** How long to leave a peer alone after `fruitless` sessions in a row that moved nothing: 0 for none, then doubling. */
export function fruitlessDelayMs(fruitless: number): number {
  return fruitless === 0 ? 0 : Math.min(FRUITLESS_DELAY_MS_MAX, FRUITLESS_DELAY_MS_MIN * 2 ** (fruitless - 1));
}
