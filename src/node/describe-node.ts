/** What a node says of itself in its heartbeats. */

import type { HeartbeatContent } from '../presence/presence.ts';
import { keptSummary } from '../reconcile/agreement.ts';
import { VERSION } from '../version.ts';
import type { DriftlockNode } from './node.ts';

export function describeNode(node: DriftlockNode, region: string): HeartbeatContent {
  const lowestKept = node.housekeeping.window.from;
  const kept = keptSummary(node.replica.index, lowestKept);
  return {
    mode: node.modes.mode,
    validates: node.claims.isAtWork && node.modes.claimHold === undefined,
    isSkewed: node.clocks.standing === 'outside',
    lowestKept,
    digest: kept.sum,
    recordCount: kept.count,
    statusCounts: node.statusCounts(),
    region,
    softwareVersion: VERSION,
  };
}
