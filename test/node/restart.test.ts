import assert from 'node:assert/strict';
import { hasSuccess } from '../../crdt/block/record.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster } from './memory-cluster.ts';
import { ScriptedValidator } from './scripted-validator.ts';

const BLOCKS = Array.from({ length: 12 }, (_, at) => keyAt(3_080 + at));

describe('a node that starts again', () => {
  it('after a power loss has the same digest, from its disk alone', async () => {
    const cluster = new Cluster();
    const [node, other] = cluster.add(2, { validates: true });
    assert(node !== undefined && other !== undefined);
    await cluster.start();
    for (const key of BLOCKS) await node.dropWitness(key);
    await cluster.until(() => cluster.machines.every(({ node: { tally } }) => tally.results === 12), 20_000);
    await cluster.until(() => cluster.agrees() && other.node.shelf.size === 12, 20_000);
    await cluster.clock.advance(5_000);
    const { digest } = other;
    await other.stop();
    await node.crash();
    await node.start();
    assert.equal(node.digest, digest);
    await node.stop();
  });

  it('after a power loss at any moment still has every result that anybody heard of', async () => {
    for (let crashAfterMs = 0; crashAfterMs < 400; crashAfterMs += 40) {
      const cluster = new Cluster();
      const [node, other] = cluster.add(2, { validates: true });
      assert(node !== undefined && other !== undefined);
      await cluster.start();
      await cluster.clock.advance(2_000);
      for (const key of BLOCKS) await node.dropWitness(key);
      await cluster.clock.advance(crashAfterMs);
      await node.crash();
      const heard = BLOCKS.filter((key) => other.record(key).results.some((result) => result.node === node.id));
      await other.stop();
      await node.start();
      for (const key of heard) assert(hasSuccess(node.record(key).results), `after ${crashAfterMs} ms`);
      await node.stop();
    }
  });

  it('does not validate again what its files say is finished', async () => {
    const cluster = new Cluster();
    const [node] = cluster.add(1, { validates: true });
    assert(node?.validator instanceof ScriptedValidator);
    await node.start();
    for (const key of BLOCKS) await node.dropWitness(key);
    await cluster.until(() => node.node.tally.results === 12, 20_000);
    await node.stop();
    await node.start();
    await cluster.clock.advance(5_000);
    assert.equal(node.validator.tasks.length, 12);
    await node.stop();
  });

  it('fetches the witnesses it lost, of finished blocks too', async () => {
    const cluster = new Cluster();
    const [node, other] = cluster.add(2, { validates: true });
    assert(node !== undefined && other !== undefined);
    await cluster.start();
    for (const key of BLOCKS) await node.dropWitness(key);
    await cluster.until(() => cluster.agrees() && other.node.shelf.size === 12, 20_000);
    await cluster.until(() => other.node.tally.unfinishedCount === 0, 20_000);
    await other.stop();
    for (const key of BLOCKS) await other.disk.remove(other.path('witness', key));
    await other.start();
    await cluster.until(() => other.node.shelf.size === 12 && cluster.agrees(), 20_000);
    await cluster.stop();
  });

  it('claims nothing before it has joined the network', async () => {
    const cluster = new Cluster();
    const [node] = cluster.add(1, { validates: true });
    assert(node !== undefined);
    await node.start();
    await node.stop();
    for (const key of BLOCKS) await node.dropWitness(key);
    await node.start();
    const loaded = node.events.findLastIndex(({ type }) => type === 'loaded');
    await cluster.until(() => node.node.tally.unfinishedCount === 0, 20_000);
    assert(node.events.slice(0, loaded).every(({ type }) => type !== 'claimed'));
    await node.stop();
  });
});
