/** Witnesses that nobody in reach holds. */

import assert from 'node:assert/strict';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster } from './memory-cluster.ts';

const BLOCKS = Array.from({ length: 40 }, (_, at) => keyAt(at));

describe('a node that hears of witnesses whose holder it cannot reach', () => {
  it('waits without trying and without timers, and fetches them when the holder is there', async () => {
    const cluster = new Cluster();
    const [holder, late] = cluster.add(2);
    assert(holder !== undefined && late !== undefined);
    await cluster.start([holder]);
    for (const key of BLOCKS) await holder.dropWitness(key);
    await cluster.until(() => holder.node.shelf.size === BLOCKS.length, 20_000);
    const records = [...holder.node.replica.entries()];
    await holder.stop();

    await late.start();
    const idleTimers = late.clock.timers;
    for (const { key, record } of records) late.node.store.merge({ key, record }, 'peer');
    await cluster.until(() => late.node.store.dirtyCount === 0, 20_000);
    for (let second = 0; second < 10; second++) {
      await cluster.clock.advance(1_000);
      assert.deepEqual(
        [late.node.witnesses.fetcher.outOfReach, late.node.witnesses.fetcher.fetching],
        [BLOCKS.length, 0],
      );
      assert(late.clock.timers < idleTimers + BLOCKS.length, `${late.clock.timers} timers`);
    }
    assert.deepEqual(late.eventsOf('witness-fetch-failed'), []);

    await holder.start();
    await cluster.until(() => late.node.shelf.size === BLOCKS.length, 20_000);
    assert.equal(late.node.witnesses.fetcher.outOfReach, 0);
    await cluster.stop();
  });
});
