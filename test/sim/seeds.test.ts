/** The promises, under the simulator: fixed seeds that are the same in every run, and fresh ones. */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { FAULT_NAMES } from '../../src/sim/faults/fault.ts';
import { SIM_SEED_MAX, type SimOptions } from '../../src/sim/options.ts';
import { availableParallelism } from 'node:os';
import { failureText } from '../../src/sim/report.ts';
import { runSeeds } from '../../src/sim/run-seeds.ts';
import { ALL_FAULTS } from './options.ts';

/** About a minute: a seed takes a second of one core. */
const FIXED_SEEDS = 60;
/** About half a minute. `DRIFTLOCK_SIM_SEEDS` runs more. */
const FRESH_SEEDS = Number(process.env['DRIFTLOCK_SIM_SEEDS'] ?? 30);
/**
 * Seeds that found a defect once: more validations at once than allowed, when a clock came back within its bound; a run that
 * was judged while a program beside a node had a result to come; no scan for minutes after one that waited for a full disk.
 */
const FOUND_SEEDS = [5_042, 1_204_687_792, 184];
/** Seeds in one test. */
const GROUP = 20;
const GROUP_MS_MAX = 300_000;

/** On all cores. */
async function assertHolds(seeds: readonly number[], options: SimOptions): Promise<void> {
  const failures: string[] = [];
  await runSeeds(seeds, options, {
    onSeed: (report) => {
      if (report.violations.length > 0) failures.push(failureText(report, options));
    },
    jobs: availableParallelism(),
  });
  assert.ok(failures.length === 0, `\n${failures.join('\n')}`);
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

describe('under the simulator every promise holds', () => {
  for (let first = 1; first <= FIXED_SEEDS; first += GROUP) {
    it(`with all faults together, in the seeds ${first} to ${first + GROUP - 1}`, async () => {
      await assertHolds(seedsFrom(first, GROUP), ALL_FAULTS);
    }).timeout(GROUP_MS_MAX);
  }

  it('in the seeds that found a defect before', async () => {
    await assertHolds(FOUND_SEEDS, ALL_FAULTS);
  }).timeout(GROUP_MS_MAX);

  it('without any fault', async () => {
    await assertHolds(seedsFrom(1, 3), { ...ALL_FAULTS, faults: [] });
  }).timeout(GROUP_MS_MAX);

  for (const fault of FAULT_NAMES) {
    it(`with ${fault} alone`, async () => {
      await assertHolds(seedsFrom(1, 2), { ...ALL_FAULTS, faults: [fault] });
    }).timeout(GROUP_MS_MAX);
  }

  const fresh = Array.from({ length: FRESH_SEEDS }, () => randomInt(1, SIM_SEED_MAX));
  it(`in ${FRESH_SEEDS} fresh seeds: ${fresh.join(' ')}`, async () => {
    await assertHolds(fresh, ALL_FAULTS);
  }).timeout(GROUP_MS_MAX);
});
