/** Half of the nodes behind 300 ms, 1 Mbit/s and lost packets, from the first block to the last. */

import type { Scenario } from '../scenario/scenario.ts';

export const SLOW_REGION: Scenario = {
  name: 'slow-region',
  breaks: 'the network: links of 300 ms one way, 1 Mbit/s and lost packets to half of the nodes',
  nodes: 4,
  seconds: 45,
  // A witness has 9 kB on average: three a second to each node are a quarter of a link.
  workload: { blocksPerSecond: 3, validationMs: [50, 600] },
  faults: [
    {
      fault: 'slow',
      on: [2, 3],
      atSeconds: 0,
      forSeconds: 45,
      latencyMs: 300,
      jitterMs: 30,
      kilobitsPerSecond: 1_000,
      stallPermille: 10,
      stallMs: 300,
    },
  ],
  holds: { duplicatesPerBlockMax: 0.5 },
};
