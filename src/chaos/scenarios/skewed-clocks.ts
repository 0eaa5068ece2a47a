/** One wall clock ten minutes ahead, one ten minutes behind, from the start. */

import type { Scenario } from '../scenario/scenario.ts';

export const SKEWED_CLOCKS: Scenario = {
  name: 'skewed-clocks',
  breaks: 'clocks: one is 10 minutes ahead, one 10 minutes behind',
  nodes: 5,
  seconds: 30,
  workload: { blocksPerSecond: 4, validationMs: [50, 600] },
  start: {
    clocks: [
      { node: 0, offsetMs: 600_000 },
      { node: 1, offsetMs: -600_000 },
    ],
  },
  faults: [{ fault: 'partition', on: 'half', atSeconds: 8, forSeconds: 8 }],
  holds: { duplicatesPerBlockMax: 1 },
};
