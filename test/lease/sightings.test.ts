import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LeaseSightings } from '../../src/lease/sightings.ts';
import { KEY, leaseWith, nodeOf, stampOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

const BOUNDS = { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 };
/** Of a lease of 30 s, on the clock of one who respects it. */
const RESPECTED_MS = 30_000 * 1.0002 + 500;

function at(monotonicMs: number, wallMs = 0): { monotonicMs: number; wallMs: number } {
  return { monotonicMs, wallMs };
}

describe('the sighting of a lease', () => {
  it('begins when it is first seen, and seeing it again never prolongs it', () => {
    holds(
      fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1 }), (moments) => {
        const sightings = new LeaseSightings(BOUNDS, () => undefined);
        const sorted = moments.toSorted((a, b) => a - b);
        const [first = 0] = sorted;
        for (const moment of sorted) {
          const remainingMs = sightings.remainingMs(KEY, leaseWith({}), at(moment));
          assert(Math.abs(remainingMs - (RESPECTED_MS - (moment - first))) < 1e-6);
        }
      }),
    );
  });

  it('begins anew with a renewal, and an older state of the claim that arrives later changes nothing', () => {
    const sightings = new LeaseSightings(BOUNDS, () => undefined);
    sightings.remainingMs(KEY, leaseWith({}), at(0));
    const renewed = leaseWith({ renewals: 1, renewedAfterMs: 10_000 });
    assert.equal(sightings.remainingMs(KEY, renewed, at(10_000)), RESPECTED_MS);
    assert.equal(sightings.remainingMs(KEY, leaseWith({}), at(15_000)), RESPECTED_MS - 5_000);
    assert.equal(sightings.remainingMs(KEY, renewed, at(20_000)), RESPECTED_MS - 10_000);
  });

  it('begins anew with another claim: another epoch, stamp or holder', () => {
    for (const other of [{ epoch: 2 }, { stamp: stampOf(2_000) }, { holder: nodeOf(2) }]) {
      const sightings = new LeaseSightings(BOUNDS, () => undefined);
      sightings.remainingMs(KEY, leaseWith({}), at(0));
      assert.equal(sightings.remainingMs(KEY, leaseWith(other), at(20_000)), RESPECTED_MS);
    }
  });

  it('counts from the start of a node that has just started, whatever the stamp', () => {
    const sightings = new LeaseSightings(BOUNDS, () => undefined);
    const old = leaseWith({ stamp: stampOf(0) });
    assert.equal(sightings.remainingMs(KEY, old, at(1_000_000, 1_700_000_000_000)), RESPECTED_MS);
  });

  it('lets a wall clock end a lease earlier only while both clocks are known to be right, and never later', () => {
    const lease = leaseWith({ stamp: stampOf(1_000_000) });
    const wallMs = 1_000_000 + RESPECTED_MS + BOUNDS.skewBoundMs;
    for (const [reading, remainingMs] of [
      [at(0, wallMs), 0],
      [undefined, RESPECTED_MS],
    ] as const) {
      const sightings = new LeaseSightings(BOUNDS, () => reading);
      assert.equal(sightings.remainingMs(KEY, lease, at(0, wallMs)), remainingMs);
    }
    const sightings = new LeaseSightings(BOUNDS, () => at(0, 0));
    assert.equal(sightings.remainingMs(KEY, lease, at(0, 0)), RESPECTED_MS);
  });

  it('keeps one reading of the wall clock: a step on either side after it neither ends nor prolongs a lease', () => {
    const lease = leaseWith({ stamp: stampOf(1_000_000) });
    const wallEndsMs = 1_000_000 + RESPECTED_MS + BOUNDS.skewBoundMs;
    for (const stepMs of [-60_000, -400, 400, 60_000]) {
      // Read 10 s before its end by the wall clock; whatever it shows later, and is known later, is not asked.
      let reading: { monotonicMs: number; wallMs: number } | undefined = at(5_000, wallEndsMs - 10_000);
      const sightings = new LeaseSightings(BOUNDS, () => reading);
      const remainingMs = sightings.remainingMs(KEY, lease, at(5_000, wallEndsMs - 10_000));
      assert.equal(remainingMs, 10_000);
      for (const later of [undefined, at(6_000, wallEndsMs - 9_000 + stepMs)]) {
        reading = later;
        assert.equal(sightings.remainingMs(KEY, lease, at(6_000, wallEndsMs - 9_000 + stepMs)), 9_000);
      }
    }
  });

  it('takes the wall clock into account as soon as there is a reading, and for renewals of the claim too', () => {
    const lease = leaseWith({ stamp: stampOf(1_000_000) });
    const wallEndsMs = 1_000_000 + RESPECTED_MS + BOUNDS.skewBoundMs;
    let reading: { monotonicMs: number; wallMs: number } | undefined;
    const sightings = new LeaseSightings(BOUNDS, () => reading);
    assert.equal(sightings.remainingMs(KEY, lease, at(0, wallEndsMs - 10_000)), RESPECTED_MS);
    reading = at(1_000, wallEndsMs - 9_000);
    assert.equal(sightings.remainingMs(KEY, lease, at(1_000)), 9_000);
    reading = undefined;
    const renewed = leaseWith({ stamp: stampOf(1_000_000), renewals: 1, renewedAfterMs: 5_000 });
    const renewedMs = (5_000 * (1 + BOUNDS.driftRate)) / (1 - BOUNDS.driftRate);
    assert(Math.abs(sightings.remainingMs(KEY, renewed, at(1_000)) - (9_000 + renewedMs)) < 1e-6);
    const other = leaseWith({ stamp: stampOf(1_000_001) });
    assert.equal(
      sightings.remainingMs(KEY, other, at(1_000)),
      RESPECTED_MS,
      'another claim needs a reading of its own',
    );
  });

  it('ends with a release, and is gone once it is forgotten', () => {
    const sightings = new LeaseSightings(BOUNDS, () => undefined);
    assert(sightings.isLive(KEY, leaseWith({}), at(0)));
    assert(!sightings.isLive(KEY, leaseWith({ released: true, renewals: 1 }), at(0)));
    assert(!sightings.isLive(KEY, leaseWith({}), at(RESPECTED_MS)));
    assert.equal(sightings.size, 1);
    sightings.forget(KEY);
    assert.equal(sightings.size, 0);
  });
});
