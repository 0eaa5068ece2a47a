/** The cluster document of real processes: what one browser writes at one node is at the other, and outlives a kill. */

import assert from 'node:assert/strict';
import { driftlock } from '../cli/cli.ts';
import { Browser } from '../document/browser.ts';
import { Cluster, type ClusterNode } from './harness.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

const TOKEN = '0123456789abcdef';

async function documentOf(node: ClusterNode): Promise<{ readonly notes: readonly { readonly text: string }[] }> {
  const answer = await node.rpc({ jsonrpc: '2.0', id: 1, method: 'driftlock_document' });
  return Object(answer).result;
}

describe('the cluster document of a running cluster', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;

  beforeEach(async () => {
    cluster = await Cluster.create(2, { validator: 'none', dashboardToken: TOKEN });
    await cluster.start(...cluster.nodes);
  });

  afterEach(() => cluster.remove());

  it('is written by a browser with the token, at one node and then at the other, and survives a kill', async () => {
    const [here, there] = [cluster.node(0), cluster.node(1)];
    const browser = new Browser(here.rpcUrl.href, TOKEN);
    await until('it may write', async () => browser.mayWrite);
    browser.doc.transact(() => {
      browser.doc.getMap('noteIndex').set('incident/1f', { atMs: 1 });
      browser.doc.getText('note/incident/1f').insert(0, 'It began at noon.');
      const alert = { kind: 'clock', subject: 'a node', text: 'is off', raisedAtMs: Date.now(), raisedBy: 'x' };
      browser.doc.getMap('alerts').set('clock/a', alert);
    });
    for (const node of cluster.nodes) {
      await until('the note is there', async () => (await documentOf(node)).notes[0]?.text === 'It began at noon.');
    }
    const alerts = await driftlock(['alerts', '--rpc', there.rpcUrl.href]);
    assert.match(alerts.stdout, /^clock a node: is off, \d+\.\d s ago\n$/);
    assert.equal((await there.status()).document?.unacknowledged, 1);

    browser.doc.getMap('acknowledgements').set('clock/a', { by: 'ada', atMs: 1, note: 'known' });
    await until('it is acknowledged', async () => (await there.status()).document?.unacknowledged === 0);
    const open = await driftlock(['alerts', '--rpc', there.rpcUrl.href]);
    assert.equal(open.stdout, 'no alerts that nobody has acknowledged\n');
    const all = await driftlock(['alerts', '--rpc', there.rpcUrl.href, '--all']);
    assert.match(all.stdout, /^clock a node: is off, .* ago; acknowledged by ada: known\n$/);
    browser.close();

    await there.stop();
    await here.kill();
    await cluster.start(here);
    assert.equal((await documentOf(here)).notes[0]?.text, 'It began at noon.', 'from its own disk, alone');
  });
});
