/**
 * What a heartbeat that arrived by gossip does: the verdict on it with its reason, and the table after it. Reject and
 * ignore mean the same as for batches (`gossip/judge.ts`).
 *
 * Invariant: the table only changes by heartbeats of members whose signature was checked, and those are accepted.
 */

import { isFailure } from '../../crdt/errors.ts';
import type { Trust } from '../gossip/check-record.ts';
import type { GossipVerdict } from '../network.ts';
import { decodeHeartbeat, isHeartbeatSigned, type Heartbeat, type ReceivedHeartbeat } from './heartbeat.ts';
import { hear, type HeardOutcome, type PresenceTable } from './table.ts';

export interface HeartbeatTrust extends Trust {
  readonly cluster: string;
}

export type HeartbeatReason =
  | HeardOutcome
  /** Ignored: a version that this node does not speak. */
  | 'unknown-version'
  /** Ignored: the member list may not have reached this node. */
  | 'not-member'
  | 'undecodable'
  | 'bad-signature';

export interface HeartbeatReceipt {
  readonly verdict: GossipVerdict;
  readonly reason: HeartbeatReason;
  readonly table: PresenceTable;
  /** Present exactly when the verdict is `accept`. */
  readonly heartbeat: Heartbeat | undefined;
}

/** `nowMs` is monotonic. */
export function receiveHeartbeat(
  table: PresenceTable,
  bytes: Uint8Array,
  nowMs: number,
  trust: HeartbeatTrust,
): HeartbeatReceipt {
  const refused = (verdict: GossipVerdict, reason: HeartbeatReason): HeartbeatReceipt => ({
    verdict,
    reason,
    table,
    heartbeat: undefined,
  });
  let received: ReceivedHeartbeat;
  try {
    received = decodeHeartbeat(bytes);
  } catch (error) {
    if (isFailure(error, 'ERR_UNKNOWN_VERSION')) return refused('ignore', 'unknown-version');
    if (isFailure(error)) return refused('reject', 'undecodable');
    throw error;
  }
  const { heartbeat } = received;
  if (!trust.isMember(heartbeat.node)) return refused('ignore', 'not-member');
  if (!isHeartbeatSigned(received, trust.cluster, trust.verify)) return refused('reject', 'bad-signature');
  const heard = hear(table, heartbeat, nowMs);
  if (heard.table === table) return refused('ignore', heard.outcome);
  return { verdict: 'accept', reason: heard.outcome, table: heard.table, heartbeat };
}
