/**
 * `claim-vs-etcd`, `claim-latency-vs-etcd`, `result-vs-etcd`: one driftlock node against one etcd member (Debian's
 * `etcd-server`, loopback, gRPC, one kept connection), both on the same disk, at 64 in flight.
 *
 * They do not promise the same, and the rows say so. etcd syncs every write before it answers and has one order for
 * them; a claim of driftlock is answered when it is signed and merged, and its file is visible later and not synced:
 * losing it costs at most a duplicate validation. A result is on disk before it is acknowledged, in both. The lease is one
 * for all keys of etcd, which spares it a call a claim.
 *
 * Rates count until every file is visible, so nothing is left undone when the clock stops, and callers wait for room as
 * those of the local API do. The latency of a claim is that of the call, which runs to its end before another begins:
 * nobody's place in a queue counts. A caller of ours is in this process, etcd's comes by gRPC.
 */

import { join } from 'node:path';
import { benchDirectory } from '../parts/bench-directory.ts';
import { IN_FLIGHT, inFlight, openBenchStore, type InFlightFigures } from '../parts/bench-store.ts';
import { startEtcd } from '../parts/etcd.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const OPERATIONS = 10_000;
const LEASE_SECONDS = 600;
/** As long as what a claim or a result of ours is signed over, with its signature. */
const VALUE_BYTES = 160;

const ETCD_CLAIM = 'create-if-absent with a lease: ordered and synced before the answer';
const OUR_CLAIM = 'sign, merge, hand on: the answer; and the .v behind it, visible, not synced';
const PAIRS = 5;

export const claimVsEtcd: BenchRow = {
  id: 'claim-vs-etcd',
  what: `claims at ${IN_FLIGHT} in flight on one node, against one etcd member`,
  unit: 'claims/s',
  ours: `${OUR_CLAIM}; until all are visible`,
  against: ETCD_CLAIM,
  target: { kind: 'at-least', bound: 3 },
  pairs: PAIRS,
  prepare: () => prepare('claim', ({ perSecond }) => perSecond),
};

export const claimLatencyVsEtcd: BenchRow = {
  id: 'claim-latency-vs-etcd',
  what: `the same claims: the median time until one is answered, under that load`,
  unit: 'ms',
  ours: 'sign, merge, hand on: the answer; the .v is not waited for',
  against: ETCD_CLAIM,
  target: { kind: 'at-most', bound: 0.25 },
  pairs: PAIRS,
  prepare: () => prepare('claim', ({ p50Ms }) => p50Ms),
};

export const resultVsEtcd: BenchRow = {
  id: 'result-vs-etcd',
  what: `durable results at ${IN_FLIGHT} in flight on one node, against one etcd member`,
  unit: 'results/s',
  ours: 'sign, journal with group commit, merge: synced before the answer; and the .v behind it, until all are visible',
  against: 'create-if-absent: ordered and synced before the answer',
  target: { kind: 'at-least', bound: 1.2 },
  pairs: PAIRS,
  prepare: () => prepare('result', ({ perSecond }) => perSecond),
};

async function prepare(kind: 'claim' | 'result', figure: (figures: InFlightFigures) => number): Promise<BenchWork> {
  const root = await benchDirectory();
  const etcd = await startEtcd(root);
  const lease = kind === 'claim' ? await etcd.grantLease(LEASE_SECONDS) : undefined;
  const value = new Uint8Array(VALUE_BYTES).fill(7);
  let runs = 0;
  return {
    ours: async () => {
      const store = await openBenchStore(join(root, `ours-${runs++}`));
      const figures = await inFlight(OPERATIONS, (at) => store[kind](at), {
        before: () => store.turn(),
        last: () => store.idle(),
      });
      await store.stop();
      return figure(figures);
    },
    against: async () => {
      const run = runs++;
      return figure(
        await inFlight(OPERATIONS, async (at) => {
          const isMade = await etcd.createIfAbsent(`${run}/${at}`, value, lease);
          if (!isMade) throw new Error(`etcd refused to create the key ${run}/${at}, which is new`);
        }),
      );
    },
    close: () => etcd.stop(),
  };
}
