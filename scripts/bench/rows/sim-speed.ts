/**
 * `sim-speed`: how much faster than the clock on the wall a simulated cluster runs, with five nodes and all faults,
 * as `driftlock sim --seeds` runs it: on all cores.
 *
 * Both sides are time: simulated seconds against the real seconds that they took, in one run.
 */

import { availableParallelism } from 'node:os';
import { FAULT_NAMES } from '../../../src/sim/faults/fault.ts';
import { SIM_BLOCKS_DEFAULT, SIM_NODES_DEFAULT } from '../../../src/sim/options.ts';
import { runSeeds } from '../../../src/sim/run-seeds.ts';
import type { BenchRow } from '../row.ts';

const SEEDS = 60;
const SPEED_MIN = 500;

export const simSpeed: BenchRow = {
  id: 'sim-speed',
  what: 'simulated seconds against the real seconds they take: 5 nodes, all faults',
  ours: 'simulated seconds',
  against: 'real seconds',
  unit: 's',
  target: { kind: 'at-least', bound: SPEED_MIN },
  pairs: 3,
  prepare: () => {
    let realSeconds = NaN;
    return Promise.resolve({
      ours: async () => {
        const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1);
        const options = {
          nodes: SIM_NODES_DEFAULT,
          blocks: SIM_BLOCKS_DEFAULT,
          faults: FAULT_NAMES,
          canary: undefined,
        };
        const startMs = performance.now();
        const { simulatedSeconds } = await runSeeds(seeds, options, {
          onSeed: () => undefined,
          jobs: availableParallelism(),
        });
        realSeconds = (performance.now() - startMs) / 1_000;
        return simulatedSeconds;
      },
      // The real seconds of the run before it: seeds are the same in every run.
      against: () => Promise.resolve(realSeconds),
      close: () => Promise.resolve(),
    });
  },
};
