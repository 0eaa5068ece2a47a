/**
 * Whether a peer holds the records that we hold, as far as both keep them, by what its heartbeat says.
 *
 * Invariant: pure. Of two nodes that keep different windows the one that keeps more can tell: its index gives the sum of any
 * range, while a heartbeat gives that of the sender's window alone.
 */

import type { Heartbeat } from '../../net/presence/heartbeat.ts';
import { boundAt, END, type RangeSummary } from '../../net/reconcile/index/item.ts';
import type { ReconcileIndex } from '../../net/reconcile/index/reconcile-index.ts';
import type { ReconcileView } from '../../net/reconcile/view.ts';

export type Agreement =
  | 'agree'
  | 'differ'
  /** The peer keeps more than we do, and starts a session when we differ. */
  | 'theirs-to-tell';

/** The sum of what a node that keeps blocks from `lowestKept` on holds of them: what its heartbeats say. */
export function keptSummary(index: Pick<ReconcileIndex, 'summary'>, lowestKept: number): RangeSummary {
  return index.summary({ from: boundAt(lowestKept), to: END });
}

export function agreementWith(
  { index, lowestKept }: Pick<ReconcileView, 'index' | 'lowestKept'>,
  heard: Pick<Heartbeat, 'lowestKept' | 'digest'>,
): Agreement {
  if (heard.lowestKept < lowestKept) return 'theirs-to-tell';
  return keptSummary(index, heard.lowestKept).sum === heard.digest ? 'agree' : 'differ';
}
