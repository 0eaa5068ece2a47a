import assert from 'node:assert/strict';
import { hasSuccess } from '../../crdt/block/record.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';
import { rootOf } from './scripted-validator.ts';

const KEY = keyAt(3_080);

/** Two nodes, of which the first validates `KEY` while its disk fills up. */
async function validateOnFullDisk(): Promise<{ cluster: Cluster; full: Machine; other: Machine }> {
  const cluster = new Cluster();
  const [full, other] = cluster.add(2, { validates: true });
  assert(full?.validator !== undefined && other?.validator !== undefined);
  await cluster.start();
  await cluster.clock.advance(2_000);
  cluster.partition([[full], [other]], true);
  await cluster.clock.advance(6_000);
  full.validator.durationMs = 5_000;
  await full.dropWitness(KEY);
  await cluster.until(() => full.eventsOf('claimed').length === 1, 1_000);
  cluster.partition([[full], [other]], false);
  await cluster.until(() => other.node.shelf.size === 1, 10_000);
  full.disk.resize(0);
  await cluster.until(() => full.eventsOf('validated').length === 1, 10_000);
  await cluster.clock.advance(100);
  return { cluster, full, other };
}

describe('a node whose disk is full', () => {
  it('tells nobody of a result that it could not write, and does not keep the block from the others', async () => {
    const { cluster, full, other } = await validateOnFullDisk();
    assert(full.eventsOf('write-failed').length > 0);
    assert(!hasSuccess(full.record(KEY).results) && !hasSuccess(other.record(KEY).results));
    await cluster.until(() => hasSuccess(other.record(KEY).results), 60_000);
    assert.deepEqual(
      other.record(KEY).results.map(({ node }) => node),
      [other.id],
    );
    await cluster.stop();
  });

  it('writes everything once there is room again', async () => {
    const { cluster, full, other } = await validateOnFullDisk();
    await cluster.clock.advance(10_000);
    full.disk.resize(1_000_000);
    await cluster.until(() => full.node.store.dirtyCount === 0 && cluster.agrees(), 10_000);
    assert(hasSuccess(other.record(KEY).results));
    assert.equal((await full.validateFile(KEY))?.info.status, 'Success');
    await cluster.stop();
  });

  it('stops all the same', async () => {
    const { full, other } = await validateOnFullDisk();
    await full.stop();
    await other.stop();
  });

  it('starts all the same, and joins the others', async () => {
    const cluster = new Cluster();
    const [full, other] = cluster.add(2);
    assert(full !== undefined && other !== undefined);
    await cluster.start();
    await full.stop();
    const info = { status: 'Success', blockHash: KEY.hash, blockNumber: KEY.number, blobIds: [] } as const;
    await full.write('validate', KEY, encodeValidateFile({ ...info, stateRoot: rootOf(KEY), lockTimeSeconds: 0n }));
    full.disk.resize(0);
    await full.start();
    await cluster.until(() => other.node.presence.live().length === 1, 5_000);
    full.disk.resize(1_000_000);
    await cluster.until(() => hasSuccess(other.record(KEY).results) && cluster.agrees(), 10_000);
    await cluster.stop();
  });
});
