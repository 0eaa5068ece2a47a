/** Everything a node reports while it runs: what is logged and counted. */

import type { Lease } from '../../crdt/lease/lease.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { Dispute } from '../../crdt/block/view.ts';
import type { ClaimEvent } from '../claim/claimer.ts';
import type { ClockEvent } from '../clock/clock-keeper.ts';
import type { ReplicatorEvent } from '../document/replicator.ts';
import type { GossipEvent } from '../gossip/gossiper.ts';
import type { IntakeEvent } from '../intake/validate-look.ts';
import type { ModeEvent } from '../mode/mode-keeper.ts';
import type { ReconcileEvent } from '../reconcile/reconciler.ts';
import type { FinalityEvent } from '../finality/finality-keeper.ts';
import type { Progress } from '../progress/progress-meter.ts';
import type { ScrubEvent } from '../scrub/scrubber.ts';
import type { UpkeepEvent } from '../upkeep/upkeep.ts';
import type { ChallengeEvent } from '../witness/challenger.ts';
import type { ContractRepairEvent } from '../contracts/contract-repair.ts';
import type { ContractEvent } from '../contracts/contract-sync.ts';
import type { RecoveryEvent } from '../store/journaled-store.ts';
import type { WitnessEvent } from '../witness/fetcher.ts';
import type { LeaseTakenOverEvent, ViewChangedEvent } from './news.ts';

export type NodeEvent =
  | ClaimEvent
  | ClockEvent
  | ReplicatorEvent
  | GossipEvent
  | IntakeEvent
  | ModeEvent
  | ReconcileEvent
  | RecoveryEvent
  | WitnessEvent
  | FinalityEvent
  | UpkeepEvent
  | ScrubEvent
  | { readonly type: 'loading'; readonly progress: Progress }
  | { readonly type: 'loaded'; readonly blocks: number; readonly fromIndex: number; readonly witnesses: number }
  | ChallengeEvent
  | ContractEvent
  | ContractRepairEvent
  | ViewChangedEvent
  | LeaseTakenOverEvent
  | { readonly type: 'block-finished'; readonly key: BlockKey; readonly by: NodeId }
  | { readonly type: 'disputed'; readonly key: BlockKey; readonly dispute: Dispute }
  | { readonly type: 'witness-conflict'; readonly key: BlockKey; readonly digests: readonly string[] }
  | { readonly type: 'lease-deferred'; readonly key: BlockKey; readonly lease: Lease }
  | { readonly type: 'write-failed'; readonly file: string; readonly error: unknown }
  | { readonly type: 'scan-failed'; readonly directory: string; readonly error: unknown };
