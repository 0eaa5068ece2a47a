/**
 * `kill-to-claim`, `kill-to-claim-p50`: from a holder's death until the next node claims its block, against the lock time
 * L. At the default margins; L is 30 s.
 *
 * Real nodes over virtual time, so the figures are exact and a run takes seconds: three machines, a validation that never
 * ends, a power cut at a moment spread evenly over the interval between two renewals. `kill-to-claim-real` takes the same
 * from processes that are killed with SIGKILL, at L = 5 s, a few times: it confirms the others.
 */

import { strict as assert } from 'node:assert';
import { Cluster as ProcessCluster } from '../../../test/cluster/harness.ts';
import { keyAt } from '../../../test/net/signed-nodes.ts';
import { Cluster, SETTINGS } from '../../../test/node/memory-cluster.ts';
import { testChain } from '../../../test/cluster/chain.ts';
import { until } from '../../../test/cluster/until.ts';
import { dropWitness, witnessed } from '../../../src/demo/feed.ts';
import type { BenchRow } from '../row.ts';

/** Deaths in one run. */
const DEATHS = 100;
const REAL_DEATHS = 3;
const REAL_LOCK_MS = 5_000;
/** Longer than any run. */
const VALIDATION_MS = 3_600_000;
/** Renewals come at half of the holder's time. */
const RENEWAL_MS = (SETTINGS.lockTimeMs * (1 - SETTINGS.bounds.driftRate) - SETTINGS.bounds.deliveryMarginMs) / 2;

function row(id: string, what: string, part: number): BenchRow {
  return {
    id,
    what: `${what} of the time from a holder's death to the next claim, against the lock time (exact, over virtual time)`,
    unit: 'ms',
    ours: 'death to next claim',
    against: 'lock time, 30 s',
    target: { kind: 'at-most', bound: 1.2 },
    pairs: 1,
    prepare: async () => ({
      ours: async () => quantile(await virtualDeaths(), part),
      against: async () => SETTINGS.lockTimeMs,
      close: async () => undefined,
    }),
  };
}

export const killToClaim = row('kill-to-claim', 'p99', 0.99);
export const killToClaimP50 = row('kill-to-claim-p50', 'p50', 0.5);

export const killToClaimReal: BenchRow = {
  id: 'kill-to-claim-real',
  what: `the longest of ${REAL_DEATHS} times from a process's SIGKILL to the next claim, against the lock time of 5 s`,
  unit: 'ms',
  ours: 'SIGKILL to next claim',
  against: 'lock time, 5 s',
  target: { kind: 'at-most', bound: 1.2 },
  pairs: 1,
  prepare: async () => ({
    ours: realDeaths,
    against: async () => REAL_LOCK_MS,
    close: async () => undefined,
  }),
};

async function virtualDeaths(): Promise<readonly number[]> {
  const elapsed: number[] = [];
  for (let death = 0; death < DEATHS; death++) {
    const cluster = new Cluster();
    const machines = cluster.add(3, { validates: true });
    for (const { validator } of machines) if (validator !== undefined) validator.durationMs = VALIDATION_MS;
    await cluster.start();
    await cluster.clock.advance(2_000);
    const key = keyAt(death);
    await machines[0]?.dropWitness(key);
    const claims = (): number => machines.reduce((sum, machine) => sum + machine.eventsOf('claimed').length, 0);
    await cluster.until(() => claims() > 0 && machines.every(({ node }) => node.shelf.size === 1), 5_000);
    await cluster.clock.advance(RENEWAL_MS * (1 + death / DEATHS));
    const holder = machines.find(({ id }) => id === machines[0]?.record(key).lease?.holder);
    assert(holder !== undefined);
    await holder.crash();
    const diedAtMs = cluster.clock.monotonicMs();
    const before = claims();
    assert(await cluster.clock.advanceUntil(() => claims() > before, 4 * SETTINGS.lockTimeMs), 'it is claimed');
    elapsed.push(cluster.clock.monotonicMs() - diedAtMs);
    for (const machine of machines) if (machine !== holder) await machine.stop();
  }
  return elapsed;
}

async function realDeaths(): Promise<number> {
  const { blocks } = testChain(1);
  const [block] = blocks;
  assert(block !== undefined);
  let longestMs = 0;
  for (let death = 0; death < REAL_DEATHS; death++) {
    const settings = { validator: 'exec:sleep 600;', lockTimeSeconds: REAL_LOCK_MS / 1_000 };
    const cluster = await ProcessCluster.create(3, settings);
    try {
      await cluster.start(...cluster.nodes);
      await dropWitness(cluster.node(0).layout.root, witnessed(block));
      const holder = await until('a node holds the block', () =>
        nodeWith(cluster, (status) => status.validator.inFlight),
      );
      await until('all have the witness', async () =>
        (await Promise.all(cluster.nodes.map((node) => node.status()))).every(({ witnesses }) => witnesses.held === 1),
      );
      await holder.kill();
      const diedAtMs = performance.now();
      await until('another claims it', () => nodeWith(cluster, (status) => status.validator.inFlight));
      longestMs = Math.max(longestMs, performance.now() - diedAtMs);
    } finally {
      await cluster.remove();
    }
  }
  return longestMs;
}

async function nodeWith(
  cluster: ProcessCluster,
  count: (status: Awaited<ReturnType<ProcessCluster['nodes'][number]['status']>>) => number,
): Promise<ProcessCluster['nodes'][number] | undefined> {
  for (const node of cluster.running) if (count(await node.status()) > 0) return node;
  return undefined;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}
