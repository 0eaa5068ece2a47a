/** An upgrade: every node is stopped in an orderly way and started again, one after the other, under load. */

import type { Scenario } from '../scenario/scenario.ts';

export const ROLLING_RESTART: Scenario = {
  name: 'rolling-restart',
  breaks: 'processes: each node is restarted, one after the other',
  nodes: 4,
  seconds: 50,
  workload: { blocksPerSecond: 5, validationMs: [50, 600] },
  faults: [{ fault: 'restart', on: 'next', atSeconds: 3, forSeconds: 2, everySeconds: 6 }],
  // An orderly stop gives its leases up; what is left are claims that cross.
  holds: { duplicatesPerBlockMax: 0.2 },
};
