import assert from 'node:assert/strict';
import { NO_FAULTS } from '../../net/memory/link.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster } from './memory-cluster.ts';

const KEYS = Array.from({ length: 40 }, (_, at) => keyAt(at + 1));

describe('nodes that all validate as much as they may', () => {
  it('do not take one block together when they come to be free at the same moment', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(4, { validates: true, settings: { validationsMax: 1 } });
    for (const a of machines) {
      if (a.validator !== undefined) a.validator.durationMs = 1_000;
      for (const b of machines) {
        if (a.id < b.id) cluster.hub.setFaults(a.id, b.id, { ...NO_FAULTS, delayMsMin: 40, delayMsMax: 40 });
      }
    }
    await cluster.start();
    await cluster.clock.advance(3_000);
    for (const key of KEYS) await Promise.all(machines.map((machine) => machine.dropWitness(key)));
    await cluster.until(() => machines.every(({ node }) => node.statusCounts().success === KEYS.length), 600_000);
    const claims = machines.reduce((sum, machine) => sum + machine.eventsOf('claimed').length, 0);
    assert.equal(claims, KEYS.length);
    await cluster.stop();
  });
});
