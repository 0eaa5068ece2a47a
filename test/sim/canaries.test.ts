/** The simulator finds defects: each canary is caught. */

import assert from 'node:assert/strict';
import type { CanaryName } from '../../src/sim/canaries/canary.ts';
import { CANARY_NAMES } from '../../src/sim/canaries/canary.ts';
import { runSeed } from '../../src/sim/run-seed.ts';
import { ALL_FAULTS } from './options.ts';

/** Within which a canary has to be caught. */
const SEEDS_MAX = 200;

/** By which promise each is to be caught: one that it breaks, and no other. */
const BROKEN: Readonly<Record<CanaryName, readonly string[]>> = {
  'wall-clock-expiry': ['one-holder'],
  'publish-before-fsync': ['no-acknowledged-result-lost'],
  'lww-results': ['no-acknowledged-result-lost', 'disputes-kept'],
  'ignore-renewals': ['one-holder'],
  'stale-trailer': ['files-equal-records'],
  'no-reconcile': ['records-identical'],
  'reuse-epoch': ['epochs-fence'],
  'young-answers': ['age-not-below-the-true-one'],
};

describe('the simulator', () => {
  for (const canary of CANARY_NAMES) {
    it(`catches the canary ${canary}`, async () => {
      for (let seed = 1; seed <= SEEDS_MAX; seed++) {
        const { violations } = await runSeed(seed, { ...ALL_FAULTS, canary });
        if (violations.some(({ invariant }) => BROKEN[canary].includes(invariant))) return;
      }
      assert.fail(`not caught in ${SEEDS_MAX} seeds`);
    }).timeout(300_000);
  }
});
