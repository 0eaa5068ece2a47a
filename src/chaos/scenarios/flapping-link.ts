/** A link that comes and goes faster than anybody can tell whether it is there. */

import type { Scenario } from '../scenario/scenario.ts';

export const FLAPPING_LINK: Scenario = {
  name: 'flapping-link',
  breaks: 'the network: the links of one node go down and up several times a second to every few seconds',
  nodes: 4,
  seconds: 45,
  workload: { blocksPerSecond: 5, validationMs: [50, 600] },
  faults: [
    { fault: 'flap', on: 'one', atSeconds: 3, forSeconds: 15, everySeconds: 21, downMsMax: 3_000, upMsMax: 2_000 },
  ],
  holds: { duplicatesPerBlockMax: 1 },
};
