/** One node that nobody can reach, then one that is heard and hears nothing, then one that hears and is not heard. */

import type { Scenario } from '../scenario/scenario.ts';

export const ISOLATE_ONE: Scenario = {
  name: 'isolate-one',
  breaks: 'the network: one node is cut off, both ways and one way',
  nodes: 4,
  seconds: 50,
  workload: { blocksPerSecond: 5, validationMs: [50, 600] },
  faults: [
    { fault: 'partition', on: 'one', atSeconds: 3, forSeconds: 8 },
    { fault: 'partition', on: 'one', direction: 'out', atSeconds: 19, forSeconds: 8 },
    { fault: 'partition', on: 'one', direction: 'in', atSeconds: 35, forSeconds: 8 },
  ],
  holds: { duplicatesPerBlockMax: 1 },
};
