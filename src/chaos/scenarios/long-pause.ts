/** A node that stands still for longer than its leases last, and wakes up at work on blocks that others have claimed. */

import type { Scenario } from '../scenario/scenario.ts';

export const LONG_PAUSE: Scenario = {
  name: 'long-pause',
  breaks: 'processes: one stands still (SIGSTOP) for longer than a lease, with work in hand',
  nodes: 4,
  seconds: 50,
  workload: { blocksPerSecond: 2, validationMs: [500, 2_500] },
  faults: [{ fault: 'pause', on: 'one', atSeconds: 4, forSeconds: 9, everySeconds: 16 }],
  holds: { duplicatesPerBlockMax: 0.5 },
};
