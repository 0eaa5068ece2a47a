/**
 * What a node is made of: its settings, and the world it lives in. Production plugs in the machine (`run-node.ts`), tests
 * and the simulator plug in their own; the node itself never asks the machine for time, chance, disk or network.
 */

import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { ClockBounds } from '../../crdt/lease/rule.ts';
import type { Verify, VerifyLater } from '../../crdt/block/signing.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import type { HolderDirectory } from '../../net/holder-directory.ts';
import type { Network } from '../../net/network.ts';
import type { RetryPolicy } from '../claim/decision.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { DegradedClaiming } from '../mode/mode-keeper.ts';
import type { Disk } from '../disk/disk.ts';
import type { Validator } from '../validators/validator.ts';
import type { WitnessLimits } from '../witness/limits.ts';
import type { WitnessPolicy } from '../witness/policy.ts';
import type { NodeEvent } from './events.ts';
import type { HousekeepingSettings } from './housekeeping-settings.ts';
import type { NodeRules } from './rules.ts';

export interface NodeSettings {
  readonly cluster: string;
  readonly region: string;
  readonly bounds: ClockBounds;
  readonly lockTimeMs: number;
  /** How long each rank gives the one before it to claim a block; undefined: taken from measured delivery times. */
  readonly rankStepMs: number | undefined;
  readonly heartbeatMs: number;
  /** Between two scans of `validate/` and `witness/`: how long a change may stay unseen that the watcher missed. */
  readonly scanIntervalMs: number;
  readonly validationsMax: number;
  /** `KEEP_ALL` when absent. */
  readonly housekeeping?: HousekeepingSettings;
  readonly retry: RetryPolicy;
  /** For how long a block is reserved for the node that ranks first; undefined: it is not. */
  readonly reserveMs: number | undefined;
  /** Whether blocks are claimed while too few members are in reach; `continue` when absent. */
  readonly degradedClaiming?: DegradedClaiming;
  /** Which witnesses the node keeps; all of them when absent. */
  readonly witnessPolicy?: WitnessPolicy;
  /** What witnesses may take of the machine; `WITNESS_LIMITS` when absent. */
  readonly witnessLimits?: WitnessLimits;
}

export interface NodeWorld {
  readonly clock: Clock;
  readonly random: RandomInteger;
  /** Collects V8's young generation: called as witnesses move, see `GarbagePacer`. Without it V8 chooses the time. */
  readonly collectYoung?: () => void;
  readonly disk: Disk;
  readonly network: Network;
  /** Finds holders of witnesses that are not linked; undefined: none are looked for. */
  readonly directory?: HolderDirectory | undefined;
  readonly signer: Signer;
  readonly verify: Verify;
  /** On other threads, for what arrives in bulk. */
  readonly verifyLater: VerifyLater;
  readonly isMember: (node: NodeId) => boolean;
  /** All members, this node included. */
  readonly members: () => readonly NodeId[];
  readonly layout: DatadirLayout;
  /** Undefined: sidecar only, the node claims nothing. */
  readonly validator: Validator | undefined;
  readonly onEvent: (event: NodeEvent) => void;
  /** Told of every block whose record changed, after the change. */
  readonly onChanged?: (key: BlockKey) => void;
  /** `NODE_RULES` when absent. */
  readonly rules?: NodeRules;
}
