import assert from 'node:assert/strict';
import { ALONE_MS_MAX, HEARING_MS_MAX } from '../../src/claim/first-hearing.ts';
import { NO_FAULTS } from '../../net/memory/link.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster } from './memory-cluster.ts';

const KEYS = Array.from({ length: 10 }, (_, at) => keyAt(at + 1));

describe('a node that has just started', () => {
  it('claims nothing that was finished while it was down', async () => {
    const cluster = new Cluster();
    const [away, there] = cluster.add(2, { validates: true });
    assert(away?.validator !== undefined && there !== undefined);
    const delayMs = 40;
    cluster.hub.setFaults(away.id, there.id, { ...NO_FAULTS, delayMsMin: delayMs, delayMsMax: delayMs });
    await cluster.start();
    away.validator.durationMs = 1_000_000;
    for (const key of KEYS) await away.dropWitness(key);
    await cluster.until(() => there.node.shelf.size === KEYS.length, 20_000);
    await away.crash();
    await cluster.until(() => there.node.statusCounts().success === KEYS.length, 200_000);
    const claimsBefore = away.eventsOf('claimed').length;
    away.validator.durationMs = 0;
    await away.start();
    await cluster.until(() => cluster.agrees(), 20_000);
    assert.equal(away.eventsOf('claimed').length, claimsBefore);
    await cluster.stop();
  });

  it('claims soon when it is alone, and answers clients until then that it has just started', async () => {
    const cluster = new Cluster();
    const [alone] = cluster.add(1, { validates: true });
    cluster.add(1);
    assert(alone !== undefined);
    await cluster.start([alone]);
    assert.deepEqual(alone.node.claims.clients.claim(keyAt(99)), { claimed: false, reason: 'just-started' });
    await alone.dropWitness(keyAt(1));
    await cluster.until(() => alone.eventsOf('claimed').length === 1, ALONE_MS_MAX);
    await alone.stop();
  });

  it('waits no longer than its bound for a peer that says nothing', async () => {
    const cluster = new Cluster();
    const [here, silent] = cluster.add(2, { validates: true });
    assert(here !== undefined && silent !== undefined);
    await cluster.start([silent]);
    cluster.hub.block(silent.id, here.id);
    await cluster.start([here]);
    await here.dropWitness(keyAt(1));
    await cluster.clock.advance(HEARING_MS_MAX - 100);
    assert.equal(here.eventsOf('claimed').length, 0);
    await cluster.until(() => here.eventsOf('claimed').length === 1, 1_000);
    await cluster.stop();
  });
});
