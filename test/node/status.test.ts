import assert from 'node:assert/strict';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { witnessLimits } from '../../src/config/witness-settings.ts';
import { readStatus } from '../../src/node/read-status.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { statusSchema } from '../../src/rpc/status-schema.ts';
import { WITNESS_LIMITS } from '../../src/witness/limits.ts';
import { Cluster, SETTINGS, type Machine } from './memory-cluster.ts';

function statusOf(machine: Machine, cluster: Cluster): NodeStatus {
  return readStatus({
    node: machine.node,
    self: machine.id,
    cluster: SETTINGS.cluster,
    region: SETTINGS.region,
    datadir: '/data',
    members: cluster.members(),
    validator: machine.validator,
    clock: machine.clock,
    startedAtMs: 0,
    skewBoundMs: SETTINGS.bounds.skewBoundMs,
    peers: () => machine.network.peers(),
    addresses: () => [],
    document: () => ({ bytes: 0, alerts: 0, unacknowledged: 0, dropped: 0, clients: 0 }),
  });
}

describe('the status of a node', () => {
  it('shows its clock and those of its peers with their bounds, and who is skewed', async () => {
    const cluster = new Cluster();
    const [first] = cluster.add(2);
    const [ahead] = cluster.add(1, { wallOffsetMs: 60_000, settings: { rankStepMs: undefined } });
    assert(first !== undefined && ahead !== undefined);
    assert.equal(cluster.machines.length, 3);
    await cluster.start();
    await cluster.clock.advance(2_000);

    const status = statusOf(first, cluster);
    assert.deepEqual(statusSchema.parse(status), status);
    const { offsetMs, boundMs, ...clock } = status.clock;
    assert(offsetMs !== null && boundMs !== null && Math.abs(offsetMs) <= boundMs && boundMs < 3);
    assert.deepEqual(clock, {
      standing: 'within',
      clocks: 3,
      skewBoundMs: 500,
      steps: 0,
      leasesWaiting: 0,
      rankStepMs: 250,
      rankStepFrom: 'configured',
    });
    const shown = status.peers.map(({ peerId, clock: { offsetMs: ms, skewed } }) => ({ peerId, skewed, ms }));
    const found = shown.find(({ peerId }) => peerId === peerIdText(ahead.id));
    assert(found?.skewed === true && found.ms !== null && Math.abs(found.ms - 60_000) < 3);
    assert.equal(shown.filter(({ skewed }) => skewed).length, 1);

    const own = statusOf(ahead, cluster).clock;
    assert(own.standing === 'outside' && own.offsetMs !== null && Math.abs(own.offsetMs - 60_000) < 3);
    assert.equal(own.rankStepFrom, 'measured');
    await cluster.stop();
  });

  it('shows the limits in force by the names of their settings', async () => {
    const cluster = new Cluster();
    const given = { witnessStreamsMax: 7, witnessDiskBytes: 1_000, challengeRanges: 3 };
    const [first] = cluster.add(1, { settings: { witnessLimits: witnessLimits(given) } });
    const [other] = cluster.add(1);
    assert(first !== undefined && other !== undefined);
    await cluster.start();
    const status = statusOf(first, cluster);
    assert.deepEqual(statusSchema.parse(status), status);
    const { limits } = statusOf(other, cluster).witnesses;
    assert.deepEqual(status.witnesses.limits, { ...limits, ...given });
    assert.equal(limits.witnessDiskBytes, null);
    const set = { ...limits, witnessDiskBytes: WITNESS_LIMITS.diskBytes };
    assert.deepEqual(witnessLimits(set), WITNESS_LIMITS, 'each limit is shown');
    await cluster.stop();
  });

  it('shows nothing measured while there is nobody to compare with', async () => {
    const cluster = new Cluster();
    const [alone] = cluster.add(2);
    assert(alone !== undefined);
    await cluster.start([alone]);
    const { clock, peers } = statusOf(alone, cluster);
    assert.deepEqual([clock.standing, clock.offsetMs, clock.boundMs, clock.clocks], ['unknown', null, null, 1]);
    assert.deepEqual(
      peers.map((peer) => peer.clock),
      [{ offsetMs: null, boundMs: null, roundTripMs: null, skewed: false }],
    );
    await alone.stop();
  });
});
