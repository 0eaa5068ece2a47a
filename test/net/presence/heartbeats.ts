/** Heartbeats for tests. */

import type { NodeId } from '../../../crdt/ids.ts';
import type { Heartbeat } from '../../../net/presence/heartbeat.ts';

/** The third heartbeat of `node`'s first run, except for `parts`. */
export function heartbeatOf(node: NodeId, parts: Partial<Heartbeat>): Heartbeat {
  return {
    node,
    startedAtWallMs: 1_700_000_000_000,
    sequence: 3,
    sentAtWallMs: 1_700_000_003_000,
    mode: 'normal',
    validates: true,
    isSkewed: false,
    lowestKept: 0,
    digest: 0x0102030405060708090a0b0c0d0e0f10n,
    recordCount: 300,
    statusCounts: { idle: 1, processing: 2, failed: 3, success: 294 },
    region: 'eu-zürich',
    softwareVersion: '0.1.0',
    ...parts,
  };
}
