import assert from 'node:assert/strict';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';
import { rootOf } from './scripted-validator.ts';

const BLOCKS = Array.from({ length: 12 }, (_, at) => keyAt(3_080 + at));

function validations(machines: readonly Machine[]): number {
  return machines.reduce((sum, { validator }) => sum + (validator?.tasks.length ?? 0), 0);
}

describe('a cluster of nodes', () => {
  it('brings a witness that is dropped into one directory to all, and validates each block once', async () => {
    const cluster = new Cluster();
    const [first, ...others] = cluster.add(4, { validates: true });
    assert(first !== undefined);
    await cluster.start();
    await cluster.clock.advance(2_000);
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.until(
      () => cluster.machines.every(({ node }) => node.tally.blocks === 12 && node.tally.unfinishedCount === 0),
      10_000,
    );
    await cluster.until(() => cluster.agrees() && others.every(({ node }) => node.shelf.size === 12), 10_000);
    assert.equal(validations(cluster.machines), 12);
    for (const key of BLOCKS) {
      const witness = await first.bytesOf('witness', key);
      for (const machine of cluster.machines) {
        assert.deepEqual(await machine.bytesOf('witness', key), witness);
        const file = await machine.validateFile(key);
        assert.equal(file?.info.status, 'Success');
        assert.equal(file?.info.stateRoot, rootOf(key));
      }
    }
    await cluster.stop();
  });
});
