/** Everything at once: the soak. */

import type { Scenario } from '../scenario/scenario.ts';

export const EVERYTHING: Scenario = {
  name: 'everything',
  breaks: 'everything at once: networks, processes, clocks, disks, files, and programs of others beside each node',
  nodes: 5,
  seconds: 600,
  workload: { blocksPerSecond: 3, validationMs: [50, 1_500], hashesPerNumber: 2, finalBehind: 60 },
  start: {
    programsPerNode: 1,
    // 4 %, within a drift bound of 5 %.
    clocks: [{ node: 1, driftRate: 0.04 }],
    settings: { driftRate: 0.05, archiveAfterBlocks: 20, scrubFilesPerSecond: 50 },
  },
  faults: [
    { fault: 'partition', on: 'half', atSeconds: 5, forSeconds: 8, everySeconds: 45, spreadSeconds: 10 },
    {
      fault: 'partition',
      on: 'one',
      direction: 'out',
      atSeconds: 20,
      forSeconds: 8,
      everySeconds: 60,
      spreadSeconds: 10,
    },
    {
      fault: 'slow',
      on: 'one',
      atSeconds: 10,
      forSeconds: 12,
      everySeconds: 50,
      latencyMs: 150,
      jitterMs: 50,
      kilobitsPerSecond: 2_000,
    },
    { fault: 'flap', on: 'one', atSeconds: 35, forSeconds: 6, everySeconds: 60, downMsMax: 1_500, upMsMax: 1_500 },
    { fault: 'reset', on: 'one', atSeconds: 8, forSeconds: 0, everySeconds: 25, spreadSeconds: 5 },
    { fault: 'half-open', on: 'one', atSeconds: 15, forSeconds: 10, everySeconds: 45 },
    { fault: 'kill', on: 'one', atSeconds: 6, forSeconds: 1, everySeconds: 25, spreadSeconds: 8 },
    { fault: 'restart', on: 'next', atSeconds: 25, forSeconds: 1, everySeconds: 50 },
    { fault: 'pause', on: 'one', atSeconds: 12, forSeconds: 7, everySeconds: 45, spreadSeconds: 10 },
    { fault: 'clock-step', on: [2], byMs: 20_000, atSeconds: 18, forSeconds: 10, everySeconds: 60 },
    { fault: 'disk-full', on: [4], atSeconds: 30, forSeconds: 8, everySeconds: 70 },
    { fault: 'corrupt', on: 'one', percent: 1, atSeconds: 40, forSeconds: 0, everySeconds: 60 },
  ],
};
