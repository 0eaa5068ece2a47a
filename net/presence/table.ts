/**
 * Who is there: the latest heartbeat of each member and when it was heard, as pure steps on an immutable table.
 *
 * Invariant: an entry's heartbeat only ever gives way to a later one of the same node, so a replayed heartbeat brings
 * nobody back to life. The exception is a node that was silent for `PRESENCE_FORGET_MS`: it may have come back with a
 * clock that was set back, and then counts from there. Liveness is judged by this node's monotonic clock alone.
 */

import { compareText, type NodeId } from '../../crdt/ids.ts';
import type { Heartbeat } from './heartbeat.ts';

/** The largest cluster. */
export const PRESENCE_MEMBERS_MAX = 512;
/** A node that was silent for this long is met as if for the first time. */
export const PRESENCE_FORGET_MS = 60_000;

export interface Presence {
  readonly heartbeat: Heartbeat;
  /** On this node's monotonic clock. */
  readonly heardAtMs: number;
}

export type PresenceTable = ReadonlyMap<NodeId, Presence>;

export const EMPTY_PRESENCE: PresenceTable = new Map();

export type HeardOutcome =
  /** Not in the table before, or forgotten. */
  | 'new'
  /** A later heartbeat of the same run. */
  | 'later'
  /** The node has restarted since. */
  | 'restarted'
  /** Not later than what is known: a repetition, or an old one on a long way. The table is as it was. */
  | 'stale'
  /** The table is full. It is as it was. */
  | 'table-full';

export interface Heard {
  readonly table: PresenceTable;
  readonly outcome: HeardOutcome;
}

/** Precondition: the heartbeat is a member's, and its signature was checked. `nowMs` is monotonic. */
export function hear(table: PresenceTable, heartbeat: Heartbeat, nowMs: number): Heard {
  const outcome = outcomeOf(table, heartbeat, nowMs);
  if (outcome === 'stale' || outcome === 'table-full') return { table, outcome };
  return { table: new Map(table).set(heartbeat.node, { heartbeat, heardAtMs: nowMs }), outcome };
}

function outcomeOf(table: PresenceTable, heartbeat: Heartbeat, nowMs: number): HeardOutcome {
  const known = table.get(heartbeat.node);
  if (known === undefined) return table.size >= PRESENCE_MEMBERS_MAX ? 'table-full' : 'new';
  if (nowMs - known.heardAtMs >= PRESENCE_FORGET_MS) return 'new';
  if (compareHeartbeats(heartbeat, known.heartbeat) <= 0) return 'stale';
  return heartbeat.startedAtWallMs === known.heartbeat.startedAtWallMs ? 'later' : 'restarted';
}

/** The order of one node's heartbeats. */
function compareHeartbeats(a: Heartbeat, b: Heartbeat): number {
  return a.startedAtWallMs - b.startedAtWallMs || a.sequence - b.sequence;
}

/** The members heard of less than `timeoutMs` ago, by node id. */
export function liveMembers(table: PresenceTable, nowMs: number, timeoutMs: number): readonly NodeId[] {
  return [...table.values()]
    .filter(({ heardAtMs }) => nowMs - heardAtMs < timeoutMs)
    .map(({ heartbeat }) => heartbeat.node)
    .sort(compareText);
}

/** The table without those who are members no more. */
export function retainMembers(table: PresenceTable, isMember: (node: NodeId) => boolean): PresenceTable {
  return new Map([...table].filter(([node]) => isMember(node)));
}
