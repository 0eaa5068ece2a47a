/** Clocks measured between real processes. They share one machine's clock, so the true offset is 0. */

import assert from 'node:assert/strict';
import { Cluster } from './harness.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

describe('the clocks of two processes', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;

  beforeEach(async () => {
    cluster = await Cluster.create(2, { validator: 'none' });
    await cluster.start(...cluster.nodes);
  });

  afterEach(() => cluster.remove());

  it('are measured by both, and found to agree within the bounds that they state', async () => {
    for (const node of cluster.nodes) {
      const { clock, peers } = await until('the other clock is measured', async () => {
        const status = await node.status();
        return status.clock.standing !== 'unknown' && status;
      });
      assert.equal(clock.standing, 'within');
      const [peer] = peers;
      assert.ok(peer !== undefined && !peer.clock.skewed && clock.clocks === 2);
      for (const { offsetMs, boundMs } of [clock, peer.clock]) {
        assert.ok(offsetMs !== null && boundMs !== null && Math.abs(offsetMs) <= boundMs, `${offsetMs} ± ${boundMs}`);
      }
    }
  });
});
