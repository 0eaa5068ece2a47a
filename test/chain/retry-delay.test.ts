import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RETRY_DELAY_MS_MAX, retryDelayMs } from '../../src/chain/retry-delay.ts';
import { holds } from '../properties.ts';

const least = (): number => 0;
const most = (below: number): number => below - 1;

describe('the delay before another try', () => {
  for (const [failedTries, leastMs, mostMs] of [
    [1, 125, 250],
    [2, 250, 500],
    [3, 500, 1_000],
    [6, 4_000, 8_000],
    [7, 4_000, 8_000],
    [2_000, 4_000, 8_000],
  ] as const) {
    it(`lies between ${leastMs} and ${mostMs} ms after ${failedTries} failed`, () => {
      assert.equal(retryDelayMs(failedTries, least), leastMs);
      assert.equal(retryDelayMs(failedTries, most), mostMs);
    });
  }

  it('is a whole number of milliseconds within the bound, whatever chance says', () => {
    holds(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(), (failedTries, chance) => {
        const delayMs = retryDelayMs(failedTries, (below) => chance % below);
        assert.ok(Number.isInteger(delayMs) && delayMs > 0 && delayMs <= RETRY_DELAY_MS_MAX);
      }),
    );
  });
});
