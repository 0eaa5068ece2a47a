import assert from 'node:assert/strict';
import { recordOf } from '../../crdt/block/record.ts';
import { encodeBatch, RECORDS_TOPIC } from '../../net/gossip/batch.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, SETTINGS } from './memory-cluster.ts';

const KEY = keyAt(3_080);

describe('a lease from a clock that runs ahead', () => {
  it('is left out, taken in once it lies within the bound, and makes nobody reconcile without end', async () => {
    const cluster = new Cluster();
    const [right] = cluster.add(1);
    const [ahead] = cluster.add(1, { validates: true, wallOffsetMs: 60_000 });
    assert(right !== undefined && ahead?.validator !== undefined);
    ahead.validator.durationMs = 200_000;
    await cluster.start();
    await ahead.dropWitness(KEY);
    await cluster.until(() => ahead.record(KEY).lease !== undefined, 5_000);
    await cluster.clock.advance(50_000);
    assert.equal(right.record(KEY).lease, undefined);
    assert(right.eventsOf('lease-deferred').length > 0);
    const sessions = right.node.counters.read().reconciliations;
    assert(sessions > 0 && sessions <= 8, `${sessions} sessions in 50 s`);
    await cluster.until(() => right.record(KEY).lease !== undefined && cluster.agrees(), 60_000);
    assert.equal(right.record(KEY).lease?.holder, ahead.id);
    await cluster.stop();
  });

  it('is taken in when it is due, though nobody sends it again, and its author counts as skewed until then', async () => {
    const cluster = new Cluster();
    const [right, relay] = cluster.add(2);
    const author = cluster.absentMember(60_000);
    assert(right !== undefined && relay !== undefined);
    await cluster.start();
    const lease = author.claim(KEY, 1, 30_000);
    const batch = encodeBatch(SETTINGS.cluster, relay.signer, lease.stamp, [{ key: KEY, record: recordOf({ lease }) }]);
    // Twice: what waits already is no news.
    for (const bytes of [
      batch,
      encodeBatch(SETTINGS.cluster, relay.signer, { wallMs: 1, counter: 0 }, [
        { key: KEY, record: recordOf({ lease }) },
      ]),
    ]) {
      await relay.network.publish(RECORDS_TOPIC, bytes);
    }
    await cluster.clock.advance(59_400);
    assert.equal(right.record(KEY).lease, undefined);
    assert.equal(right.eventsOf('lease-deferred').length, 1);
    assert.deepEqual(right.node.deferredLeases.holders(), new Set([author.node]));
    await cluster.clock.advance(100);
    assert.equal(right.record(KEY).lease?.holder, author.node);
    assert.equal(right.node.deferredLeases.size, 0);
    await cluster.stop();
  });

  it('does not keep the results that come with it out', async () => {
    const cluster = new Cluster();
    const [right] = cluster.add(1);
    const [ahead] = cluster.add(1, { validates: true, wallOffsetMs: 60_000 });
    assert(right !== undefined && ahead !== undefined);
    await cluster.start();
    await ahead.dropWitness(KEY);
    await cluster.until(() => right.node.tally.results === 1, 5_000);
    await cluster.until(() => cluster.agrees(), 5_000);
    await cluster.stop();
  });

  it('does not move the clock of the one who hears it', async () => {
    const cluster = new Cluster();
    const [right, relay] = cluster.add(2, { validates: true });
    const author = cluster.absentMember(60_000);
    assert(right !== undefined && relay !== undefined);
    await cluster.start();
    const lease = author.claim(KEY, 1, 30_000);
    const network = relay.network;
    const batch = encodeBatch(SETTINGS.cluster, relay.signer, lease.stamp, [{ key: KEY, record: recordOf({ lease }) }]);
    await network.publish(RECORDS_TOPIC, batch);
    await cluster.clock.advance(100);
    assert.equal(right.eventsOf('lease-deferred').length, 1);
    await right.dropWitness(KEY);
    await cluster.until(() => right.eventsOf('claimed').length === 1, 5_000);
    const stampedMs = right.record(KEY).lease?.stamp.wallMs;
    assert(stampedMs !== undefined && stampedMs <= cluster.clock.wallMs());
    await cluster.stop();
  });
});
