/** One file in a hundred rots: a flipped bit, or a missing end. */

import type { Scenario } from '../scenario/scenario.ts';

export const CORRUPT_FILES: Scenario = {
  name: 'corrupt-files',
  breaks: 'files: bits flip in 1 % of the .v and .w files, or their end is missing, and in contracts.txt',
  nodes: 4,
  seconds: 40,
  workload: { blocksPerSecond: 8, validationMs: [50, 300] },
  // Rot tells nobody: it is found by reading everything again.
  start: { settings: { scrubFilesPerSecond: 200 } },
  faults: [{ fault: 'corrupt', on: 'next', percent: 1, atSeconds: 8, forSeconds: 0, everySeconds: 8 }],
};
