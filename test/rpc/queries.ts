/** A small real `NodeQueries`: a replica with signed records in it, and witness payloads in memory. */

import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { viewOf } from '../../crdt/block/view.ts';
import { blockId, ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { identityFromSeed } from '../../net/identity/identity.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { Author } from '../../src/author/author.ts';
import type { DocumentView } from '../../src/document/shape.ts';
import { StaleReadError } from '../../src/freshness/block-reads.ts';
import { guarantees } from '../../src/mode/guarantees.ts';
import type { NodeQueries } from '../../src/node/queries.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { Replica } from '../../src/replica/replica.ts';
import { witnessLimitSettings } from '../../src/config/witness-settings.ts';
import { WITNESS_LIMITS } from '../../src/witness/limits.ts';

const identity = identityFromSeed(new Uint8Array(32).fill(7));
const author = new Author({
  node: identity.node,
  sign: (message) => identity.sign(message),
  clock: { wallMs: () => 1_757_002_322_000 },
  skewBoundMs: 500,
});

export const hashOf = (byte: number): Hash32 => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`;

export const success: BlockKey = { number: 3080, hash: hashOf(0xa1) };
export const failed: BlockKey = { number: 3081, hash: hashOf(0xa2) };
export const processing: BlockKey = { number: 3082, hash: hashOf(0xa3) };
export const blobIds = [hashOf(3), hashOf(4)];

export const witness = { number: 3080, parentHash: hashOf(0xa0), payload: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) };

const records: readonly (readonly [BlockKey, BlockRecord])[] = [
  [success, recordOf({ results: [author.result(success, [], 'success', hashOf(0xcd), 1)], blobIds })],
  [failed, recordOf({ results: [author.result(failed, [], 'failed', ZERO_HASH, 1)] })],
  [processing, recordOf({ lease: author.claim(processing, 1, 30_000) })],
];

export const status: NodeStatus = {
  peerId: peerIdText(identity.node),
  cluster: 'driftlock',
  version: '0.1.0',
  region: 'eu',
  mode: 'normal',
  modeHeldMs: 11_000,
  modeTrigger: 'caught-up',
  claimHold: null,
  guarantees: guarantees({ convergenceMs: undefined, roundMs: undefined, deliveryMs: 2.5 }),
  uptimeMs: 12_345,
  datadir: '/data',
  addresses: [`/ip4/127.0.0.1/tcp/4001/p2p/${peerIdText(identity.node)}`],
  validator: { name: 'linkage', executes: false, inFlight: 1, ready: 2 },
  clock: {
    standing: 'within',
    offsetMs: -0.25,
    boundMs: 1.31,
    clocks: 2,
    skewBoundMs: 500,
    steps: 0,
    leasesWaiting: 0,
    rankStepMs: 50,
    rankStepFrom: 'measured',
  },
  clients: { leases: 0, waiting: 0 },
  retry: { failuresMax: 5, delayMsMin: 1_000, delayMsMax: 60_000, exhausted: 0 },
  digest: '00112233445566778899aabbccddeeff',
  blocks: { total: 3, idle: 0, processing: 1, failed: 1, success: 1, disputed: 0, duplicates: 0, results: 2 },
  witnesses: {
    held: 1,
    fetching: 0,
    outOfReach: 2,
    serving: 1,
    sentBytes: 14_000,
    payloadBytes: 14_000,
    readsInFlight: 0,
    readsWaiting: 0,
    writesInFlight: 0,
    writesWaiting: 0,
    distrusted: 0,
    overBudget: 0,
    provided: 0,
    providing: 0,
    limits: witnessLimitSettings(WITNESS_LIMITS),
  },
  files: { pending: 0, lastError: null },
  loading: { done: 1_000, total: 4_000, filesPerSecond: 500, leftMs: 6_000 },
  keeping: {
    lowestKept: 3_000,
    final: { block: 3_080, hash: hashOf(0xa1) },
    scrubRounds: 1,
    scrubPassed: 17,
  },
  catchUp: null,
  document: { bytes: 1_234, alerts: 3, unacknowledged: 0, dropped: 0, clients: 1 },
  peers: [
    {
      peerId: peerIdText(identityFromSeed(new Uint8Array(32).fill(8)).node),
      connected: true,
      live: true,
      region: 'us',
      version: '0.1.0',
      roundTripMs: 1.5,
      clock: { offsetMs: 0.5, boundMs: 1.25, roundTripMs: 0.4, skewed: false },
      silentMs: 300,
      mode: 'normal',
      digest: '00112233445566778899aabbccddeeff',
      agrees: true,
      records: 3,
    },
  ],
  counters: {
    claims: 3,
    leasesLost: 0,
    leasesDeferred: 0,
    validations: 2,
    foreignWrites: 0,
    gossipAccepted: 0,
    gossipIgnored: 0,
    gossipRejected: 0,
    reconciliations: 0,
    reconciliationsFailed: 0,
    reconcileBytes: 0,
    witnessesFetched: 0,
    witnessFetchesFailed: 0,
    filesQuarantined: 0,
    blocksArchived: 0,
    blocksSettled: 0,
    blocksPruned: 0,
    finalityAlerts: 0,
  },
};

export const documentView: DocumentView = {
  members: [{ peerId: peerIdText(identity.node), label: 'north', region: 'eu-1' }],
  alerts: [
    {
      id: 'clock/2',
      kind: 'clock',
      subject: '2',
      text: 'the clock is 800 ± 3 ms off',
      raisedAtMs: 1_757_002_400_000,
      raisedBy: '2',
      acknowledgement: null,
    },
    {
      id: `disputed/${blockId(success)}`,
      kind: 'disputed',
      subject: blockId(success),
      text: 'validators found 2 different state roots',
      raisedAtMs: 1_757_002_322_000,
      raisedBy: peerIdText(identity.node),
      acknowledgement: { by: 'ada', atMs: 1_757_002_330_000, note: 'looking into it' },
    },
  ],
  incidents: [{ id: '1f', title: 'two roots', openedAtMs: 1_757_002_330_000, openedBy: 'ada', closedAtMs: null }],
  notes: [{ key: 'incident/1f', atMs: 1_757_002_331_000, text: 'It began at noon.' }],
};

/** How old every read is. */
export const READ_AGE_MS = 40;

/** `payloadOf` stands in for the shelf of witnesses, so that a test can make it large, slow or broken. */
export function testQueries(
  payloadOf: (number: number) => Promise<Uint8Array> = () => Promise.resolve(witness.payload),
): NodeQueries {
  const replica = new Replica();
  for (const [key, record] of records) replica.merge({ key, record });
  return {
    view: (key) => viewOf(replica.get(key), () => true),
    hasWitnessAt: (number) => number === witness.number,
    witnessPayload: async (number, parentHash) =>
      number === witness.number && parentHash === witness.parentHash ? payloadOf(number) : undefined,
    readBlock: async (key, { maxStalenessMs, onStale }) => {
      const isStale = maxStalenessMs !== undefined && maxStalenessMs < READ_AGE_MS;
      if (isStale && onStale !== 'serve') throw new StaleReadError(key, maxStalenessMs, READ_AGE_MS, []);
      const record = replica.get(key);
      return { record, view: viewOf(record, () => true), ageMs: READ_AGE_MS, isStale, source: 'local' };
    },
    document: () => documentView,
    status: () => status,
  };
}

/** `number.hash` as the methods take it. */
export const named = (key: BlockKey): string => blockId(key);
