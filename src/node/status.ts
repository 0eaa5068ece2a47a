/**
 * What a node tells of itself: the answer of `driftlock_status`, and what `driftlock status` and the demo show.
 *
 * Invariant: plain JSON. Sizes and times carry their unit in the name; digests are 32 hex digits and equal exactly when
 * two nodes hold the same records.
 */

import type { Mode } from '../../net/presence/heartbeat.ts';
import type { ClaimHold } from '../claim/decision.ts';
import type { WitnessLimitSettings } from '../config/witness-settings.ts';
import type { DocumentStatus } from '../document/document-room.ts';
import type { Standing } from '../clock/standing.ts';
import type { GuaranteeRow } from '../mode/guarantees.ts';
import type { ModeTrigger } from '../mode/step-mode.ts';
import type { WitnessResources } from '../witness/service.ts';

export interface NodeStatus {
  /** libp2p peer id. */
  readonly peerId: string;
  readonly cluster: string;
  readonly version: string;
  /** Where it stands, for people; may be empty. */
  readonly region: string;
  readonly mode: Mode;
  readonly modeHeldMs: number;
  readonly modeTrigger: ModeTrigger;
  /** Why it claims nothing now; null: nothing holds it back. */
  readonly claimHold: ClaimHold | null;
  /** For every mode and operation what holds, and what was measured. */
  readonly guarantees: readonly GuaranteeRow[];
  readonly uptimeMs: number;
  readonly datadir: string;
  /** Multiaddrs others can dial, with this node's peer id. */
  readonly addresses: readonly string[];
  readonly validator: ValidatorStatus;
  readonly clock: ClockStatus;
  /** Programs that validate on their own: leases they hold, and calls that wait for a block. */
  readonly clients: { readonly leases: number; readonly waiting: number };
  readonly retry: RetryStatus;
  readonly digest: string;
  readonly blocks: BlockCounts;
  readonly witnesses: WitnessStatus;
  /** `pending`: files that are not yet what their record says; `lastError`: of the write that failed last. */
  readonly files: { readonly pending: number; readonly lastError: string | null };
  /** Null once the directory was read: until then nothing else is answered. */
  readonly loading: LoadStatus | null;
  readonly keeping: KeepingStatus;
  /** Null when there is nothing to catch up with. */
  readonly catchUp: CatchUpStatus | null;
  readonly document: DocumentStatus;
  readonly peers: readonly PeerStatus[];
  readonly counters: NodeCounters;
}

export interface WitnessStatus extends WitnessResources {
  readonly held: number;
  readonly fetching: number;
  /** Wanted, and held by nobody in reach. */
  readonly outOfReach: number;
  /** In force, by the names of the settings. */
  readonly limits: WitnessLimitSettings;
}

export interface LoadStatus {
  /** Files passed so far. */
  readonly done: number;
  readonly total: number;
  readonly filesPerSecond: number;
  /** Null while nothing moves. */
  readonly leftMs: number | null;
}

/** What this node keeps of final blocks, and how it checks it. */
export interface KeepingStatus {
  /** The lowest block number that is kept: 0, or the beginning of the window. */
  readonly lowestKept: number;
  /** The last final block; null when nobody has said which it is. */
  readonly final: { readonly block: number; readonly hash: string } | null;
  /** Rounds of the background check that have ended since the start. */
  readonly scrubRounds: number;
  /** Blocks passed in the round under way; null between two rounds. */
  readonly scrubPassed: number | null;
}

export interface RetryStatus {
  readonly failuresMax: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Blocks without a success that failed `failuresMax` times: left to people. */
  readonly exhausted: number;
}

export interface CatchUpStatus {
  /** Records here. */
  readonly done: number;
  /** Records of the connected peer that has most. */
  readonly total: number;
  readonly recordsPerSecond: number;
  /** Null while nothing comes. */
  readonly leftMs: number | null;
}

export interface ValidatorStatus {
  readonly name: string;
  /** False: a success of this validator does not say that the transactions were run. */
  readonly executes: boolean;
  readonly inFlight: number;
  readonly ready: number;
}

/** A clock offset and how far it can be wrong; null: not measured. */
export interface OffsetStatus {
  readonly offsetMs: number | null;
  readonly boundMs: number | null;
}

export interface ClockStatus extends OffsetStatus {
  /** Of this node's wall clock against the majority. `outside`: it claims nothing until it is `within` again. */
  readonly standing: Standing;
  /** How many clocks were compared, with its own. */
  readonly clocks: number;
  readonly skewBoundMs: number;
  /** Steps of its wall clock that it noticed since the start. */
  readonly steps: number;
  /** Blocks with a lease from too far ahead, left out until it comes to lie within the bound. */
  readonly leasesWaiting: number;
  /** How long each candidate for a block gives the one before it, now. */
  readonly rankStepMs: number;
  /** `configured`: it never changes; `measured`: it follows the delivery times. */
  readonly rankStepFrom: 'configured' | 'measured';
}

export interface PeerClockStatus extends OffsetStatus {
  /** Of the latest exchange. */
  readonly roundTripMs: number | null;
  /** It is further than the bound from our clock, or says so itself, or leases of it wait to lie within the bound. */
  readonly skewed: boolean;
}

export interface BlockCounts {
  readonly total: number;
  readonly idle: number;
  readonly processing: number;
  readonly failed: number;
  readonly success: number;
  /** Blocks on which validators disagree. */
  readonly disputed: number;
  /** Results beyond the first of a block, over all blocks and nodes. */
  readonly duplicates: number;
  /** Results, over all blocks and nodes. */
  readonly results: number;
}

export interface PeerStatus {
  readonly peerId: string;
  readonly connected: boolean;
  /** Heard of lately, directly or through others. */
  readonly live: boolean;
  /** As its heartbeats say; null before the first. */
  readonly region: string | null;
  readonly version: string | null;
  readonly roundTripMs: number | null;
  /** Its wall clock against ours. */
  readonly clock: PeerClockStatus;
  /** Since its last heartbeat; null before the first. */
  readonly silentMs: number | null;
  readonly mode: Mode | null;
  readonly digest: string | null;
  /** Whether its last heartbeat showed our digest. */
  readonly agrees: boolean;
  readonly records: number | null;
}

export interface NodeCounters {
  readonly claims: number;
  readonly leasesLost: number;
  /** Leases stamped further ahead than the skew bound, left out until they lie within it. */
  readonly leasesDeferred: number;
  readonly validations: number;
  readonly foreignWrites: number;
  readonly gossipAccepted: number;
  readonly gossipIgnored: number;
  readonly gossipRejected: number;
  readonly reconciliations: number;
  readonly reconciliationsFailed: number;
  readonly reconcileBytes: number;
  readonly witnessesFetched: number;
  readonly witnessFetchesFailed: number;
  readonly filesQuarantined: number;
  readonly blocksArchived: number;
  readonly blocksSettled: number;
  readonly blocksPruned: number;
  /** A lower or another final block was claimed, or a block has a Success that finality contradicts. */
  readonly finalityAlerts: number;
}
