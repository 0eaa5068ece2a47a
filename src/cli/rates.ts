/** What happened between two looks at a node: its counters as rates, and what of its blocks moved. */

import type { StatusAnswer } from '../rpc/status-schema.ts';

export interface Look {
  /** Monotonic, of the one who looks. */
  readonly atMs: number;
  readonly status: StatusAnswer;
}

export interface Rates {
  readonly claimsPerSecond: number;
  readonly finishedPerSecond: number;
  readonly resultsPerSecond: number;
  readonly reconcileBytesPerSecond: number;
  /** Of the results that came, the share that was not needed; null when none came. */
  readonly duplicateShare: number | null;
}

/** Null when there is nothing to compare with: the first look, or a node that has restarted since. */
export function ratesBetween(before: Look | undefined, after: Look): Rates | null {
  if (before === undefined || after.atMs <= before.atMs) return null;
  if (before.status.peerId !== after.status.peerId || after.status.uptimeMs < before.status.uptimeMs) return null;
  const seconds = (after.atMs - before.atMs) / 1_000;
  const results = after.status.blocks.results - before.status.blocks.results;
  const duplicates = after.status.blocks.duplicates - before.status.blocks.duplicates;
  // What a node prunes is no work undone.
  const perSecond = (grown: number): number => Math.max(0, grown) / seconds;
  const counted = (name: string): number => (after.status.counters[name] ?? 0) - (before.status.counters[name] ?? 0);
  return {
    claimsPerSecond: perSecond(counted('claims')),
    finishedPerSecond: perSecond(after.status.blocks.success - before.status.blocks.success),
    resultsPerSecond: perSecond(results),
    reconcileBytesPerSecond: perSecond(counted('reconcileBytes')),
    duplicateShare: results > 0 ? Math.max(0, duplicates) / results : null,
  };
}
