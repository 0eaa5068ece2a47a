import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  coversStamp,
  refineEstimate,
  wallOffset,
  type ClockEstimate,
  type EstimateOutcome,
} from '../../../net/clock-sync/estimate.ts';
import { offsetOf, roundTripOf, type Exchange } from '../../../net/clock-sync/exchange.ts';
import { errorMs, middleMs } from '../../../net/clock-sync/interval.ts';
import { stampOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import {
  arbitraryMachine,
  arbitraryWay,
  DRIFT_RATE,
  exchangeAt,
  readingAt,
  wallAt,
  type DriftingMachine,
  type Way,
} from './drifting-machine.ts';

/** What doubles lose at 10^12 ms. */
const ROUNDING_MS = 0.001;

const OWN: DriftingMachine = { monotonicMs: 0, wallMs: 1_700_000_000_000, monotonicRate: 1, wallRate: 1 };
const AHEAD: DriftingMachine = { monotonicMs: 50_000, wallMs: 1_700_000_000_300, monotonicRate: 1, wallRate: 1 };
const EVEN: Way = { thereMs: 10, servingMs: 1, backMs: 10 };

/** Refines over `exchanges`; the last outcome and the estimate after it. */
function estimateOver(...exchanges: readonly Exchange[]): { estimate: ClockEstimate; outcome: EstimateOutcome } {
  let refined = refineEstimate(undefined, firstOf(exchanges), DRIFT_RATE);
  for (const exchange of exchanges.slice(1)) refined = refineEstimate(refined.estimate, exchange, DRIFT_RATE);
  const { estimate, outcome } = refined;
  assert.ok(estimate !== undefined);
  return { estimate, outcome };
}

function firstOf(exchanges: readonly Exchange[]): Exchange {
  const [first] = exchanges;
  assert.ok(first !== undefined);
  return first;
}

/** `machine` after its wall clock was stepped. */
function stepped(machine: DriftingMachine, stepMs: number): DriftingMachine {
  return { ...machine, wallMs: machine.wallMs + stepMs };
}

describe('an exchange of four timestamps', () => {
  const table: readonly [name: string, way: Way, minMs: number, maxMs: number][] = [
    ['even ways: the offset is in the middle', EVEN, 49_990, 50_010],
    ['all delay on the way there: it is at the lower end', { thereMs: 20, servingMs: 1, backMs: 0 }, 50_000, 50_020],
    ['all delay on the way back: at the upper end', { thereMs: 0, servingMs: 1, backMs: 20 }, 49_980, 50_000],
    ['the time of serving widens nothing', { thereMs: 10, servingMs: 500, backMs: 10 }, 49_990, 50_010],
    ['no delay: known exactly', { thereMs: 0, servingMs: 0, backMs: 0 }, 50_000, 50_000],
  ];
  for (const [name, way, minMs, maxMs] of table) {
    it(name, () => {
      const exchange = exchangeAt(OWN, AHEAD, 1_000, way);
      const offset = offsetOf(exchange, 0);
      assert.ok(offset !== undefined);
      assert.ok(Math.abs(offset.minMs - minMs) < 0.01 && Math.abs(offset.maxMs - maxMs) < 0.01);
      assert.ok(Math.abs(roundTripOf(exchange) - (way.thereMs + way.backMs)) < 0.01);
    });
  }

  it('says nothing when the peer kept the request for longer than the exchange took', () => {
    const exchange = exchangeAt(OWN, AHEAD, 1_000, EVEN);
    const answer = { ...exchange.answer, sentMs: exchange.answer.sentMs + 100 };
    assert.equal(offsetOf({ ...exchange, answer }, DRIFT_RATE), undefined);
    const { estimate } = estimateOver(exchange);
    const refined = refineEstimate(estimate, { ...exchange, answer }, DRIFT_RATE);
    assert.deepEqual(refined, { estimate, outcome: 'impossible' });
  });
});

describe('the estimate of a clock', () => {
  it('holds the true offset at any time, whatever the drift within ρ, the delays and the number of exchanges', () => {
    const arbitraryCourse = fc.array(fc.tuple(fc.nat(100_000), arbitraryWay), { minLength: 1, maxLength: 8 });
    holds(
      fc.property(
        arbitraryMachine,
        arbitraryMachine,
        arbitraryCourse,
        fc.nat(10_000_000),
        (own, peer, course, laterMs) => {
          let estimate: ClockEstimate | undefined;
          let nowMs = 0;
          const check = (trueMs: number): void => {
            assert.ok(estimate !== undefined);
            const { minMs, maxMs } = wallOffset(estimate, readingAt(own, trueMs), DRIFT_RATE);
            const offsetMs = wallAt(peer, trueMs) - wallAt(own, trueMs);
            assert.ok(
              minMs - ROUNDING_MS <= offsetMs && offsetMs <= maxMs + ROUNDING_MS,
              `${minMs} ${offsetMs} ${maxMs}`,
            );
          };
          for (const [pauseMs, way] of course) {
            nowMs += pauseMs;
            const refined = refineEstimate(estimate, exchangeAt(own, peer, nowMs, way), DRIFT_RATE);
            assert.equal(refined.outcome, estimate === undefined ? 'first' : 'refined');
            estimate = refined.estimate;
            nowMs += way.thereMs + way.servingMs + way.backMs;
            check(nowMs);
          }
          check(nowMs + laterMs);
        },
      ),
    );
  });

  it('is as narrow as the best of its exchanges, aged: a slow one after it widens nothing', () => {
    const quick = exchangeAt(OWN, AHEAD, 1_000, { thereMs: 1, servingMs: 0, backMs: 1 });
    const slow = exchangeAt(OWN, AHEAD, 2_000, { thereMs: 900, servingMs: 0, backMs: 100 });
    const { estimate, outcome } = estimateOver(quick, slow);
    assert.equal(outcome, 'refined');
    const offset = wallOffset(estimate, readingAt(OWN, 3_000), DRIFT_RATE);
    // 1 ms of the way, 1.1 ms for reading wall clocks, 2 s at 2ρ.
    assert.ok(errorMs(offset) > 6.1 && errorMs(offset) < 6.12, `${errorMs(offset)}`);
    assert.ok(Math.abs(middleMs(offset) - 300) < 1);
    assert.equal(estimate.roundTripMs, 1_000);
  });

  it('follows a step of our own wall clock at once, since it compares monotonic clocks', () => {
    const { estimate } = estimateOver(exchangeAt(OWN, AHEAD, 1_000, EVEN));
    for (const stepMs of [-5_000, 5_000]) {
      const offset = wallOffset(estimate, readingAt(stepped(OWN, stepMs), 1_100), DRIFT_RATE);
      assert.ok(Math.abs(middleMs(offset) - (300 - stepMs)) <= errorMs(offset));
    }
  });

  it('begins anew after a step of the peer, and holds the new offset, however wide the intervals', () => {
    const wide = { thereMs: 2_000, servingMs: 0, backMs: 2_000 };
    for (const stepMs of [-60_000, -100, 100, 60_000]) {
      const after = exchangeAt(OWN, stepped(AHEAD, stepMs), 10_000, wide);
      const { estimate, outcome } = estimateOver(exchangeAt(OWN, AHEAD, 1_000, wide), after);
      assert.equal(outcome, 'peer-stepped');
      const { minMs, maxMs } = wallOffset(estimate, readingAt(OWN, 14_000), DRIFT_RATE);
      assert.ok(minMs <= 300 + stepMs && 300 + stepMs <= maxMs);
    }
  });

  it('begins anew with another run of the peer, though the intervals agree', () => {
    const again = exchangeAt(OWN, AHEAD, 2_000, EVEN);
    const { outcome } = estimateOver(exchangeAt(OWN, AHEAD, 1_000, EVEN), {
      ...again,
      answer: { ...again.answer, run: again.answer.run + 1 },
    });
    assert.equal(outcome, 'peer-restarted');
  });

  it('begins anew when two exchanges cannot both be right, as when a machine was suspended', () => {
    // Both clocks of the peer stood still for a minute.
    const late = { ...AHEAD, monotonicMs: AHEAD.monotonicMs - 60_000, wallMs: AHEAD.wallMs - 60_000 };
    const { estimate, outcome } = estimateOver(
      exchangeAt(OWN, AHEAD, 1_000, EVEN),
      exchangeAt(OWN, late, 100_000, EVEN),
    );
    assert.equal(outcome, 'contradiction');
    const offset = wallOffset(estimate, readingAt(OWN, 100_100), DRIFT_RATE);
    assert.ok(Math.abs(middleMs(offset) + 59_700) <= errorMs(offset));
  });

  it('covers a stamp made after the peer was stepped last and before its latest answer, and no other', () => {
    const exchange = exchangeAt(OWN, AHEAD, 10_000, EVEN);
    const { estimate } = estimateOver({ ...exchange, answer: { ...exchange.answer, steadyForMs: 5_000 } });
    const { wallMs } = exchange.answer;
    // 5 s less what 2ρ and whole milliseconds take away.
    const table = [
      [wallMs, true],
      [wallMs + 1, false],
      [wallMs - 4_980, true],
      [wallMs - 5_000, false],
    ] as const;
    for (const [stampMs, isCovered] of table)
      assert.equal(coversStamp(estimate, stampOf(stampMs), exchange.sentAtMs), isCovered);
  });

  it('covers no stamp that was seen after the exchange was asked for: what it reads may come from after a step back', () => {
    const exchange = exchangeAt(OWN, AHEAD, 10_000, EVEN);
    const { estimate } = estimateOver(exchange);
    const stamp = stampOf(exchange.answer.wallMs);
    assert(coversStamp(estimate, stamp, exchange.sentAtMs));
    assert(!coversStamp(estimate, stamp, exchange.sentAtMs + 1));
  });
});
