/** Every fault there is, by name. */

import { CLOCK_DRIFT, CLOCK_OFFSET, CLOCK_STEP, PAUSE } from './clocks.ts';
import { API_CLIENTS, FOREIGN_WRITERS, MEMBERSHIP, RESERVATIONS } from './company.ts';
import { CRASH, TORN_WRITES } from './crashes.ts';
import { BIT_ROT, FULL_DISK } from './disks.ts';
import type { Fault } from './fault.ts';
import { DELAY, DUPLICATION, LOSS, REORDERING } from './links.ts';
import { ONE_WAY_PARTITION, PARTITION } from './partitions.ts';

export const FAULTS: readonly Fault[] = [
  LOSS,
  DELAY,
  DUPLICATION,
  REORDERING,
  PARTITION,
  ONE_WAY_PARTITION,
  CRASH,
  TORN_WRITES,
  FULL_DISK,
  BIT_ROT,
  PAUSE,
  CLOCK_OFFSET,
  CLOCK_DRIFT,
  CLOCK_STEP,
  FOREIGN_WRITERS,
  MEMBERSHIP,
  API_CLIENTS,
  RESERVATIONS,
];
