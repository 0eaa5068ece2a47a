/** Two halves that cannot talk, and heal: each goes on, and both end with the same. */

import type { Scenario } from '../scenario/scenario.ts';

export const SPLIT_IN_HALF: Scenario = {
  name: 'split-in-half',
  breaks: 'the network: two halves cannot talk, again and again',
  nodes: 4,
  seconds: 45,
  workload: { blocksPerSecond: 5, validationMs: [50, 600] },
  faults: [{ fault: 'partition', on: 'half', atSeconds: 3, forSeconds: 8, everySeconds: 14 }],
  // Each half validates on its own.
  holds: { duplicatesPerBlockMax: 1 },
};
