import assert from 'node:assert/strict';
import { compareText } from '../../crdt/ids.ts';
import { NO_FAULTS } from '../../net/memory/link.ts';
import { SESSIONS_INITIATED_MAX } from '../../src/reconcile/reconciler.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';
import { rootOf } from './scripted-validator.ts';

const BLOCKS = Array.from({ length: 12 }, (_, at) => keyAt(3_080 + at));

function validations(machines: readonly Machine[]): number {
  return machines.reduce((sum, { validator }) => sum + (validator?.tasks.length ?? 0), 0);
}

/** Nodes that are cut off from `starter`, which starts the sessions with all of them; none hears a heartbeat of another. */
function apartFromOne(count: number): { cluster: Cluster; starter: Machine; others: readonly Machine[] } {
  const cluster = new Cluster();
  // Of two nodes the one with the smaller id starts.
  const [starter, ...others] = cluster.add(count + 1).toSorted((a, b) => compareText(a.id, b.id));
  assert(starter !== undefined);
  for (const other of others) cluster.hub.setFaults(starter.id, other.id, { ...NO_FAULTS, lossPermille: 1_000 });
  cluster.partition([[starter], others], true);
  return { cluster, starter, others };
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

  it('validates each block once though those that rank first have to fetch its witness from far away', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3, { validates: true, settings: { rankStepMs: 185, validationsMax: BLOCKS.length } });
    const [first] = machines;
    assert(first !== undefined);
    for (const [at, machine] of machines.entries()) {
      for (const other of machines.slice(at + 1)) {
        cluster.hub.setFaults(machine.id, other.id, { ...NO_FAULTS, delayMsMin: 80, delayMsMax: 80 });
      }
    }
    await cluster.start();
    await cluster.clock.advance(2_000);
    for (const machine of machines) if (machine.validator !== undefined) machine.validator.durationMs = 2_000;
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.until(() => machines.every(({ node }) => node.tally.results >= BLOCKS.length), 10_000);
    assert.equal(validations(machines), BLOCKS.length);
    const rested = machines.filter(({ validator }) => validator?.tasks.length === 0);
    assert.deepEqual(rested, [], 'the work is shared, and not all done where the witnesses appeared');
    await cluster.stop();
  });

  it('gives a node that joins every record at once, before any heartbeat could come by gossip', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3);
    const [first, second, third] = machines;
    assert(first !== undefined && second !== undefined && third !== undefined);
    for (const one of machines) {
      for (const other of machines) {
        if (one !== other) cluster.hub.setFaults(one.id, other.id, { ...NO_FAULTS, lossPermille: 1_000 });
      }
    }
    await first.start();
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.until(() => first.node.tally.blocks === BLOCKS.length, 20_000);
    for (const joining of [second, third]) {
      await joining.start();
      await cluster.until(() => joining.node.tally.blocks === BLOCKS.length, 100);
    }
    await cluster.stop();
  });

  for (const links of [SESSIONS_INITIATED_MAX, SESSIONS_INITIATED_MAX + 1]) {
    it(`starts at most SESSIONS_INITIATED_MAX sessions when ${links} links come to stand at one moment`, async () => {
      const { cluster, starter, others } = apartFromOne(links);
      await cluster.start();
      cluster.partition([[starter], others], false);
      await cluster.clock.advance(2_000);
      assert.equal(starter.eventsOf('reconciled').length, SESSIONS_INITIATED_MAX);
      await cluster.stop();
    });
  }

  it('starts no session once sessions have ended for good, though links come and go until the network is left', async () => {
    const { cluster, starter, others } = apartFromOne(1);
    await cluster.start();
    await starter.node.reconciler.stop();
    cluster.partition([[starter], others], false);
    await cluster.clock.advance(2_000);
    assert.deepEqual([starter.eventsOf('reconciled'), starter.eventsOf('reconcile-failed')], [[], []]);
    await cluster.stop();
  });

  it('gives a node that joins late, with an empty disk, every record and every witness', async () => {
    const cluster = new Cluster();
    const early = cluster.add(2, { validates: true });
    const [late] = cluster.add(1);
    const [first] = early;
    assert(first !== undefined && late !== undefined);
    await cluster.start(early);
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.until(() => early.every(({ node }) => node.tally.results === 12), 10_000);
    await late.start();
    await cluster.until(() => cluster.agrees() && late.node.shelf.size === 12, 20_000);
    for (const key of BLOCKS) {
      assert.equal((await late.validateFile(key))?.info.status, 'Success');
      assert.deepEqual(await late.bytesOf('witness', key), await first.bytesOf('witness', key));
    }
    await cluster.stop();
  });

  it('writes finished files that are the same bytes on every node', async () => {
    const cluster = new Cluster();
    const [first, ...others] = cluster.add(3, { validates: true });
    assert(first !== undefined);
    await cluster.start();
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.until(() => cluster.machines.every(({ node }) => node.tally.results === 12), 10_000);
    await cluster.until(() => cluster.agrees() && others.every(({ node }) => node.shelf.size === 12), 10_000);
    await cluster.clock.advance(1_000);
    for (const key of BLOCKS) {
      const bytes = await first.bytesOf('validate', key);
      for (const machine of others) assert.deepEqual(await machine.bytesOf('validate', key), bytes);
    }
    await cluster.stop();
  });

  it('goes on validating on both sides of a partition, and agrees after it without help', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(5, { validates: true });
    const sides = [machines.slice(0, 2), machines.slice(2)] as const;
    const [left, right] = [sides[0][0], sides[1][0]];
    assert(left !== undefined && right !== undefined);
    await cluster.start();
    await cluster.clock.advance(2_000);
    cluster.partition(sides, true);
    for (const [at, key] of BLOCKS.entries()) await (at % 2 === 0 ? left : right).dropWitness(key);
    await cluster.until(
      () => machines.every(({ node }) => node.tally.blocks === 6 && node.tally.unfinishedCount === 0),
      20_000,
    );
    assert(!cluster.agrees());
    cluster.partition(sides, false);
    await cluster.until(() => cluster.agrees() && machines.every(({ node }) => node.shelf.size === 12), 20_000);
    assert(machines.every(({ node }) => node.tally.blocks === 12 && node.tally.unfinishedCount === 0));
    assert.equal(validations(machines), 12);
    await cluster.stop();
  });

  it('converges by reconciliation alone when gossip lost everything that was said', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3);
    const [first, second, third] = machines;
    assert(first !== undefined && second !== undefined && third !== undefined);
    await cluster.start();
    await cluster.clock.advance(2_000);
    const lose = { lossPermille: 1_000, repeatPermille: 0, delayMsMin: 0, delayMsMax: 0 };
    const links = [
      [first, second],
      [first, third],
      [second, third],
    ] as const;
    for (const [a, b] of links) cluster.hub.setFaults(a.id, b.id, lose);
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.clock.advance(500);
    for (const [a, b] of links) cluster.hub.setFaults(a.id, b.id, { ...lose, lossPermille: 0 });
    assert.equal(second.node.replica.size, 0);
    await cluster.until(() => cluster.agrees() && machines.every(({ node }) => node.shelf.size === 12), 20_000);
    await cluster.stop();
  });

  it('delivers through gossip that loses, repeats and reorders', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3, { validates: true });
    for (const a of machines) {
      for (const b of machines) {
        if (a === b) continue;
        cluster.hub.setFaults(a.id, b.id, { lossPermille: 300, repeatPermille: 300, delayMsMin: 1, delayMsMax: 80 });
      }
    }
    const [first] = machines;
    assert(first !== undefined);
    await cluster.start();
    for (const key of BLOCKS) await first.dropWitness(key);
    await cluster.until(
      () => machines.every(({ node }) => node.tally.blocks === 12 && node.tally.unfinishedCount === 0),
      60_000,
    );
    await cluster.until(() => cluster.agrees() && machines.every(({ node }) => node.shelf.size === 12), 60_000);
    await cluster.stop();
  });
});
