/** What a node keeps, for how long and where, and how much it checks in the background. */

import type { UpkeepSettings } from '../upkeep/plan.ts';

export interface HousekeepingSettings extends UpkeepSettings {
  /** Blocks below this number are not taken over from peers. */
  readonly windowFrom: number;
  /** Files that are read again and checked while the node runs, a second; 0: none. */
  readonly scrubFilesPerSecond: number;
}

/** Archives what is final, forgets nothing and checks nothing. */
export const KEEP_ALL: HousekeepingSettings = {
  archiveAfterBlocks: 64,
  settleAfterBlocks: 0,
  retainBlocks: undefined,
  retainMs: undefined,
  retainBytes: undefined,
  windowFrom: 0,
  scrubFilesPerSecond: 0,
};
