/**
 * Which mode a node is in, from what it sees: the decision, with hysteresis, as a pure step.
 *
 * Invariant: a mode changes only when what calls for it has held without a break for its hold time, and the thresholds for
 * returning are stricter than those for leaving, so a member at the edge of reach does not change it with every heartbeat.
 * `strong` is never entered from here: it belongs to single operations that go through a consensus store.
 */

import type { Mode } from '../../net/presence/heartbeat.ts';
import { HEARTBEATS_MISSED_MAX } from '../presence/presence.ts';
import { CATCH_UP_RECORDS_MIN } from '../reconcile/catch-up.ts';
import { DIRTY_BLOCKS_MAX } from '../store/block-store.ts';

/** Another member, as this node sees it now. */
export interface SeenMember {
  /** Since its latest heartbeat arrived; undefined: never. */
  readonly heartbeatAgeMs: number | undefined;
  /** Whether that heartbeat showed our digest. */
  readonly agrees: boolean;
  /** Whether, since it was last out of reach, it has agreed once or a session with it has left nothing over. */
  readonly isSettled: boolean;
  readonly recordCount: number;
}

export interface ModeSituation {
  /** All other members, reachable or not. */
  readonly others: readonly SeenMember[];
  readonly ownRecords: number;
  /** Blocks whose file is still to be written. */
  readonly queueDepth: number;
}

export type ModeTrigger =
  /** The node has just begun, and has compared its records with nobody yet. */
  | 'started'
  /** Fewer than a majority of the members is in reach. */
  | 'too-few-reachable'
  /** A majority is in reach again. */
  | 'reachable-again'
  /** A member in reach holds at least CATCH_UP_RECORDS_MIN records more. */
  | 'records-missing'
  /** At least DIRTY_BLOCKS_MAX blocks wait to be written. */
  | 'queue-deep'
  /** Every member in reach has agreed once or left nothing over, few records are missing, and no queue is deep. */
  | 'caught-up';

/** What of a situation decides, and what an operator is shown of it. */
export interface ModeSight {
  /** All members, this node included. */
  readonly members: number;
  /** Those heard of lately, this node included. */
  readonly reachable: number;
  readonly reachableMin: number;
  /** Of the members in reach, the age of the oldest latest heartbeat; undefined: none is in reach. */
  readonly heartbeatAgeMsMax: number | undefined;
  /** Other members in reach whose latest heartbeat showed our digest. */
  readonly agreeing: number;
  /** Other members in reach with whom nothing was left to exchange when last compared. */
  readonly settled: number;
  /** How many records more the fullest member in reach holds. */
  readonly recordsMissing: number;
  readonly queueDepth: number;
}

export interface ModeState {
  readonly mode: Mode;
  /** Monotonic. */
  readonly sinceMs: number;
  readonly trigger: ModeTrigger;
  /** What calls for another mode, and since when. */
  readonly call: ModeCall | undefined;
}

interface ModeCall {
  readonly mode: Mode;
  readonly trigger: ModeTrigger;
  readonly sinceMs: number;
}

export interface ModeStep {
  readonly state: ModeState;
  readonly sight: ModeSight;
  readonly hasChanged: boolean;
}

/** To count as in reach again, a member must have been heard of within this many heartbeats; to stay so, within HEARTBEATS_MISSED_MAX. */
export const HEARTBEATS_TO_RETURN_MAX = 2;
/** For how many heartbeats a call must hold. Losing reach has waited HEARTBEATS_MISSED_MAX of them already. */
export const HOLD_HEARTBEATS: Readonly<Record<Mode, number>> = { degraded: 1, 'catch-up': 1, normal: 2, strong: 0 };
/** What made a node catch up must have fallen to this part of its threshold before it is normal again. */
export const RETURN_FRACTION = 0.5;

/** A node begins by comparing what it has with the others. */
export function initialMode(nowMs: number): ModeState {
  return { mode: 'catch-up', sinceMs: nowMs, trigger: 'started', call: undefined };
}

/** The smallest number of members, this node included, that is more than half. */
export function majorityOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The next state. `nowMs` is monotonic. */
export function stepMode(state: ModeState, situation: ModeSituation, nowMs: number, heartbeatMs: number): ModeStep {
  const sight = seeFrom(state.mode, situation, heartbeatMs);
  const call = callFor(state.mode, sight);
  if (call === undefined) return { state: { ...state, call: undefined }, sight, hasChanged: false };
  const sinceMs = state.call?.mode === call.mode ? state.call.sinceMs : nowMs;
  if (nowMs - sinceMs >= holdHeartbeats(state, call.mode) * heartbeatMs) {
    return { state: { ...call, sinceMs: nowMs, call: undefined }, sight, hasChanged: true };
  }
  return { state: { ...state, call: { ...call, sinceMs } }, sight, hasChanged: false };
}

/** Members that a node which has just started was never in touch with get as long as those that it has lost. */
function holdHeartbeats({ trigger }: ModeState, mode: Mode): number {
  const heldBefore = mode === 'degraded' && trigger === 'started' ? HEARTBEATS_MISSED_MAX : 0;
  return heldBefore + HOLD_HEARTBEATS[mode];
}

function seeFrom(mode: Mode, { others, ownRecords, queueDepth }: ModeSituation, heartbeatMs: number): ModeSight {
  const heartbeats = mode === 'degraded' ? HEARTBEATS_TO_RETURN_MAX : HEARTBEATS_MISSED_MAX;
  const ageMsMax = heartbeats * heartbeatMs;
  const reached = others.filter(({ heartbeatAgeMs }) => heartbeatAgeMs !== undefined && heartbeatAgeMs < ageMsMax);
  const members = others.length + 1;
  const ages = reached.map(({ heartbeatAgeMs }) => heartbeatAgeMs ?? 0);
  return {
    members,
    reachable: reached.length + 1,
    reachableMin: majorityOf(members),
    heartbeatAgeMsMax: ages.length === 0 ? undefined : Math.max(...ages),
    agreeing: reached.filter(({ agrees }) => agrees).length,
    settled: reached.filter(({ agrees, isSettled }) => agrees || isSettled).length,
    recordsMissing: Math.max(0, ...reached.map(({ recordCount }) => recordCount - ownRecords)),
    queueDepth,
  };
}

/** The mode that the sight calls for and why; undefined: the one that the node is in. */
function callFor(mode: Mode, sight: ModeSight): Omit<ModeCall, 'sinceMs'> | undefined {
  if (sight.reachable < sight.reachableMin) {
    return mode === 'degraded' ? undefined : { mode: 'degraded', trigger: 'too-few-reachable' };
  }
  // A majority is back, and it may have done anything meanwhile.
  if (mode === 'degraded') return { mode: 'catch-up', trigger: 'reachable-again' };
  if (mode === 'catch-up') return isCaughtUp(sight) ? { mode: 'normal', trigger: 'caught-up' } : undefined;
  if (sight.recordsMissing >= CATCH_UP_RECORDS_MIN) return { mode: 'catch-up', trigger: 'records-missing' };
  if (sight.queueDepth >= DIRTY_BLOCKS_MAX) return { mode: 'catch-up', trigger: 'queue-deep' };
  return undefined;
}

function isCaughtUp({ reachable, settled, recordsMissing, queueDepth }: ModeSight): boolean {
  return (
    settled === reachable - 1 &&
    recordsMissing < CATCH_UP_RECORDS_MIN * RETURN_FRACTION &&
    queueDepth < DIRTY_BLOCKS_MAX * RETURN_FRACTION
  );
}
