/** The power goes everywhere, and comes back everywhere at once. */

import type { Scenario } from '../scenario/scenario.ts';

export const COLD_START: Scenario = {
  name: 'cold-start',
  breaks: 'processes: all nodes are killed, and start at the same moment',
  nodes: 5,
  seconds: 40,
  workload: { blocksPerSecond: 5, validationMs: [200, 1_000] },
  faults: [{ fault: 'kill', on: 'all', atSeconds: 5, forSeconds: 1, everySeconds: 14 }],
  holds: { duplicatesPerBlockMax: 0.5 },
};
