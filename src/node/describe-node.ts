/** What a node says of itself in its heartbeats. */

import type { HeartbeatContent } from '../presence/presence.ts';
import { VERSION } from '../version.ts';
import type { DriftlockNode } from './node.ts';

export function describeNode(node: DriftlockNode, region: string): HeartbeatContent {
  return {
    mode: node.modes.mode,
    validates: node.claims.isAtWork && node.modes.claimHold === undefined,
    isSkewed: node.clocks.standing === 'outside',
    digest: node.replica.digest,
    recordCount: node.replica.size,
    statusCounts: node.statusCounts(),
    region,
    softwareVersion: VERSION,
  };
}
