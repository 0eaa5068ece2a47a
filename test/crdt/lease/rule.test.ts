import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LEASE_DURATION_MS_MAX } from '../../../crdt/lease/lease.ts';
import {
  checkLeaseDuration,
  HOLDER_TIME_MS_MIN,
  holderRemainingMs,
  leaseEndsAtWallMs,
  observerRemainingMs,
  type ClockBounds,
  type LeaseSighting,
} from '../../../crdt/lease/rule.ts';
import { holds } from '../../properties.ts';
import { plain, stampOf } from '../block/arbitraries.ts';

/** ρ = 1 %, so that drift shows in round numbers. */
const bounds: ClockBounds = { driftRate: 0.01, deliveryMarginMs: 1_000, skewBoundMs: 500 };

describe('the holder of a lease', () => {
  const table: readonly [durationMs: number, elapsedMs: number, remainingMs: number][] = [
    [30_000, 0, 28_700],
    [30_000, 10_000, 18_700],
    [30_000, 28_700, 0],
    [30_000, 28_701, -1],
    [60_000, 0, 58_400],
    [0, 0, -1_000],
  ];
  for (const [durationMs, elapsedMs, remainingMs] of table) {
    it(`has ${remainingMs} ms left of ${durationMs} after ${elapsedMs}`, () => {
      assert.equal(holderRemainingMs(durationMs, elapsedMs, bounds), remainingMs);
    });
  }
});

describe('an observer of a lease', () => {
  const seen: LeaseSighting = {
    durationMs: 30_000,
    elapsedSinceSightMs: 0,
    endsAtWallMs: 1_030_000,
    nowWallMs: 1_000_000,
    clocksWithinBound: true,
  };
  const table: readonly [when: string, Partial<LeaseSighting>, remainingMs: number][] = [
    ['just seen: L(1 + ρ) + m on its monotonic clock', {}, 31_300],
    ['seen 10 s ago', { elapsedSinceSightMs: 10_000, nowWallMs: 1_010_000 }, 21_300],
    ['seen L(1 + ρ) + m ago', { elapsedSinceSightMs: 31_300, nowWallMs: 1_031_300 }, 0],
    ['seen late: until E + ρL + m after its end on the wall clock', { nowWallMs: 1_020_000 }, 11_800],
    ['seen after its end', { nowWallMs: 1_040_000 }, -8_200],
    ['seen late, clocks outside the bound', { nowWallMs: 1_020_000, clocksWithinBound: false }, 31_300],
    ['stamped ahead: never longer than L(1 + ρ) + m after first sight', { endsAtWallMs: 1_090_000 }, 31_300],
  ];
  for (const [when, parts, remainingMs] of table) {
    it(`respects it for ${remainingMs} ms when ${when}`, () => {
      assert.equal(observerRemainingMs({ ...seen, ...parts }, bounds), remainingMs);
    });
  }

  it('does not look at wall clocks that are outside the bound, whatever steps they make', () => {
    holds(
      fc.property(fc.integer(), fc.integer(), fc.nat(60_000), (nowWallMs, endsAtWallMs, elapsedSinceSightMs) => {
        const sighting = { ...seen, elapsedSinceSightMs, clocksWithinBound: false };
        assert.equal(
          observerRemainingMs({ ...sighting, nowWallMs, endsAtWallMs }, bounds),
          observerRemainingMs(sighting, bounds),
        );
      }),
    );
  });

  it('counts the renewals of the holder, stretched by the drift between its two clocks', () => {
    const lease = { stamp: stampOf(1_000_000), durationMs: 30_000, renewedAfterMs: 0 };
    assert.equal(leaseEndsAtWallMs(lease, bounds), 1_030_000);
    assert.equal(Math.round(leaseEndsAtWallMs({ ...lease, renewedAfterMs: 99_000 }, bounds)), 1_131_000);
  });
});

/** A clock of a machine: at true time 0 it shows `startMs`, runs at `rate` and steps once. All in milliseconds. */
interface SimulatedClock {
  readonly startMs: number;
  readonly rate: number;
  readonly stepAtMs: number;
  readonly stepMs: number;
}

function readingAt(clock: SimulatedClock, trueMs: number): number {
  return clock.startMs + clock.rate * trueMs + (trueMs >= clock.stepAtMs ? clock.stepMs : 0);
}

/** One lease in true time: claimed at 0, renewed once, seen later by an observer. All times in milliseconds. */
interface Course {
  readonly bounds: ClockBounds;
  readonly durationMs: number;
  readonly renewedAtMs: number;
  readonly deliveryMs: number;
  readonly noticeMs: number;
  readonly stampAheadMs: number;
  readonly holderRate: number;
  readonly observerRate: number;
  readonly holderWall: SimulatedClock;
  readonly observerWall: SimulatedClock;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** −1 to 1, its ends often: the worst courses are made of extremes. */
const signedShare = fc.oneof(fc.constantFrom(-1, 0, 1), fc.double({ min: -1, max: 1, noNaN: true }));
const arbitraryBounds = plain<ClockBounds>({
  driftRate: fc.constantFrom(0, 0.0002, 0.001, 0.05),
  deliveryMarginMs: fc.integer({ min: 2, max: 2_000 }),
  skewBoundMs: fc.integer({ min: 0, max: 2_000 }),
});

const arbitraryCourse: fc.Arbitrary<Course> = fc
  .record({
    bounds: arbitraryBounds,
    beyondLeastMs: fc.integer({ min: 0, max: 120_000 }),
    renewedAtMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_600_000 })),
    delivery: fc.oneof(fc.constantFrom(0, 1), share),
    notice: fc.oneof(fc.constantFrom(0, 1), share),
    stampAhead: fc.oneof(fc.constant(0), share),
    rates: fc.tuple(signedShare, signedShare, signedShare, signedShare),
    offset: signedShare,
    epochMs: fc.constantFrom(1_000_000, 1_000_000.9),
    stepSide: fc.constantFrom('none', 'holder', 'observer'),
    stepAt: share,
    step: signedShare,
  })
  .map((drawn) => {
    const { driftRate, deliveryMarginMs, skewBoundMs } = drawn.bounds;
    const [holder, observer, holderWall, observerWall] = drawn.rates;
    const leastMs = Math.ceil((HOLDER_TIME_MS_MIN + deliveryMarginMs) / (1 - driftRate));
    const durationMs = leastMs + drawn.beyondLeastMs;
    const stepAtMs = 1 + drawn.stepAt * (drawn.renewedAtMs + durationMs);
    const stepOf = (side: string): number => (drawn.stepSide === side ? drawn.step * 2 * skewBoundMs : 0);
    return {
      bounds: drawn.bounds,
      durationMs,
      renewedAtMs: drawn.renewedAtMs,
      deliveryMs: drawn.delivery * deliveryMarginMs,
      noticeMs: drawn.notice * deliveryMarginMs,
      stampAheadMs: Math.floor(drawn.stampAhead * skewBoundMs),
      holderRate: 1 + driftRate * holder,
      observerRate: 1 + driftRate * observer,
      holderWall: { startMs: drawn.epochMs, rate: 1 + driftRate * holderWall, stepAtMs, stepMs: stepOf('holder') },
      observerWall: {
        startMs: drawn.epochMs + drawn.offset * skewBoundMs,
        rate: 1 + driftRate * observerWall,
        stepAtMs,
        stepMs: stepOf('observer'),
      },
    };
  });

/** When the holder of the renewed lease has stopped, in true time: its clock says so, and it has noticed. */
function holderStoppedAtMs(course: Course): number {
  const remainingMs = holderRemainingMs(course.durationMs, 0, course.bounds);
  return course.renewedAtMs + remainingMs / course.holderRate + course.noticeMs;
}

/** How far apart the two wall clocks are at a true time. */
function offsetAt({ holderWall, observerWall }: Course, trueMs: number): number {
  return Math.abs(readingAt(observerWall, trueMs) - readingAt(holderWall, trueMs));
}

/** What the observer makes of the renewed lease at a true time, by the given reading of its wall clock. */
function respectedBy(course: Course, trueMs: number, nowWallMs: number, clocksWithinBound: boolean): number {
  const stamp = stampOf(Math.floor(readingAt(course.holderWall, 0)) + course.stampAheadMs);
  const renewedAfterMs = Math.floor(course.renewedAtMs * course.holderRate);
  return observerRemainingMs(
    {
      durationMs: course.durationMs,
      elapsedSinceSightMs: (trueMs - course.renewedAtMs - course.deliveryMs) * course.observerRate,
      endsAtWallMs: leaseEndsAtWallMs({ stamp, durationMs: course.durationMs, renewedAfterMs }, course.bounds),
      nowWallMs,
      clocksWithinBound,
    },
    course.bounds,
  );
}

/** The same by the wall clock at that time, which counts while it is within the bound. */
function respectedAt(course: Course, trueMs: number): number {
  const withinBound = offsetAt(course, trueMs) <= course.bounds.skewBoundMs;
  return respectedBy(course, trueMs, readingAt(course.observerWall, trueMs), withinBound);
}

/** Doubles of up to 4 · 10^6 ms, a few operations each. */
const ROUNDING_MS = 1e-6;

describe('the two sides of a lease', () => {
  it('agree: while its holder may act, no observer takes it for expired, on whatever clocks', () => {
    holds(
      fc.property(arbitraryCourse, fc.oneof(fc.constant(1), share), (course, at) => {
        const seenAtMs = course.renewedAtMs + course.deliveryMs;
        const stoppedAtMs = holderStoppedAtMs(course);
        fc.pre(seenAtMs <= stoppedAtMs);
        const trueMs = seenAtMs + at * (stoppedAtMs - seenAtMs);
        assert.ok(respectedAt(course, trueMs) >= -ROUNDING_MS);
      }),
    );
  });

  it('agree whatever steps nobody has noticed yet, when a reading is carried on by the monotonic clock', () => {
    holds(
      fc.property(arbitraryCourse, (course) => {
        const readAtMs = course.renewedAtMs + course.deliveryMs;
        const stoppedAtMs = holderStoppedAtMs(course);
        fc.pre(readAtMs <= stoppedAtMs && offsetAt(course, readAtMs) <= course.bounds.skewBoundMs);
        const carriedMs = readingAt(course.observerWall, readAtMs) + (stoppedAtMs - readAtMs) * course.observerRate;
        assert.ok(respectedBy(course, stoppedAtMs, carriedMs, true) >= -ROUNDING_MS);
      }),
    );
  });

  it('agree on renewals: the last one is sent, and delivered, before an observer lets go of the claim', () => {
    holds(
      fc.property(arbitraryCourse, (course) => {
        const claimed = { ...course, renewedAtMs: 0, noticeMs: 0 };
        const lastRenewalSeenAtMs = holderStoppedAtMs(claimed) + course.bounds.deliveryMarginMs;
        assert.ok(respectedAt(claimed, lastRenewalSeenAtMs) >= -ROUNDING_MS);
      }),
    );
  });

  it('an observer lets go in the end: L(1 + ρ) + m after first sight on its own clock, if not before', () => {
    holds(
      fc.property(arbitraryCourse, (course) => {
        const { driftRate, deliveryMarginMs } = course.bounds;
        const waitMs = (course.durationMs * (1 + driftRate) + deliveryMarginMs) / course.observerRate;
        assert.ok(respectedAt(course, course.renewedAtMs + course.deliveryMs + waitMs) <= ROUNDING_MS);
      }),
    );
  });

  it('a stamp that was rounded down does not end a lease before a holder that is slow to notice has stopped', () => {
    const wall = { startMs: 1_000_000.9, rate: 1, stepAtMs: 0, stepMs: 0 };
    const course: Course = {
      bounds: { driftRate: 0, deliveryMarginMs: 2, skewBoundMs: 0 },
      durationMs: 102,
      renewedAtMs: 0,
      deliveryMs: 0,
      noticeMs: 2,
      stampAheadMs: 0,
      holderRate: 1,
      observerRate: 1,
      holderWall: wall,
      observerWall: wall,
    };
    assert.ok(respectedAt(course, holderStoppedAtMs(course)) > 0);
  });

  it('a holder that renewed for an hour on a clock 200 ppm slow is respected by a wall clock 200 ppm fast', () => {
    const tight: ClockBounds = { driftRate: 0.0002, deliveryMarginMs: 200, skewBoundMs: 50 };
    const wall = { startMs: 1_000_000, rate: 1.0002, stepAtMs: 0, stepMs: 0 };
    const course: Course = {
      bounds: tight,
      durationMs: 30_000,
      renewedAtMs: 3_600_000,
      deliveryMs: 10,
      noticeMs: 0,
      stampAheadMs: 0,
      holderRate: 0.9998,
      observerRate: 1,
      holderWall: wall,
      observerWall: wall,
    };
    assert.ok(respectedAt(course, holderStoppedAtMs(course)) > 0);
  });
});

describe('the duration of a lease', () => {
  const leastMs = 1_112;

  it(`is taken from ${leastMs} ms on, where the holder has ${HOLDER_TIME_MS_MIN} ms to act, and refused below`, () => {
    assert.doesNotThrow(() => checkLeaseDuration(leastMs, bounds, '--lock-time'));
    assert.ok(holderRemainingMs(leastMs, 0, bounds) >= HOLDER_TIME_MS_MIN);
    assert.throws(() => checkLeaseDuration(leastMs - 1, bounds, '--lock-time'), {
      code: 'ERR_LOCK_TIME',
      argument: '--lock-time',
      expected: '1112 to 86400000 ms (delivery margin 1000 ms, drift 0.01)',
      found: '1111 ms',
    });
    assert.ok(holderRemainingMs(leastMs - 1, 0, bounds) < HOLDER_TIME_MS_MIN);
  });

  it('is taken up to a day, which is what decoders take, and refused beyond', () => {
    assert.doesNotThrow(() => checkLeaseDuration(LEASE_DURATION_MS_MAX, bounds, '--lock-time'));
    assert.throws(() => checkLeaseDuration(LEASE_DURATION_MS_MAX + 1, bounds, '--lock-time'), {
      code: 'ERR_LOCK_TIME',
    });
  });

  it('is taken exactly when it leaves the holder its time', () => {
    holds(
      fc.property(arbitraryBounds, fc.nat(5_000), (some, durationMs) => {
        const leftMs = holderRemainingMs(durationMs, 0, some);
        const check = (): void => checkLeaseDuration(durationMs, some, 'duration');
        if (leftMs >= HOLDER_TIME_MS_MIN + ROUNDING_MS) check();
        if (leftMs <= HOLDER_TIME_MS_MIN - ROUNDING_MS) assert.throws(check, { code: 'ERR_LOCK_TIME' });
      }),
    );
  });
});
