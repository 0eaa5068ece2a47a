/** A new node with an empty directory joins a cluster with a hundred thousand blocks. */

import type { Scenario } from '../scenario/scenario.ts';

export const LATE_JOINER: Scenario = {
  name: 'late-joiner',
  breaks: 'nothing: a new, empty node joins at 100,000 blocks',
  nodes: 3,
  seconds: 20,
  workload: { blocksPerSecond: 4, validationMs: [50, 300], finishedBefore: 100_000 },
  faults: [{ fault: 'absent', on: [2], atSeconds: 0, forSeconds: 5 }],
};
