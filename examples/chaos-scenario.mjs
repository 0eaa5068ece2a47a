/**
 * A scenario for `driftlock chaos examples/chaos-scenario.mjs`: two regions, and what we fear for them. A maintenance window
 * restarts a node while the link between the regions is down, and an administrator sets a clock by hand.
 *
 * @type {import('driftlock').Scenario}
 */
export default {
  name: 'two-regions',
  breaks: 'the link between two regions, during a restart and with a clock set by hand',
  nodes: 3,
  seconds: 20,
  workload: { blocksPerSecond: 5, validationMs: [50, 500] },
  faults: [
    // Nodes 0 and 1 are one region, node 2 is the other: 80 ms apart, then cut off.
    { fault: 'slow', on: [2], atSeconds: 0, forSeconds: 20, latencyMs: 80, jitterMs: 10 },
    { fault: 'partition', on: [2], atSeconds: 4, forSeconds: 6 },
    { fault: 'restart', on: [1], atSeconds: 5, forSeconds: 1 },
    { fault: 'clock-step', on: 'one', byMs: 60_000, atSeconds: 13, forSeconds: 3 },
    { fault: 'reset', on: 'all', atSeconds: 16, forSeconds: 0 },
    { fault: 'pause', on: 'one', atSeconds: 13, forSeconds: 3 },
  ],
  // The promises always have to hold. Beyond them: a partition of two sides may double the work, and no more.
  holds: { duplicatesPerBlockMax: 1 },
};
