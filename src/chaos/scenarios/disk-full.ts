/** A disk that takes nothing any more, and then has room again. */

import type { Scenario } from '../scenario/scenario.ts';

export const DISK_FULL: Scenario = {
  name: 'disk-full',
  breaks: 'disks: that of one node is full, then freed',
  nodes: 4,
  seconds: 45,
  workload: { blocksPerSecond: 5, validationMs: [50, 600] },
  faults: [{ fault: 'disk-full', on: 'one', atSeconds: 4, forSeconds: 10, everySeconds: 18 }],
  holds: { duplicatesPerBlockMax: 0.5 },
};
