/** What the simulator's tests run with, unless they say otherwise. */

import { FAULT_NAMES } from '../../src/sim/faults/fault.ts';
import { SIM_BLOCKS_DEFAULT, SIM_NODES_DEFAULT, type SimOptions } from '../../src/sim/options.ts';

export const ALL_FAULTS: SimOptions = {
  nodes: SIM_NODES_DEFAULT,
  blocks: SIM_BLOCKS_DEFAULT,
  faults: FAULT_NAMES,
  canary: undefined,
};
