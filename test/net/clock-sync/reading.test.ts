import assert from 'node:assert/strict';
import fc from 'fast-check';
import { APART_MS_MAX, readClocks, stepBetween, STEP_MS_MIN } from '../../../net/clock-sync/reading.ts';
import { holds } from '../../properties.ts';
import { arbitraryMachine, DRIFT_RATE, readingAt } from './drifting-machine.ts';

const reading = (monotonicMs: number, wallMs: number, apartMs = 0) => ({ monotonicMs, wallMs, apartMs });

describe('two readings of one machine', () => {
  const before = reading(0, 1_000_000);
  it('show a step that drift and reading cannot explain, and how large it was', () => {
    const driftMs = Math.floor((10_000 * 2 * DRIFT_RATE) / (1 - DRIFT_RATE));
    const explainedMs = STEP_MS_MIN + driftMs;
    const table = [
      [0, 0],
      [explainedMs, 0],
      [explainedMs + 1, explainedMs + 1],
      [60_000, 60_000],
    ] as const;
    for (const sign of [1, -1]) {
      for (const [gainedMs, stepMs] of table) {
        const after = reading(10_000, 1_010_000 + sign * gainedMs);
        assert.equal(stepBetween(before, after, DRIFT_RATE) + 0, stepMs === 0 ? 0 : sign * stepMs);
      }
    }
  });

  it('show no step where the process stood still between reading the one clock and the other', () => {
    assert.equal(stepBetween(before, reading(10_000, 1_010_100, 100), DRIFT_RATE), 0);
    assert.notEqual(stepBetween(before, reading(10_000, 1_010_200, 100), DRIFT_RATE), 0);
  });

  it('show none without a step, however the clocks drift within ρ', () => {
    holds(
      fc.property(arbitraryMachine, fc.nat(1e9), fc.nat(1e9), (machine, fromMs, forMs) => {
        assert.equal(stepBetween(readingAt(machine, fromMs), readingAt(machine, fromMs + forMs), DRIFT_RATE), 0);
      }),
    );
  });
});

/** Clocks between whose readings the process stalls for `stallsMs`, one after the other. */
function stalling(stallsMs: readonly number[]): { wallMs: () => number; monotonicMs: () => number } {
  let nowMs = 0;
  const stalls = [...stallsMs];
  const wallMs = (): number => (nowMs += stalls.shift() ?? 0);
  return { wallMs, monotonicMs: () => nowMs };
}

describe('reading both clocks', () => {
  it('is tried again after a stall, and gives the closest of three when there is no end to them', () => {
    assert.equal(readClocks(stalling([50, 0])).apartMs, 0);
    assert.equal(readClocks(stalling([50, 30, 20, 0])).apartMs, 20);
    assert.deepEqual(readClocks(stalling([APART_MS_MAX, 0])), reading(0, APART_MS_MAX, APART_MS_MAX));
  });
});
