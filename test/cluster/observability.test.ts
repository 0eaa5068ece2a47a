/** What supervisors and Prometheus get of a running node. */

import assert from 'node:assert/strict';
import { driftlock } from '../cli/cli.ts';
import { promtool, skipWithoutPromtool } from '../metrics/promtool.ts';
import { Cluster, type ClusterNode } from './harness.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

async function get({ rpcUrl }: ClusterNode, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, rpcUrl), { headers });
}

async function evidenceOf({ layout }: ClusterNode): Promise<string> {
  return (await driftlock(['evidence', '--datadir', layout.root, '--type', 'mode-changed'])).stdout;
}

describe('a running node', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;

  beforeEach(async () => {
    cluster = await Cluster.create(2, { validator: 'none' });
    await cluster.start(...cluster.nodes);
  });

  afterEach(() => cluster.remove());

  it('serves its metrics with those of libp2p and of the process, and says when it is ready', async function () {
    const node = cluster.node(0);
    await until('it is normal', async () => (await node.status()).mode === 'normal');
    assert.deepEqual(await (await get(node, '/readyz')).json(), { ready: true, reason: 'ready', mode: 'normal' });
    assert.deepEqual(await (await get(node, '/healthz')).json(), { status: 'ok' });
    const answer = await get(node, '/metrics');
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const name of ['driftlock_mode', 'driftlock_peer_connected', 'libp2p_', 'process_cpu_seconds_total']) {
      assert.match(text, new RegExp(`^${name}`, 'm'));
    }
    assert.match(text, /^driftlock_mode\{mode="normal"\} 1$/m);
    const refused = await get(node, '/metrics', { origin: 'http://example.org' });
    assert.equal(refused.status, 403, 'no web page reads them');
    const checked = await promtool(['check', 'metrics'], text.replaceAll(/^.*(libp2p|nodejs|process)_.*$\n/gm, ''));
    if (checked === undefined) return skipWithoutPromtool(this);
    assert.deepEqual(checked, { code: 0, output: '' });
  });

  it('keeps evidence of its modes, which can be read while it runs and after it was killed', async () => {
    const [here, there] = [cluster.node(0), cluster.node(1)];
    await until('they agree', async () => (await here.status()).mode === 'normal');
    await until('the other has written that they do', async () =>
      (await evidenceOf(there)).includes('catch-up to normal'),
    );
    await there.kill();
    await until('it is degraded', async () => (await here.status()).mode === 'degraded');
    const evidence = await until('it is written', async () => {
      const read = await evidenceOf(here);
      return read.includes('normal to degraded') && read;
    });
    assert.match(evidence, /catch-up to normal: caught-up; 2 of 2 members in reach\n/);
    assert.match(evidence, /normal to degraded: too-few-reachable; 1 of 2 members in reach\n/);
    assert.match(await evidenceOf(there), /catch-up to normal/);
  });
});
