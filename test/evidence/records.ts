/** One event of each kind that is evidence. */

import type { BlockKey } from '../../crdt/ids.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { hashOf, leaseWith, nodeOf } from '../crdt/block/arbitraries.ts';

export const KEY_OF = (number: number): BlockKey => ({ number, hash: hashOf(number) });

const SIGHT = {
  members: 3,
  reachable: 1,
  reachableMin: 2,
  heartbeatAgeMsMax: undefined,
  agreeing: 0,
  settled: 0,
  recordsMissing: 0,
  queueDepth: 7,
};

export const EVIDENT_EVENTS: readonly NodeEvent[] = [
  {
    type: 'mode-changed',
    from: 'normal',
    to: 'degraded',
    trigger: 'too-few-reachable',
    claiming: 'paused',
    sight: SIGHT,
  },
  {
    type: 'view-changed',
    key: KEY_OF(1),
    from: 'idle',
    to: 'processing',
    reason: 'lease-live',
    lease: leaseWith({ epoch: 2, holder: nodeOf(3) }),
    stateRoot: undefined,
  },
  {
    type: 'view-changed',
    key: KEY_OF(2),
    from: 'processing',
    to: 'success',
    reason: 'success-reported',
    lease: undefined,
    stateRoot: hashOf(7),
  },
  { type: 'lease-lost', key: KEY_OF(1), epoch: 1, reason: 'outbid' },
  {
    type: 'lease-taken-over',
    key: KEY_OF(1),
    from: leaseWith({ epoch: 1, holder: nodeOf(1) }),
    to: leaseWith({ epoch: 2, holder: nodeOf(2) }),
  },
  { type: 'lease-deferred', key: KEY_OF(1), lease: leaseWith({}) },
  {
    type: 'disputed',
    key: KEY_OF(3),
    dispute: {
      kind: 'different-roots',
      roots: [hashOf(1), hashOf(2)],
      succeeded: [nodeOf(1), nodeOf(2)],
      failed: [],
    },
  },
  { type: 'witness-conflict', key: KEY_OF(3), digests: ['aa', 'bb'] },
  { type: 'clock-standing', standing: 'unknown', own: undefined },
  { type: 'clock-standing', standing: 'outside', own: { offset: { minMs: 700, maxMs: 702 }, clocks: 3 } },
  { type: 'clock-stepped', stepMs: -90_000.5 },
  {
    type: 'converged',
    rounds: [{ peer: nodeOf(2), sentRecords: 1, receivedRecords: 40, coverage: 1 }],
    roundCount: 1,
    sentRecords: 1,
    receivedRecords: 40,
    peers: 1,
    durationMs: 1_712.25,
  },
];
