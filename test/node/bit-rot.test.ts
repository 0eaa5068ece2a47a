/** A bit of a `.v` is not what was written: what others found must not become what this node says to have found. */

import assert from 'node:assert/strict';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';

const KEY = keyAt(3_080);
const DIGEST_BYTES = 32;

/** A sidecar that holds what another node found, stopped. */
async function stoppedSidecar(): Promise<{ cluster: Cluster; sidecar: Machine; finder: Machine }> {
  const cluster = new Cluster();
  const [sidecar] = cluster.add(1, { settings: { housekeeping: { ...KEEP_ALL, scrubFilesPerSecond: 20 } } });
  const [finder] = cluster.add(1, { validates: true });
  assert(sidecar !== undefined && finder !== undefined);
  await cluster.start();
  await finder.dropWitness(KEY);
  await cluster.until(() => sidecar.node.tally.results === 1, 10_000);
  await cluster.clock.advance(2_000);
  await sidecar.stop();
  return { cluster, sidecar, finder };
}

describe('a .v of which a bit has rotted while its node was stopped, found by the scrub', () => {
  for (const [where, fromEndBytes] of [
    ['in its record', DIGEST_BYTES + 10],
    ['in the digest of its trailer', 1],
  ] as const) {
    it(`${where}, makes the node say nothing new, and is written again`, async () => {
      const { cluster, sidecar, finder } = await stoppedSidecar();
      const whole = await sidecar.bytesOf('validate', KEY);
      assert(whole !== undefined);
      sidecar.disk.rot(sidecar.path('validate', KEY), () => (whole.length - fromEndBytes) * 8);
      assert.notDeepEqual(await sidecar.bytesOf('validate', KEY), whole);
      await sidecar.start();
      await cluster.until(() => sidecar.node.tally.results === 1 && cluster.agrees(), 20_000);
      await cluster.clock.advance(12_000);
      for (const { node } of [...sidecar.record(KEY).results, ...finder.record(KEY).results]) {
        assert.equal(node, finder.id);
      }
      assert.deepEqual(await sidecar.bytesOf('validate', KEY), await finder.bytesOf('validate', KEY));
      await cluster.stop();
    });
  }
});

describe('a bit that rots while the node runs', () => {
  it('is found by the scrub: the .v is written again, the .w fetched from a peer that holds it', async () => {
    const cluster = new Cluster();
    const [sidecar] = cluster.add(1, { settings: { housekeeping: { ...KEEP_ALL, scrubFilesPerSecond: 20 } } });
    const [finder] = cluster.add(1, { validates: true });
    assert(sidecar !== undefined && finder !== undefined);
    await cluster.start();
    await finder.dropWitness(KEY);
    await cluster.until(() => sidecar.node.tally.results === 1 && sidecar.node.shelf.size === 1, 10_000);
    await cluster.clock.advance(2_000);
    for (const kind of ['validate', 'witness'] as const) {
      const whole = await finder.bytesOf(kind, KEY);
      sidecar.disk.rot(sidecar.path(kind, KEY), (bits) => bits >>> 1);
      assert.notDeepEqual(await sidecar.bytesOf(kind, KEY), whole);
    }
    await cluster.until(() => sidecar.node.counters.read().filesQuarantined === 2, 700_000);
    await cluster.until(() => sidecar.node.shelf.size === 1 && cluster.agrees(), 10_000);
    await cluster.until(() => [sidecar, finder].every(({ node }) => node.store.dirtyCount === 0), 10_000);
    for (const kind of ['validate', 'witness'] as const) {
      assert.deepEqual(await sidecar.bytesOf(kind, KEY), await finder.bytesOf(kind, KEY), kind);
    }
    assert.equal(sidecar.node.housekeeping.scrub.rounds, 1);
    await cluster.stop();
  });
});
