/** Every canary there is, by name. */

import type { Canary } from './canary.ts';
import { PUBLISH_BEFORE_FSYNC, STALE_TRAILER } from './wrong-disk.ts';
import { NO_RECONCILE } from './wrong-network.ts';
import { IGNORE_RENEWALS, LWW_RESULTS, REUSE_EPOCH, WALL_CLOCK_EXPIRY, YOUNG_ANSWERS } from './wrong-rules.ts';

export const CANARIES: readonly Canary[] = [
  WALL_CLOCK_EXPIRY,
  PUBLISH_BEFORE_FSYNC,
  LWW_RESULTS,
  IGNORE_RENEWALS,
  STALE_TRAILER,
  NO_RECONCILE,
  REUSE_EPOCH,
  YOUNG_ANSWERS,
];
