/** A node of production, with the defaults of `driftlock run`, that scans its directory once a minute: what is measured is its way by watcher and gossip. */

import type { BlockKey } from '../../../crdt/ids.ts';
import type { MemberList } from '../../../net/membership/member-list.ts';
import type { Network } from '../../../net/network.ts';
import type { generateKey } from '../../../net/identity/identity.ts';
import { verifySignature, verifySignatureLater } from '../../../net/identity/verify.ts';
import type { DatadirLayout } from '../../../src/datadir/layout.ts';
import type { NodeEvent } from '../../../src/node/events.ts';
import { collectYoung, randomInteger, systemClock, systemDisk } from '../../../src/node/machine.ts';
import { DriftlockNode } from '../../../src/node/node.ts';
import type { WitnessPolicy } from '../../../src/witness/policy.ts';

export const BENCH_SKEW_BOUND_MS = 500;
export const BENCH_LOCK_TIME_MS = 30_000;

export interface BenchNodeParts {
  readonly layout: DatadirLayout;
  readonly identity: ReturnType<typeof generateKey>;
  readonly members: MemberList;
  readonly network: Network;
  /** All of them when absent. */
  readonly witnessPolicy?: WitnessPolicy;
  readonly onEvent?: (event: NodeEvent) => void;
  /** Told of every block whose record changed. */
  readonly onChanged?: (key: BlockKey) => void;
}

/** Not started; it validates nothing. */
export function benchNode({
  layout,
  identity,
  members,
  network,
  witnessPolicy,
  onEvent,
  onChanged,
}: BenchNodeParts): DriftlockNode {
  return new DriftlockNode(
    {
      cluster: 'bench',
      region: '',
      bounds: { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: BENCH_SKEW_BOUND_MS },
      lockTimeMs: BENCH_LOCK_TIME_MS,
      rankStepMs: 250,
      heartbeatMs: 1_000,
      scanIntervalMs: 60_000,
      validationsMax: 1,
      retry: { failuresMax: 5, delayMsMin: 1_000, delayMsMax: 60_000 },
      reserveMs: undefined,
      ...(witnessPolicy === undefined ? {} : { witnessPolicy }),
    },
    {
      clock: systemClock,
      random: randomInteger,
      collectYoung,
      disk: systemDisk,
      network,
      signer: identity,
      verify: verifySignature,
      verifyLater: verifySignatureLater,
      isMember: (member) => members.has(member),
      members: () => members.nodes(),
      layout,
      validator: undefined,
      onEvent: onEvent ?? (() => undefined),
      ...(onChanged === undefined ? {} : { onChanged }),
    },
  );
}
