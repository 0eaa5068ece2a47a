/** The promises, under the simulator: fixed seeds that are the same in every run, and fresh ones. */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { FAULT_NAMES } from '../../src/sim/faults/fault.ts';
import { SIM_SEED_MAX, type SimOptions } from '../../src/sim/options.ts';
import { failureText } from '../../src/sim/report.ts';
import { runSeed } from '../../src/sim/run-seed.ts';
import { ALL_FAULTS } from './options.ts';

/** About a minute: a seed takes a second of one core. */
const FIXED_SEEDS = 60;
/** About half a minute. `DRIFTLOCK_SIM_SEEDS` runs more. */
const FRESH_SEEDS = Number(process.env['DRIFTLOCK_SIM_SEEDS'] ?? 30);
/** Seeds that found a defect once: more validations at once than allowed, when a clock came back within its bound. */
const FOUND_SEEDS = [5_042];
/** Seeds in one test. */
const GROUP = 10;
const GROUP_MS_MAX = 300_000;

async function assertHolds(seed: number, options: SimOptions): Promise<void> {
  const report = await runSeed(seed, options);
  assert.ok(report.violations.length === 0, `\n${failureText(report, options)}`);
}

describe('under the simulator every promise holds', () => {
  for (let first = 1; first <= FIXED_SEEDS; first += GROUP) {
    it(`with all faults together, in the seeds ${first} to ${first + GROUP - 1}`, async () => {
      for (let seed = first; seed < first + GROUP; seed++) await assertHolds(seed, ALL_FAULTS);
    }).timeout(GROUP_MS_MAX);
  }

  it('in the seeds that found a defect before', async () => {
    for (const seed of FOUND_SEEDS) await assertHolds(seed, ALL_FAULTS);
  }).timeout(GROUP_MS_MAX);

  it('without any fault', async () => {
    for (let seed = 1; seed <= 3; seed++) await assertHolds(seed, { ...ALL_FAULTS, faults: [] });
  }).timeout(GROUP_MS_MAX);

  for (const fault of FAULT_NAMES) {
    it(`with ${fault} alone`, async () => {
      for (let seed = 1; seed <= 2; seed++) await assertHolds(seed, { ...ALL_FAULTS, faults: [fault] });
    }).timeout(GROUP_MS_MAX);
  }

  const fresh = Array.from({ length: FRESH_SEEDS }, () => randomInt(1, SIM_SEED_MAX));
  it(`in ${FRESH_SEEDS} fresh seeds: ${fresh.join(' ')}`, async () => {
    for (const seed of fresh) await assertHolds(seed, ALL_FAULTS);
  }).timeout(GROUP_MS_MAX);
});
