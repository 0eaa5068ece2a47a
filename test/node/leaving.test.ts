import assert from 'node:assert/strict';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';

const KEYS = Array.from({ length: 12 }, (_, at) => keyAt(at + 1));

function isDone({ node }: Machine): boolean {
  return node.statusCounts().success === KEYS.length;
}

describe('a member that leaves for good', () => {
  for (const [how, leave] of [
    ['stopped', (machine: Machine) => machine.stop()],
    ['lost', (machine: Machine) => machine.crash()],
  ] as const) {
    it(`keeps nothing from the others when it is ${how} while it validates`, async () => {
      const cluster = new Cluster();
      const machines = cluster.add(4, { validates: true });
      const [leaver, ...others] = machines;
      assert(leaver?.validator !== undefined);
      await cluster.start();
      await cluster.clock.advance(3_000);
      leaver.validator.durationMs = 1_000_000;
      for (const key of KEYS) await leaver.dropWitness(key);
      await cluster.until(
        () => leaver.eventsOf('claimed').length > 0 && others.every(({ node }) => node.shelf.size === KEYS.length),
        60_000,
      );
      await leave(leaver);
      await cluster.until(() => others.every(isDone) && cluster.agrees(others), 120_000);
      await cluster.clock.advance(60_000);
      for (const { node } of others) {
        assert(!node.presence.live().includes(leaver.id));
        assert.equal(node.leasesSighted, 0);
        assert.equal(node.store.dirtyCount, 0);
      }
      for (const machine of others) await machine.stop();
    });
  }
});
