/**
 * The metrics that are a node's status in another form: read when somebody asks, and never between.
 *
 * Invariant: names follow the conventions of Prometheus (base units, `_total` for counters alone); a value that is not known is
 * absent rather than 0. A family is never renamed: dashboards and alerts name them.
 */

import { MODES } from '../../net/presence/heartbeat.ts';
import type { NodeStatus, PeerStatus } from '../node/status.ts';

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  /** Null and undefined: not known now. */
  readonly value: number | null | undefined;
}

export interface StatusFamily {
  readonly name: `driftlock_${string}`;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  readonly read: (status: NodeStatus) => readonly Sample[];
}

const SECOND_MS = 1_000;

function seconds(ms: number | null | undefined): number | undefined {
  return ms === null || ms === undefined ? undefined : ms / SECOND_MS;
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function gauge(name: StatusFamily['name'], help: string, read: (status: NodeStatus) => Sample['value']): StatusFamily {
  return { name, help, kind: 'gauge', read: (status) => [{ value: read(status) }] };
}

function counter(name: StatusFamily['name'], help: string, read: (status: NodeStatus) => number): StatusFamily {
  return { name, help, kind: 'counter', read: (status) => [{ value: read(status) }] };
}

/** One sample for each entry of what `read` gives. */
function labelled(
  kind: StatusFamily['kind'],
  name: StatusFamily['name'],
  help: string,
  label: string,
  read: (status: NodeStatus) => Readonly<Record<string, number>>,
): StatusFamily {
  const samples = (status: NodeStatus): Sample[] =>
    Object.entries(read(status)).map(([value, count]) => ({ labels: { [label]: value }, value: count }));
  return { name, help, kind, labels: [label], read: samples };
}

function ofPeers(name: StatusFamily['name'], help: string, read: (peer: PeerStatus) => Sample['value']): StatusFamily {
  const samples = ({ peers }: NodeStatus): Sample[] =>
    peers.map((peer) => ({ labels: { peer: peer.peerId }, value: read(peer) }));
  return { name, help, kind: 'gauge', labels: ['peer'], read: samples };
}

export const STATUS_FAMILIES: readonly StatusFamily[] = [
  {
    name: 'driftlock_build_info',
    help: 'Version and cluster of the node; always 1.',
    kind: 'gauge',
    labels: ['version', 'cluster'],
    read: ({ version, cluster }) => [{ labels: { version, cluster }, value: 1 }],
  },
  gauge('driftlock_uptime_seconds', 'Since the node started.', ({ uptimeMs }) => seconds(uptimeMs)),
  labelled('gauge', 'driftlock_mode', 'Mode of the node: 1 for the one it is in.', 'mode', ({ mode }) =>
    Object.fromEntries(MODES.map((candidate) => [candidate, flag(candidate === mode)])),
  ),
  gauge('driftlock_mode_held_seconds', 'How long it has been in its mode.', ({ modeHeldMs }) => seconds(modeHeldMs)),
  gauge('driftlock_claims_held_back', '1 while the node claims no block, for its clock or its mode.', ({ claimHold }) =>
    flag(claimHold !== null),
  ),

  labelled('gauge', 'driftlock_blocks', 'Blocks by status, as the node sees them.', 'status', ({ blocks }) => {
    const { idle, processing, failed, success } = blocks;
    return { idle, processing, failed, success };
  }),
  gauge('driftlock_blocks_disputed', 'Blocks on which validators disagree.', ({ blocks }) => blocks.disputed),
  gauge(
    'driftlock_blocks_exhausted',
    'Blocks that failed so often that they are left to people.',
    ({ retry }) => retry.exhausted,
  ),
  gauge('driftlock_results', 'Results of all nodes for all blocks that are kept.', ({ blocks }) => blocks.results),
  gauge('driftlock_results_duplicate', 'Successes beyond the first of a block.', ({ blocks }) => blocks.duplicates),

  counter(
    'driftlock_claims_total',
    'Leases that the node took for its own validator.',
    ({ counters }) => counters.claims,
  ),
  counter('driftlock_leases_lost_total', 'Validations that had to stop.', ({ counters }) => counters.leasesLost),
  counter(
    'driftlock_leases_deferred_total',
    'Leases from too far ahead, left out for a while.',
    ({ counters }) => counters.leasesDeferred,
  ),
  counter(
    'driftlock_foreign_writes_total',
    'Files that other programs wrote.',
    ({ counters }) => counters.foreignWrites,
  ),
  labelled(
    'counter',
    'driftlock_gossip_batches_total',
    'Batches that arrived by gossip.',
    'verdict',
    ({ counters }) => ({
      accept: counters.gossipAccepted,
      ignore: counters.gossipIgnored,
      reject: counters.gossipRejected,
    }),
  ),
  labelled('counter', 'driftlock_reconciliations_total', 'Sessions that ended.', 'outcome', ({ counters }) => ({
    done: counters.reconciliations,
    failed: counters.reconciliationsFailed,
  })),
  counter(
    'driftlock_reconcile_bytes_total',
    'Bytes of all sessions, both ways.',
    ({ counters }) => counters.reconcileBytes,
  ),
  labelled('counter', 'driftlock_witness_fetches_total', 'Witnesses asked for.', 'outcome', ({ counters }) => ({
    done: counters.witnessesFetched,
    failed: counters.witnessFetchesFailed,
  })),
  counter('driftlock_witness_sent_bytes_total', 'Bytes of witnesses served.', ({ witnesses }) => witnesses.sentBytes),
  counter(
    'driftlock_files_quarantined_total',
    'Files that were not what their name says.',
    ({ counters }) => counters.filesQuarantined,
  ),
  labelled(
    'counter',
    'driftlock_upkeep_blocks_total',
    'Blocks archived, settled and pruned.',
    'action',
    ({ counters }) => ({
      archive: counters.blocksArchived,
      settle: counters.blocksSettled,
      prune: counters.blocksPruned,
    }),
  ),
  counter(
    'driftlock_finality_alerts_total',
    'Finality that was contradicted or went back.',
    ({ counters }) => counters.finalityAlerts,
  ),

  labelled(
    'gauge',
    'driftlock_queue_depth',
    'What waits, by queue.',
    'queue',
    ({ files, validator, witnesses, clients, clock }) => ({
      files: files.pending,
      validations: validator.ready,
      clients: clients.waiting,
      'deferred-leases': clock.leasesWaiting,
      'witness-fetches': witnesses.fetching,
      'witness-reads': witnesses.readsWaiting,
      'witness-writes': witnesses.writesWaiting,
    }),
  ),
  gauge('driftlock_validations_in_flight', 'Validations at work.', ({ validator }) => validator.inFlight),
  gauge('driftlock_client_leases', 'Leases that API clients hold.', ({ clients }) => clients.leases),
  gauge('driftlock_witnesses_held', 'Witnesses complete on this node.', ({ witnesses }) => witnesses.held),
  gauge(
    'driftlock_witnesses_out_of_reach',
    'Witnesses wanted, and held by nobody in reach.',
    ({ witnesses }) => witnesses.outOfReach,
  ),
  gauge('driftlock_catch_up_records_missing', 'Records that the fullest peer has more.', ({ catchUp }) =>
    catchUp === null ? 0 : catchUp.total - catchUp.done,
  ),

  gauge('driftlock_document_bytes', 'Of the cluster document, encoded.', ({ document }) => document.bytes),
  gauge('driftlock_document_alerts', 'Alerts in the cluster document.', ({ document }) => document.alerts),
  gauge(
    'driftlock_document_alerts_unacknowledged',
    'Of these, the ones that nobody has acknowledged.',
    ({ document }) => document.unacknowledged,
  ),
  gauge(
    'driftlock_document_alerts_dropped',
    'Alerts of this node for which the document had no room.',
    ({ document }) => document.dropped,
  ),
  gauge('driftlock_document_clients', 'Browsers connected to this node.', ({ document }) => document.clients),

  gauge('driftlock_clock_offset_seconds', 'Own wall clock minus that of the majority.', ({ clock }) =>
    seconds(clock.offsetMs),
  ),
  gauge('driftlock_clock_offset_bound_seconds', 'How far that offset can be wrong.', ({ clock }) =>
    seconds(clock.boundMs),
  ),
  gauge('driftlock_clock_outside_bound', '1 while the own clock is outside the skew bound.', ({ clock }) =>
    flag(clock.standing === 'outside'),
  ),
  counter('driftlock_clock_steps_total', 'Steps of the own wall clock.', ({ clock }) => clock.steps),

  ofPeers('driftlock_peer_connected', '1 while there is a connection.', ({ connected }) => flag(connected)),
  ofPeers('driftlock_peer_agrees', '1 when its last heartbeat showed our records.', ({ agrees }) => flag(agrees)),
  ofPeers('driftlock_peer_heartbeat_age_seconds', 'Since its last heartbeat.', ({ silentMs }) => seconds(silentMs)),
  ofPeers('driftlock_peer_round_trip_seconds', 'Last measured round trip.', ({ roundTripMs }) => seconds(roundTripMs)),
  ofPeers('driftlock_peer_clock_offset_seconds', 'Its wall clock minus ours.', ({ clock }) => seconds(clock.offsetMs)),
  ofPeers('driftlock_peer_clock_offset_bound_seconds', 'How far that offset can be wrong.', ({ clock }) =>
    seconds(clock.boundMs),
  ),
  ofPeers('driftlock_peer_clock_skewed', '1 while its clock is outside the skew bound.', ({ clock }) =>
    flag(clock.skewed),
  ),
  ofPeers('driftlock_peer_records', 'Records it says it holds.', ({ records }) => records),
];
