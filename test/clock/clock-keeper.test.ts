import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Lease } from '../../crdt/lease/lease.ts';
import { errorMs, middleMs } from '../../net/clock-sync/interval.ts';
import { COMPARED_MS_MAX, MEASURE_PERIOD_MS } from '../../src/clock/clock-keeper.ts';
import { leaseWith, stampOf } from '../crdt/block/arbitraries.ts';
import { holdsAsync } from '../properties.ts';
import { BOUNDS, Keepers, type KeptClock } from './keepers.ts';

/** `holder`'s claim, stamped by its clock now. */
function claimOf(holder: KeptClock): Lease {
  return leaseWith({ holder: holder.node, stamp: stampOf(holder.clock.wallMs()) });
}

function standings({ events }: KeptClock): string[] {
  return events.flatMap((event) => (event.type === 'clock-standing' ? [event.standing] : []));
}

describe('measuring the clocks of peers', () => {
  it('finds each offset within its bound, and its own against the majority, however uneven the delays', () =>
    holdsAsync(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 2, maxLength: 5 }),
        fc.nat(300),
        fc.nat(300),
        fc.nat(300),
        fc.nat(),
        async (offsetsMs, delayMs, jitterMs, unevenMs, seed) => {
          const keepers = new Keepers(offsetsMs, seed);
          keepers.delay(delayMs, delayMs + jitterMs, unevenMs);
          await keepers.start();
          await keepers.time.advance(2 * MEASURE_PERIOD_MS);
          const sorted = offsetsMs.toSorted((a, b) => a - b);
          const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
          for (const [at, { keeper }] of keepers.all.entries()) {
            const ownMs = offsetsMs[at] ?? NaN;
            for (const [peerAt, peer] of keepers.all.entries()) {
              if (peerAt === at) continue;
              const found = keeper.offsetOf(peer.node);
              assert(found !== undefined);
              const trueMs = (offsetsMs[peerAt] ?? NaN) - ownMs;
              assert(found.offset.minMs <= trueMs && trueMs <= found.offset.maxMs);
              assert(
                errorMs(found.offset) <= delayMs + jitterMs + unevenMs / 2 + 11,
                'no wider than the way and 20 s of drift',
              );
            }
            assert(keeper.own !== undefined && keeper.own.clocks === offsetsMs.length);
            const { minMs, maxMs } = keeper.own.offset;
            assert(minMs <= ownMs - high && ownMs - low <= maxMs);
          }
          await keepers.stop();
        },
      ),
    )).timeout(60_000);

  it('begins when a peer is connected, and is repeated once a period', async () => {
    const keepers = new Keepers([0, 0]);
    const [one, other] = [keepers.at(0), keepers.at(1)];
    await keepers.start([one]);
    await keepers.time.advance(60_000);
    assert.deepEqual(one.measured, []);
    await keepers.start([other]);
    await keepers.time.advance(100);
    assert.equal(one.measured.length, 1);
    await keepers.time.advance(10 * MEASURE_PERIOD_MS);
    assert(one.measured.length >= 8 && one.measured.length <= 11, `${one.measured.length} in ten periods`);
    await keepers.stop();
  });

  it('is tried again when a peer does not answer, and claims are not held back for longer than one try', async () => {
    const keepers = new Keepers([0, 0]);
    const [one, other] = [keepers.at(0), keepers.at(1)];
    keepers.delay(20_000, 20_000);
    await keepers.start();
    assert(!one.keeper.mayClaim());
    await keepers.time.advance(5_000);
    assert(one.keeper.mayClaim());
    assert.deepEqual(
      one.events.map(({ type }) => type),
      ['clock-exchange-failed'],
    );
    keepers.delay(0, 0);
    await keepers.time.advance(5_000);
    assert(one.keeper.offsetOf(other.node) !== undefined);
    await keepers.stop();
  });

  it('keeps what it knows of a peer that is gone, ever less exactly, and leaves it out of the majority', async () => {
    const keepers = new Keepers([0, 300]);
    const [one, other] = [keepers.at(0), keepers.at(1)];
    await keepers.start();
    await keepers.time.advance(1_000);
    keepers.hub.cut(one.node, other.node);
    await keepers.time.advance(COMPARED_MS_MAX + 1_000);
    const found = one.keeper.offsetOf(other.node);
    assert(found !== undefined && Math.abs(middleMs(found.offset) - 300) < 1);
    assert(errorMs(found.offset) > COMPARED_MS_MAX * 2 * BOUNDS.driftRate);
    assert.equal(one.keeper.own, undefined);
    await keepers.stop();
  });

  it('notices that a peer has stepped, and has its new offset', async () => {
    const keepers = new Keepers([0, 0]);
    const [one, other] = [keepers.at(0), keepers.at(1)];
    await keepers.start();
    await keepers.time.advance(1_000);
    other.clock.stepWall(-3_000);
    await keepers.time.advance(2 * MEASURE_PERIOD_MS);
    const changes = one.events.filter((event) => event.type === 'peer-clock-changed');
    assert.deepEqual(
      changes.map(({ reason }) => reason),
      ['peer-stepped'],
    );
    assert(Math.abs(middleMs(one.keeper.offsetOf(other.node)?.offset ?? { minMs: 0, maxMs: 0 }) + 3_000) < 2);
    await keepers.stop();
  });
});

describe('a node whose clock is outside the bound', () => {
  it('may not claim, says so once, and may claim again when it has come well within', async () => {
    const keepers = new Keepers([0, 0, 0]);
    const ahead = keepers.at(2);
    await keepers.start();
    await keepers.time.advance(1_000);
    assert(ahead.keeper.mayClaim());
    ahead.clock.stepWall(510);
    assert(!ahead.keeper.mayClaim(), 'a step holds claims back until it is measured');
    await keepers.time.advance(1_000);
    assert.equal(ahead.keeper.standing, 'outside');
    assert(!ahead.keeper.mayClaim());
    // Within the bound, but not by a tenth of it.
    ahead.clock.stepWall(-40);
    await keepers.time.advance(60_000);
    assert(!ahead.keeper.mayClaim());
    assert.deepEqual(standings(ahead), ['outside']);
    ahead.clock.stepWall(-40);
    await keepers.time.advance(1_000);
    assert(ahead.keeper.mayClaim());
    assert.deepEqual(standings(ahead), ['outside', 'within']);
    assert.equal(ahead.announced, 2);
    assert.deepEqual(keepers.all.slice(0, 2).flatMap(standings), [], 'the others are the majority');
    await keepers.stop();
  });

  it('is nobody of two that differ: neither knows who is wrong', async () => {
    const keepers = new Keepers([0, 60_000]);
    await keepers.start();
    await keepers.time.advance(1_000);
    for (const { keeper } of keepers.all) assert(keeper.mayClaim() && keeper.standing === 'unknown');
    await keepers.stop();
  });

  it('may claim when it has lost all others: a partition stops nobody', async () => {
    const keepers = new Keepers([0, 0, 60_000]);
    const ahead = keepers.at(2);
    await keepers.start();
    await keepers.time.advance(1_000);
    assert(!ahead.keeper.mayClaim());
    for (const { node } of keepers.all.slice(0, 2)) keepers.hub.cut(node, ahead.node);
    await keepers.time.advance(COMPARED_MS_MAX + 2_000);
    assert(ahead.keeper.mayClaim());
    assert.deepEqual(standings(ahead), ['outside', 'unknown']);
    await keepers.stop();
  });
});

/** Two nodes that have measured each other. */
async function pair(offsetMs: number): Promise<{ keepers: Keepers; own: KeptClock; holder: KeptClock }> {
  const keepers = new Keepers([0, offsetMs]);
  await keepers.start();
  await keepers.time.advance(1_000);
  return { keepers, own: keepers.at(0), holder: keepers.at(1) };
}

describe('our clocks, for comparison with the stamp of a lease', () => {
  it('are given once the holder has answered after it stamped, and not before', async () => {
    const { keepers, own, holder } = await pair(300);
    const lease = claimOf(holder);
    const seenAtMs = own.clock.monotonicMs();
    assert.equal(own.keeper.readingFor(lease, seenAtMs), undefined);
    await keepers.time.advance(2 * MEASURE_PERIOD_MS);
    assert.equal(own.keeper.readingFor(lease, seenAtMs)?.wallMs, own.clock.wallMs());
    await keepers.stop();
  });

  it('are not given while the two are further apart than the bound', async () => {
    for (const offsetMs of [-510, 510]) {
      const { keepers, own, holder } = await pair(offsetMs);
      const lease = claimOf(holder);
      const seenAtMs = own.clock.monotonicMs();
      await keepers.time.advance(2 * MEASURE_PERIOD_MS);
      assert.equal(own.keeper.readingFor(lease, seenAtMs), undefined);
      await keepers.stop();
    }
  });

  it('are never given for a lease that was stamped before the holder stepped forward', async () => {
    const { keepers, own, holder } = await pair(0);
    const lease = claimOf(holder);
    const seenAtMs = own.clock.monotonicMs();
    holder.clock.stepWall(400);
    await keepers.time.advance(4 * MEASURE_PERIOD_MS);
    assert.equal(own.keeper.readingFor(lease, seenAtMs), undefined);
    await keepers.stop();
  });

  it('are never given for a lease stamped after a step back to a time that the holder has already answered for', async () => {
    const { keepers, own, holder } = await pair(0);
    await keepers.time.advance(2 * MEASURE_PERIOD_MS);
    holder.clock.stepWall(-MEASURE_PERIOD_MS);
    const lease = claimOf(holder);
    assert.equal(own.keeper.readingFor(lease, own.clock.monotonicMs()), undefined);
    await keepers.stop();
  });

  it('are not given after a step of our own that nobody has looked for yet', async () => {
    const { keepers, own, holder } = await pair(0);
    const lease = claimOf(holder);
    const seenAtMs = own.clock.monotonicMs();
    await keepers.time.advance(2 * MEASURE_PERIOD_MS);
    own.clock.stepWall(400);
    assert.equal(own.keeper.readingFor(lease, seenAtMs), undefined);
    assert.deepEqual(own.events, [{ type: 'clock-stepped', stepMs: 400 }]);
    await keepers.stop();
  });

  it('are not given for a peer that was never measured', async () => {
    const { keepers, own } = await pair(0);
    assert.equal(own.keeper.readingFor(claimOf(own), own.clock.monotonicMs()), undefined);
    await keepers.stop();
  });
});
