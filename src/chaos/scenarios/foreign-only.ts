/** Only validators that know nothing of driftlock, several beside each node, and one of them is wrong now and then. */

import type { Scenario } from '../scenario/scenario.ts';

export const FOREIGN_ONLY: Scenario = {
  name: 'foreign-only',
  breaks: 'trust: validators of the reference alone, two a node, one of which reports wrong roots; and a partition',
  nodes: 3,
  seconds: 40,
  // Everywhere at once: programs that know of nothing but their own files claim it on each machine, so that some meet.
  workload: { blocksPerSecond: 3, validationMs: [100, 800], witnessesOn: 'all' },
  start: { validator: 'none', programsPerNode: 2, wrongRootEvery: 2 },
  faults: [{ fault: 'partition', on: 'one', atSeconds: 10, forSeconds: 10 }],
  holds: { disputesMin: 1 },
};
