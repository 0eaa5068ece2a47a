import assert from 'node:assert/strict';
import { MEASURE_PERIOD_MS } from '../../src/clock/clock-keeper.ts';
import { RANK_STEP_MS_UNMEASURED } from '../../src/clock/rank-step.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, SETTINGS, type Machine } from './memory-cluster.ts';

const KEY = keyAt(3_080);

/** Three machines that validate, running, each having measured the others. */
async function three(): Promise<{ cluster: Cluster; machines: readonly [Machine, Machine, Machine] }> {
  const cluster = new Cluster();
  const [first, second, third] = cluster.add(3, { validates: true });
  assert(first !== undefined && second !== undefined && third !== undefined);
  await cluster.start();
  await cluster.clock.advance(2_000);
  return { cluster, machines: [first, second, third] };
}

function claimsOf(machine: Machine): number {
  return machine.eventsOf('claimed').length;
}

describe('a node whose clock steps out of the bound', () => {
  it('claims nothing, says so once, is ranked by nobody, and claims again by itself when the clock is right', async () => {
    const { cluster, machines } = await three();
    const [skewed, ...others] = machines;
    skewed.clock.stepWall(3_600_000);
    // Only its own directory holds the witness at first: it must bring it to the others, and not the block to an end.
    for (let number = 1; number <= 20; number++) await skewed.dropWitness(keyAt(number));
    await cluster.until(() => others.every(({ node }) => node.statusCounts().success === 20), 60_000);
    assert.equal(claimsOf(skewed), 0);
    assert.deepEqual(
      skewed.eventsOf('clock-standing').map(({ standing, own }) => [standing, own?.clocks]),
      [['outside', 3]],
    );
    for (const { node, events } of others) {
      assert.equal(node.presence.of(skewed.id)?.heartbeat.isSkewed, true);
      assert(!node.presence.liveClaimants().includes(skewed.id));
      assert(!events.some(({ type }) => type === 'clock-standing' || type === 'lease-deferred'));
    }
    assert(cluster.agrees(), 'it goes on to merge and to serve');

    skewed.clock.stepWall(-3_600_000);
    await cluster.clock.advance(2_000);
    for (let number = 21; number <= 60; number++) await skewed.dropWitness(keyAt(number));
    await cluster.until(() => claimsOf(skewed) > 0, 60_000);
    await cluster.clock.advance(1_000);
    assert.deepEqual(
      skewed.eventsOf('clock-standing').map(({ standing }) => standing),
      ['outside', 'within'],
    );
    for (const { events } of others) assert(!events.some(({ type }) => type === 'lease-deferred'));
    await cluster.stop();
  });

  it('keeps to its limit when it is by being asked for a block that it finds its clock right again', async () => {
    const cluster = new Cluster();
    const [skewed] = cluster.add(1, { validates: true, settings: { validationsMax: 1 } });
    const others = cluster.add(2);
    assert(skewed?.validator !== undefined);
    skewed.validator.durationMs = 10_000;
    await cluster.start();
    await cluster.clock.advance(2_000);
    skewed.clock.stepWall(60_000);
    await cluster.until(() => skewed.node.clocks.standing === 'outside', 20_000);
    cluster.partition([[skewed], others], true);
    for (let number = 1; number <= 3; number++) await skewed.dropWitness(keyAt(number));
    await cluster.until(() => skewed.node.claims.claimer.readyCount === 3, 5_000);
    skewed.clock.stepWall(-60_000);
    skewed.node.claims.claimer.resume();
    assert.equal(skewed.node.claims.claimer.validationsInFlight, 1);
    await cluster.stop();
  });

  it('goes on with what it validates, and its result counts', async () => {
    const { cluster, machines } = await three();
    const [holder] = machines;
    assert(holder.validator !== undefined);
    holder.validator.durationMs = 100_000;
    cluster.partition([[holder], machines.slice(1)], true);
    await holder.dropWitness(KEY);
    await cluster.until(() => claimsOf(holder) === 1, 10_000);
    cluster.partition([[holder], machines.slice(1)], false);
    await cluster.clock.advance(2_000);
    holder.clock.stepWall(60_000);
    await cluster.until(() => machines.every(({ node }) => node.tally.results === 1), 200_000);
    assert.deepEqual(machines.map(claimsOf), [1, 0, 0], 'renewed all along, so nobody else took the block');
    assert.equal(holder.eventsOf('clock-standing')[0]?.standing, 'outside');
    await cluster.stop();
  });
});

describe('a lease across a step of a wall clock', () => {
  for (const stepMs of [-60_000, -400, 400, 60_000]) {
    for (const who of ['holder', 'observer'] as const) {
      it(`is not cut short by ${stepMs} ms on the ${who}'s side`, async () => {
        const { cluster, machines } = await three();
        const [holder, observer] = machines;
        assert(holder.validator !== undefined);
        holder.validator.durationMs = 10_000_000;
        cluster.partition([[holder], machines.slice(1)], true);
        await holder.dropWitness(KEY);
        await cluster.until(() => claimsOf(holder) === 1, 10_000);
        cluster.partition([[holder], machines.slice(1)], false);
        await cluster.until(() => observer.record(KEY).lease !== undefined, 10_000);
        const seenAtMs = cluster.clock.monotonicMs();
        await cluster.clock.advance(3_000);
        (who === 'holder' ? holder : observer).clock.stepWall(stepMs);
        await cluster.clock.advance(1_000);
        await holder.crash();
        const others = machines.slice(1);
        await cluster.until(() => others.some(({ node }) => node.view(KEY).lease === undefined), 120_000);
        const respectedMs = cluster.clock.monotonicMs() - seenAtMs;
        const { driftRate, deliveryMarginMs } = SETTINGS.bounds;
        assert(respectedMs >= SETTINGS.lockTimeMs * (1 - driftRate) - deliveryMarginMs, `${respectedMs} ms`);
        for (const machine of others) await machine.stop();
      });
    }
  }
});

describe('a lease that is heard of late', () => {
  it('is not respected for a whole lock time from then on, once the clocks are known to be right', async () => {
    const cluster = new Cluster();
    // Renewed every 30 s: clocks are measured every 10 s.
    const lockTimeMs = 2 * SETTINGS.lockTimeMs;
    const [holder] = cluster.add(1, { validates: true, settings: { lockTimeMs } });
    const [relay, late] = cluster.add(2);
    assert(holder?.validator !== undefined && relay !== undefined && late !== undefined);
    holder.validator.durationMs = 10_000_000;
    // Between these two, clocks are measured and no gossip arrives.
    cluster.hub.setFaults(holder.id, late.id, { lossPermille: 1_000, repeatPermille: 0, delayMsMin: 1, delayMsMax: 1 });
    cluster.partition([[relay], [late]], true);
    await cluster.start();
    await cluster.clock.advance(1_000);
    await holder.dropWitness(KEY);
    await cluster.until(() => relay.record(KEY).lease?.renewals === 1, 40_000);
    await cluster.clock.advance(15_000);
    cluster.partition([[relay], [late]], false);
    await cluster.until(() => late.record(KEY).lease !== undefined, 5_000);
    const seenAtMs = cluster.clock.monotonicMs();
    cluster.partition([[relay], [late]], true);
    await cluster.clock.advance(1.2 * MEASURE_PERIOD_MS);
    await holder.crash();
    await cluster.until(() => late.node.view(KEY).status === 'idle', 2 * lockTimeMs);
    assert.equal(late.record(KEY).lease?.renewals, 1);
    const respectedMs = cluster.clock.monotonicMs() - seenAtMs;
    assert(respectedMs < 0.9 * lockTimeMs, `${respectedMs} ms`);
    await relay.stop();
    await late.stop();
  });
});

describe('the step between candidates', () => {
  it('follows the delivery times between live members when the configuration leaves it open', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3, { validates: true, settings: { rankStepMs: undefined } });
    const [first] = machines;
    assert(first !== undefined);
    for (const [at, a] of machines.entries()) {
      for (const b of machines.slice(at + 1)) {
        cluster.hub.setFaults(a.id, b.id, { lossPermille: 0, repeatPermille: 0, delayMsMin: 80, delayMsMax: 80 });
      }
    }
    await cluster.start();
    assert.equal(first.node.rankStep.currentMs(), RANK_STEP_MS_UNMEASURED);
    await cluster.clock.advance(30_000);
    const stepMs = first.node.rankStep.currentMs();
    // Twice 80 ms, and 25 ms; the clocks are read in whole milliseconds.
    assert(Math.abs(stepMs - 185) <= 2, `${stepMs} ms`);
    await cluster.stop();
  });
});
