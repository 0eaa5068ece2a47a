import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CLAIMS_TIMED_MAX, NodeMetrics } from '../../src/metrics/node-metrics.ts';
import { decideReadiness } from '../../src/metrics/readiness.ts';
import { STATUS_FAMILIES } from '../../src/metrics/status-metrics.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { KEY_OF } from '../evidence/records.ts';
import { status } from '../rpc/queries.ts';
import { promtool, skipWithoutPromtool } from './promtool.ts';

const PEER = status.peers[0]?.peerId ?? '';

/** The samples of a scrape by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

async function scraped(metrics: NodeMetrics, seen: NodeStatus = status): Promise<Map<string, number>> {
  return samplesOf(await metrics.scrape(seen));
}

describe('the metrics of a node', () => {
  it('show its status in base units, also twice, and leave out what is not known', async () => {
    const metrics = new NodeMetrics(new VirtualClock());
    await metrics.scrape(status);
    const samples = await scraped(metrics);
    assert.equal(samples.get('driftlock_mode{mode="normal"}'), 1);
    assert.equal(samples.get('driftlock_mode{mode="degraded"}'), 0);
    assert.equal(samples.get('driftlock_claims_total'), 3);
    assert.equal(samples.get('driftlock_blocks{status="failed"}'), 1);
    assert.equal(samples.get('driftlock_clock_offset_seconds'), -0.00025);
    assert.equal(samples.get(`driftlock_peer_round_trip_seconds{peer="${PEER}"}`), 0.0015);
    const { clock } = status;
    const unknown = await scraped(metrics, {
      ...status,
      clock: { ...clock, offsetMs: null, boundMs: null },
      peers: [],
    });
    assert(!unknown.has('driftlock_clock_offset_seconds'));
    assert(![...unknown.keys()].some((name) => name.startsWith('driftlock_peer_')), 'no peer of the last scrape stays');
  });

  it('have a help text, and names that follow the conventions', async () => {
    const text = await new NodeMetrics(new VirtualClock()).scrape(status);
    const names = STATUS_FAMILIES.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, help, kind } of STATUS_FAMILIES) {
      assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'));
      assert.match(help, /^[A-Z0-9].*\.$/);
      assert.equal(name.endsWith('_total'), kind === 'counter', name);
      assert.doesNotMatch(name, /_(ms|milliseconds|kb|mb)(_|$)/);
    }
  });

  it('pass promtool', async function () {
    const checked = await promtool(['check', 'metrics'], await new NodeMetrics(new VirtualClock()).scrape(status));
    if (checked === undefined) return skipWithoutPromtool(this);
    assert.deepEqual(checked, { code: 0, output: '' });
  });

  it('time validations from the claim to their end, by outcome', async () => {
    const clock = new VirtualClock();
    const metrics = new NodeMetrics(clock);
    metrics.note({ type: 'claimed', key: KEY_OF(1), epoch: 1, reason: 'first-in-rank' });
    metrics.note({ type: 'claimed', key: KEY_OF(2), epoch: 1, reason: 'first-in-rank' });
    await clock.advance(1_500);
    metrics.note({ type: 'lease-lost', key: KEY_OF(1), epoch: 1, reason: 'outbid' });
    const samples = await scraped(metrics);
    assert.equal(samples.get('driftlock_validation_seconds_sum{outcome="lease-lost"}'), 1.5);
    assert.equal(samples.get('driftlock_validation_seconds_bucket{le="1",outcome="lease-lost"}'), 0);
    assert.equal(samples.get('driftlock_validation_seconds_bucket{le="2",outcome="lease-lost"}'), 1);
    assert.equal(samples.get('driftlock_oldest_lease_age_seconds'), 1.5, 'the other goes on');
    metrics.note({ type: 'lease-lost', key: KEY_OF(2), epoch: 1, reason: 'outbid' });
    assert.equal((await scraped(metrics)).get('driftlock_oldest_lease_age_seconds'), 0);
  });

  it('remember a bounded number of claims, the latest', async () => {
    const clock = new VirtualClock();
    const metrics = new NodeMetrics(clock);
    const claim = (number: number): void =>
      metrics.note({ type: 'claimed', key: KEY_OF(number), epoch: 1, reason: 'asked-for' });
    claim(0);
    await clock.advance(1_000);
    for (let number = 1; number < CLAIMS_TIMED_MAX; number++) claim(number);
    assert.equal((await scraped(metrics)).get('driftlock_oldest_lease_age_seconds'), 1);
    claim(CLAIMS_TIMED_MAX);
    assert.equal((await scraped(metrics)).get('driftlock_oldest_lease_age_seconds'), 0);
  });

  it('count convergence and writes that failed', async () => {
    const metrics = new NodeMetrics(new VirtualClock());
    const counts = { roundCount: 2, sentRecords: 0, receivedRecords: 9, peers: 1 };
    metrics.note({ type: 'converged', rounds: [], ...counts, durationMs: 1_200 });
    metrics.note({ type: 'write-failed', file: 'x', error: new Error('full') });
    const samples = await scraped(metrics);
    assert.equal(samples.get('driftlock_convergence_seconds_sum'), 1.2);
    assert.equal(samples.get('driftlock_convergence_rounds_bucket{le="2"}'), 1);
    assert.equal(samples.get('driftlock_write_failures_total'), 1);
  });
});

const folder = (name: string): string => fileURLToPath(new URL(`../../docker/${name}`, import.meta.url));

describe('what comes with the metrics', () => {
  it('names no metric that a node does not have', async () => {
    const text = await new NodeMetrics(new VirtualClock()).scrape(status);
    const known = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    for (const file of ['grafana/driftlock.json', 'prometheus/alerts.yaml', 'prometheus/alerts.test.yaml']) {
      const used = (await readFile(folder(file), 'utf8')).matchAll(/\bdriftlock_\w+/g);
      const names = [...used].map(([name]) => name.replace(/_bucket$/, ''));
      assert(names.length > 0);
      for (const name of names) assert(known.has(name), `${file} names ${name}`);
    }
  });

  it('is a dashboard whose panels have a title, a description, a query and a place of their own', async () => {
    const dashboard: unknown = JSON.parse(await readFile(folder('grafana/driftlock.json'), 'utf8'));
    const { panels } = Object(dashboard);
    assert(Array.isArray(panels) && panels.length > 20);
    const taken = new Set<string>();
    for (const panel of panels) {
      const { type, title, description, targets, gridPos } = Object(panel);
      assert(typeof title === 'string' && title !== '');
      if (type === 'row') continue;
      assert(typeof description === 'string' && targets.length > 0, title);
      const place = `${gridPos.x} ${gridPos.y}`;
      assert(!taken.has(place), `${title} lies on another`);
      taken.add(place);
    }
  });

  for (const [what, args] of [
    ['alert rules that promtool takes', ['check', 'rules', folder('prometheus/alerts.yaml')]],
    ['alert rules that fire when they should', ['test', 'rules', folder('prometheus/alerts.test.yaml')]],
    ['a configuration that promtool takes', ['check', 'config', folder('prometheus/prometheus.yaml')]],
  ] as const) {
    it(`is ${what}`, async function () {
      const checked = await promtool(args);
      if (checked === undefined) return skipWithoutPromtool(this);
      assert.equal(checked.code, 0, checked.output);
    });
  }
});

describe('readiness', () => {
  it('waits for the directory to be read and for the first comparison with others, and for nothing else', () => {
    const loading = { done: 1, total: 2, filesPerSecond: 1, leftMs: 1_000 };
    const ready = { ready: true, reason: 'ready' };
    assert.deepEqual(decideReadiness({ ...status, loading }), { ready: false, reason: 'loading' });
    const loaded = { ...status, loading: null };
    const started = { ...loaded, mode: 'catch-up', modeTrigger: 'started' } as const;
    assert.deepEqual(decideReadiness(started), { ready: false, reason: 'started' });
    assert.deepEqual(decideReadiness({ ...started, modeTrigger: 'records-missing' }), ready);
    assert.deepEqual(decideReadiness({ ...loaded, mode: 'degraded', modeTrigger: 'too-few-reachable' }), ready);
    assert.deepEqual(decideReadiness(loaded), ready);
  });
});
