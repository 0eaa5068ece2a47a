/** What a node says of itself in its heartbeats. */

import type { HeartbeatContent } from '../presence/presence.ts';
import { VERSION } from '../version.ts';
import type { DriftlockNode } from './node.ts';

export function describeNode(node: DriftlockNode, region: string): HeartbeatContent {
  return {
    mode: 'normal',
    validates: node.claims.isAtWork,
    isSkewed: node.clocks.standing === 'outside',
    digest: node.replica.digest,
    recordCount: node.replica.size,
    statusCounts: node.statusCounts(),
    region,
    softwareVersion: VERSION,
  };
}
