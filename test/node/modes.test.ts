import assert from 'node:assert/strict';
import type { BlockKey } from '../../crdt/ids.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { Cluster, type Machine, type MachineOptions } from './memory-cluster.ts';

const keyOf = (number: number): BlockKey => ({ number, hash: hashOf(number) });

/** Three machines that have come to rest; the last is alone once `cut` is called. */
async function threeMachines(options: MachineOptions = {}) {
  const cluster = new Cluster();
  const machines = cluster.add(3, { validates: true, ...options });
  const [first, second, alone] = machines;
  assert(first !== undefined && second !== undefined && alone !== undefined);
  await cluster.start();
  await cluster.until(() => machines.every(({ node }) => node.modes.mode === 'normal'), 10_000);
  const partition = (isCut: boolean): void => cluster.partition([[first, second], [alone]], isCut);
  return { cluster, first, second, alone, cut: () => partition(true), heal: () => partition(false) };
}

function changesOf(machine: Machine): string[] {
  return machine.eventsOf('mode-changed').map(({ from, to, trigger }) => `${from} > ${to}: ${trigger}`);
}

describe('the modes of nodes', () => {
  it('go from catching up to normal at a start', async () => {
    const { cluster, first } = await threeMachines();
    assert.deepEqual(changesOf(first), ['catch-up > normal: caught-up']);
    await cluster.stop();
  });

  it('show a partition on the side of the minority alone, and its heal by way of catching up', async () => {
    const { cluster, first, second, alone, cut, heal } = await threeMachines();
    cut();
    await cluster.until(() => alone.node.modes.mode === 'degraded', 10_000);
    await alone.dropWitness(keyOf(1));
    await first.dropWitness(keyOf(2));
    await cluster.clock.advance(20_000);
    assert.equal(first.node.modes.mode, 'normal');
    assert.equal(first.node.presence.of(second.id)?.heartbeat.mode, 'normal');
    const [lost] = alone.eventsOf('mode-changed').slice(-1);
    assert.deepEqual([lost?.sight.reachable, lost?.sight.members, lost?.sight.reachableMin], [1, 3, 2]);

    heal();
    await cluster.until(() => alone.node.modes.mode === 'normal', 30_000);
    assert(cluster.agrees(), 'normal was reached after the records were');
    assert.deepEqual(changesOf(alone).slice(1), [
      'normal > degraded: too-few-reachable',
      'degraded > catch-up: reachable-again',
      'catch-up > normal: caught-up',
    ]);
    const converged = alone.eventsOf('converged').at(-1);
    assert(converged !== undefined && converged.receivedRecords >= 1 && converged.sentRecords >= 1);
    assert.equal(converged.rounds.at(-1)?.coverage, 1);
    await cluster.stop();
  });

  it('go on claiming in a minority by default', async () => {
    const { cluster, alone, cut } = await threeMachines();
    cut();
    await cluster.until(() => alone.node.modes.mode === 'degraded', 10_000);
    await alone.dropWitness(keyOf(1));
    await cluster.until(() => alone.eventsOf('claimed').length === 1, 20_000);
    await cluster.stop();
  });

  it('claim nothing in a minority where that is configured, say so, and go on after the heal', async () => {
    const { cluster, first, alone, cut, heal } = await threeMachines({ settings: { degradedClaiming: 'pause' } });
    cut();
    await cluster.until(() => alone.node.modes.mode === 'degraded', 10_000);
    assert.equal(alone.eventsOf('mode-changed').at(-1)?.claiming, 'paused');
    await alone.dropWitness(keyOf(1));
    await cluster.clock.advance(60_000);
    assert.equal(alone.eventsOf('claimed').length, 0);
    assert.deepEqual(alone.node.claims.clients.claim(keyOf(1)), { claimed: false, reason: 'degraded' });
    heal();
    await cluster.until(() => first.record(keyOf(1)).results.length > 0, 30_000);
    await cluster.stop();
  });
});
