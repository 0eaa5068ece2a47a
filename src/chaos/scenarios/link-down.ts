/** Real links that are taken down, in network namespaces. Needs root. */

import type { Scenario } from '../scenario/scenario.ts';

export const LINK_DOWN: Scenario = {
  name: 'link-down',
  breaks: 'the network: real links are taken down, in network namespaces (root)',
  nodes: 4,
  seconds: 45,
  workload: { blocksPerSecond: 5, validationMs: [50, 600] },
  start: { network: 'namespaces' },
  faults: [{ fault: 'link-down', on: 'one', atSeconds: 3, forSeconds: 8, everySeconds: 14 }],
  holds: { duplicatesPerBlockMax: 1 },
};
