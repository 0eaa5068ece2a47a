/** Reads a node's state into the plain JSON of its status. */

import { formatFingerprint } from '../../crdt/block/fingerprint.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { errorMs, isBeyond, middleMs, type Interval } from '../../net/clock-sync/interval.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { PeerLink } from '../../net/network.ts';
import type { DocumentStatus } from '../document/document-room.ts';
import type { Validator } from '../validators/validator.ts';
import { guarantees } from '../mode/guarantees.ts';
import { witnessLimitSettings } from '../config/witness-settings.ts';
import { VERSION } from '../version.ts';
import type { DriftlockNode } from './node.ts';
import type { Progress } from '../progress/progress-meter.ts';
import type { Housekeeping } from './housekeeping.ts';
import type {
  CatchUpStatus,
  ClockStatus,
  KeepingStatus,
  LoadStatus,
  NodeStatus,
  OffsetStatus,
  PeerClockStatus,
  PeerStatus,
} from './status.ts';

export interface StatusSources {
  readonly node: DriftlockNode;
  readonly self: NodeId;
  readonly cluster: string;
  readonly region: string;
  readonly datadir: string;
  readonly members: readonly NodeId[];
  readonly validator: Validator | undefined;
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly skewBoundMs: number;
  readonly peers: () => readonly PeerLink[];
  readonly addresses: () => readonly string[];
  readonly document: () => DocumentStatus;
}

export function readStatus(sources: StatusSources): NodeStatus {
  const { node, self, clock, validator } = sources;
  const { tally, shelf, witnesses, store } = node;
  const { claimer } = node.claims;
  return {
    peerId: peerIdText(self),
    cluster: sources.cluster,
    version: VERSION,
    region: sources.region,
    mode: node.modes.mode,
    modeHeldMs: Math.round(node.modes.heldForMs),
    modeTrigger: node.modes.trigger,
    claimHold: claimer.claimHold ?? null,
    guarantees: guarantees({
      convergenceMs: node.modes.convergenceMs,
      roundMs: node.reads.roundMs,
      deliveryMs: node.rankStep.deliveryMs,
    }),
    uptimeMs: Math.round(clock.monotonicMs() - sources.startedAtMs),
    datadir: sources.datadir,
    addresses: sources.addresses(),
    validator: {
      name: validator?.name ?? 'none',
      executes: validator?.executes ?? false,
      inFlight: claimer.validationsInFlight,
      ready: claimer.readyCount,
    },
    clock: readClock(sources),
    clients: { leases: node.claims.clients.held, waiting: node.claims.clients.waiting },
    retry: { ...node.claims.retry, exhausted: node.claims.exhaustedCount() },
    digest: formatFingerprint(node.replica.digest),
    blocks: {
      total: tally.blocks,
      ...node.statusCounts(),
      disputed: tally.disputed,
      duplicates: tally.duplicates,
      results: tally.results,
    },
    witnesses: {
      held: shelf.size,
      fetching: witnesses.fetcher.fetching,
      outOfReach: witnesses.fetcher.outOfReach,
      ...witnesses.resources(),
      limits: witnessLimitSettings(witnesses.limits),
    },
    files: { pending: store.dirtyCount, lastError: node.lastWriteError ?? null },
    loading: readLoading(node.loading.progress),
    keeping: readKeeping(node.housekeeping),
    catchUp: readCatchUp(node.reconciler.catchUp),
    document: sources.document(),
    peers: readPeers(sources),
    counters: node.counters.read(),
  };
}

function readCatchUp(progress: Progress | undefined): CatchUpStatus | null {
  if (progress === undefined) return null;
  const { done, total, perSecond } = progress;
  return { done, total, recordsPerSecond: Math.round(perSecond), leftMs: wholeMs(progress.leftMs) };
}

function readLoading(progress: Progress | undefined): LoadStatus | null {
  if (progress === undefined) return null;
  const { done, total, perSecond } = progress;
  return { done, total, filesPerSecond: Math.round(perSecond), leftMs: wholeMs(progress.leftMs) };
}

function readKeeping({ window, register, scrub }: Housekeeping): KeepingStatus {
  const { last } = register;
  return {
    lowestKept: window.from,
    final: last === undefined ? null : { block: last.number, hash: last.hash },
    scrubRounds: scrub.rounds,
    scrubPassed: scrub.passed ?? null,
  };
}

function wholeMs(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}

/** Every other member. Costs what there are of them, whatever is stored. */
export function readPeers(sources: StatusSources): readonly PeerStatus[] {
  const { node, self, members } = sources;
  const links = new Map(sources.peers().map((link) => [link.node, link]));
  const live = new Set(node.presence.live());
  return members
    .filter((member) => member !== self)
    .map((member) => readPeer(sources, member, links.get(member), live.has(member)));
}

function readPeer(sources: StatusSources, member: NodeId, link: PeerLink | undefined, isLive: boolean): PeerStatus {
  const { node, clock } = sources;
  const heard = node.presence.of(member);
  return {
    peerId: peerIdText(member),
    connected: link !== undefined,
    live: isLive,
    region: heard?.heartbeat.region ?? null,
    version: heard?.heartbeat.softwareVersion ?? null,
    roundTripMs: link?.roundTripMs ?? null,
    clock: readPeerClock(sources, member),
    silentMs: heard === undefined ? null : Math.round(clock.monotonicMs() - heard.heardAtMs),
    mode: heard?.heartbeat.mode ?? null,
    digest: heard === undefined ? null : formatFingerprint(heard.heartbeat.digest),
    agrees: heard !== undefined && node.reconciler.agreementWith(heard.heartbeat) === 'agree',
    records: heard?.heartbeat.recordCount ?? null,
  };
}

function readClock({ node, skewBoundMs }: StatusSources): ClockStatus {
  const { clocks, rankStep, deferredLeases } = node;
  const { own } = clocks;
  return {
    standing: clocks.standing,
    ...offsetStatus(own?.offset),
    clocks: own?.clocks ?? 1,
    skewBoundMs,
    steps: clocks.steps,
    leasesWaiting: deferredLeases.size,
    rankStepMs: rankStep.currentMs(),
    rankStepFrom: rankStep.isFixed ? 'configured' : 'measured',
  };
}

function readPeerClock({ node, skewBoundMs }: StatusSources, member: NodeId): PeerClockStatus {
  const measured = node.clocks.offsetOf(member);
  return {
    ...offsetStatus(measured?.offset),
    roundTripMs: measured === undefined ? null : hundredths(measured.roundTripMs),
    skewed:
      (measured !== undefined && isBeyond(measured.offset, skewBoundMs)) ||
      node.presence.of(member)?.heartbeat.isSkewed === true ||
      node.deferredLeases.holders().has(member),
  };
}

function offsetStatus(offset: Interval | undefined): OffsetStatus {
  if (offset === undefined) return { offsetMs: null, boundMs: null };
  return { offsetMs: hundredths(middleMs(offset)), boundMs: hundredths(errorMs(offset)) };
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
