/** kill -9, all the time, and once to all but one. */

import type { Scenario } from '../scenario/scenario.ts';

export const KILL_STORM: Scenario = {
  name: 'kill-storm',
  breaks: 'processes: one after the other is killed with SIGKILL, then all but one at once',
  nodes: 4,
  seconds: 45,
  workload: { blocksPerSecond: 5, validationMs: [200, 1_500] },
  faults: [
    { fault: 'kill', on: 'one', atSeconds: 2, forSeconds: 1, everySeconds: 3, spreadSeconds: 1 },
    { fault: 'kill', on: 'most', atSeconds: 20, forSeconds: 3 },
  ],
  holds: { duplicatesPerBlockMax: 0.5 },
};
