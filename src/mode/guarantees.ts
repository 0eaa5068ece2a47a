/**
 * What each operation guarantees in each mode, as data: ⟨scope, latency, availability, consistency, cost, scalability⟩, after
 * the vectors by which consistency levels are compared, with what this node measured of it.
 *
 * Invariant: a row promises no more than `docs/operations.md` does, and a measured value is one that was really taken.
 */

import { MODES, type Mode } from '../../net/presence/heartbeat.ts';

export const OPERATIONS = ['claim', 'result', 'read', 'bounded-read', 'ordered-write'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Guarantee {
  /** For whom it holds. */
  readonly scope: 'this node' | 'members in reach' | 'all members' | 'not offered';
  /** What it waits for. */
  readonly latency: 'memory' | 'one disk sync' | 'one round trip' | 'not offered';
  readonly availability: 'always' | 'unless paused by configuration' | 'while every member answers' | 'not offered';
  readonly consistency:
    | 'one holder within the skew bound, among nodes that can talk'
    | 'one holder on each side of a partition'
    | 'final, and the same on all once they have met'
    | 'as of what has arrived'
    | 'as of at most the age that was asked for'
    | 'not offered';
  /** In messages and disk syncs of one operation. */
  readonly cost:
    | 'one gossip message'
    | 'one gossip message and one shared disk sync'
    | 'none'
    | 'a question to every member'
    | 'not offered';
  /** How the cost grows with the number of members. */
  readonly scalability: 'constant' | 'linear' | 'not offered';
}

export interface MeasuredLatency {
  /** What the number is of. */
  readonly of: string;
  readonly ms: number;
}

export interface GuaranteeRow extends Guarantee {
  readonly mode: Mode;
  readonly operation: Operation;
  /** By this node, of late; null: nothing was measured. */
  readonly measured: MeasuredLatency | null;
}

/** Milliseconds, of late; undefined: not measured. */
export interface Measurements {
  /** From a difference seen to nothing left to exchange, the last time. */
  readonly convergenceMs: number | undefined;
  /** A round of questions to all other members, the last time. */
  readonly roundMs: number | undefined;
  /** What nearly every heartbeat takes to arrive, of the slowest member. */
  readonly deliveryMs: number | undefined;
}

const NOT_OFFERED = 'not offered';

const BOUNDED_READ: Guarantee = {
  scope: 'all members',
  latency: 'one round trip',
  availability: 'while every member answers',
  consistency: 'as of at most the age that was asked for',
  cost: 'a question to every member',
  scalability: 'linear',
};

const NORMAL: Readonly<Record<Operation, Guarantee>> = {
  claim: {
    scope: 'members in reach',
    latency: 'memory',
    availability: 'always',
    consistency: 'one holder within the skew bound, among nodes that can talk',
    cost: 'one gossip message',
    scalability: 'constant',
  },
  result: {
    scope: 'all members',
    latency: 'one disk sync',
    availability: 'always',
    consistency: 'final, and the same on all once they have met',
    cost: 'one gossip message and one shared disk sync',
    scalability: 'constant',
  },
  read: {
    scope: 'this node',
    latency: 'memory',
    availability: 'always',
    consistency: 'as of what has arrived',
    cost: 'none',
    scalability: 'constant',
  },
  'bounded-read': BOUNDED_READ,
  'ordered-write': {
    scope: NOT_OFFERED,
    latency: NOT_OFFERED,
    availability: NOT_OFFERED,
    consistency: NOT_OFFERED,
    cost: NOT_OFFERED,
    scalability: NOT_OFFERED,
  },
};

function guaranteeIn(mode: Mode, operation: Operation): Guarantee {
  const normal = NORMAL[operation];
  if (mode !== 'degraded' || operation !== 'claim') return normal;
  return {
    ...normal,
    availability: 'unless paused by configuration',
    consistency: 'one holder on each side of a partition',
  };
}

/** A row for every mode and operation. */
export function guarantees(measured: Measurements): readonly GuaranteeRow[] {
  return MODES.flatMap((mode) =>
    OPERATIONS.map((operation) => {
      return { mode, operation, ...guaranteeIn(mode, operation), measured: measuredOf(operation, measured) };
    }),
  );
}

function measuredOf(operation: Operation, measurements: Measurements): MeasuredLatency | null {
  const { deliveryMs, convergenceMs, roundMs } = measurements;
  switch (operation) {
    case 'claim':
      return latency('until nearly every member has heard of it', deliveryMs);
    case 'result':
      return latency('until all in reach had it, the last time that gossip had lost some', convergenceMs);
    case 'bounded-read':
      return latency('of the last question to all others', roundMs);
    default:
      return null;
  }
}

function latency(of: string, ms: number | undefined): MeasuredLatency | null {
  return ms === undefined ? null : { of, ms: Math.round(ms * 100) / 100 };
}
