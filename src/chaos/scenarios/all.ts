/** The scenarios that come with the package, in the order in which `all` runs them. */

import type { Scenario } from '../scenario/scenario.ts';
import { CLOCK_STEP } from './clock-step.ts';
import { COLD_START } from './cold-start.ts';
import { CORRUPT_FILES } from './corrupt-files.ts';
import { DISK_FULL } from './disk-full.ts';
import { EVERYTHING } from './everything.ts';
import { FLAPPING_LINK } from './flapping-link.ts';
import { FOREIGN_ONLY } from './foreign-only.ts';
import { ISOLATE_ONE } from './isolate-one.ts';
import { KILL_STORM } from './kill-storm.ts';
import { LATE_JOINER } from './late-joiner.ts';
import { LINK_DOWN } from './link-down.ts';
import { LONG_PAUSE } from './long-pause.ts';
import { REORG_STORM } from './reorg-storm.ts';
import { ROLLING_RESTART } from './rolling-restart.ts';
import { SKEWED_CLOCKS } from './skewed-clocks.ts';
import { SLOW_REGION } from './slow-region.ts';
import { SPLIT_IN_HALF } from './split-in-half.ts';

export const SCENARIOS: readonly Scenario[] = [
  SPLIT_IN_HALF,
  ISOLATE_ONE,
  FLAPPING_LINK,
  SLOW_REGION,
  ROLLING_RESTART,
  KILL_STORM,
  LONG_PAUSE,
  SKEWED_CLOCKS,
  CLOCK_STEP,
  DISK_FULL,
  CORRUPT_FILES,
  COLD_START,
  LATE_JOINER,
  FOREIGN_ONLY,
  REORG_STORM,
  LINK_DOWN,
  EVERYTHING,
];
