/** Sixteen hashes at every height, through a partition. */

import type { Scenario } from '../scenario/scenario.ts';

export const REORG_STORM: Scenario = {
  name: 'reorg-storm',
  breaks: 'the chain: 16 hashes at every height; and a partition',
  nodes: 4,
  seconds: 30,
  workload: { blocksPerSecond: 24, validationMs: [20, 150], hashesPerNumber: 16 },
  faults: [{ fault: 'partition', on: 'half', atSeconds: 6, forSeconds: 8 }],
  holds: { duplicatesPerBlockMax: 1 },
};
