/** A wall clock that steps, ahead and back, while leases are held. */

import type { Scenario } from '../scenario/scenario.ts';

export const CLOCK_STEP: Scenario = {
  name: 'clock-step',
  breaks: 'clocks: one steps by 5 minutes, ahead or back, while it holds leases',
  nodes: 4,
  seconds: 50,
  workload: { blocksPerSecond: 2, validationMs: [500, 2_000] },
  faults: [
    { fault: 'clock-step', on: 'one', byMs: 300_000, atSeconds: 4, forSeconds: 8 },
    { fault: 'clock-step', on: 'one', byMs: -300_000, atSeconds: 20, forSeconds: 8 },
    // Within the skew bound: nobody can tell.
    { fault: 'clock-step', on: 'half', byMs: 400, atSeconds: 36, forSeconds: 8 },
  ],
  holds: { duplicatesPerBlockMax: 0.2 },
};
