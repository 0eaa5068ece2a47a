/**
 * What a simulated run is made of, and the settings its nodes run with: those of production, with a shorter lock time so
 * that renewals and expiries happen within a run.
 */

import { KEEP_ALL } from '../node/housekeeping-settings.ts';
import type { NodeSettings } from '../node/options.ts';
import type { CanaryName } from './canaries/canary.ts';
import type { FaultName } from './faults/fault.ts';
import type { Chances } from './sim-validator.ts';

export interface SimOptions {
  readonly nodes: number;
  readonly blocks: number;
  readonly faults: readonly FaultName[];
  readonly canary: CanaryName | undefined;
}

export const SIM_NODES_DEFAULT = 5;
export const SIM_NODES_MAX = 32;
export const SIM_BLOCKS_DEFAULT = 24;
export const SIM_BLOCKS_MAX = 10_000;
export const SIM_SEEDS_DEFAULT = 20;
export const SIM_SEED_MAX = 2 ** 32 - 1;
/** A thread takes about 150 MB. */
export const SIM_JOBS_MAX = 64;

export const SIM_SETTINGS: NodeSettings = {
  cluster: 'simulated',
  region: 'memory',
  bounds: { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 },
  lockTimeMs: 10_000,
  rankStepMs: 250,
  heartbeatMs: 1_000,
  scanIntervalMs: 5_000,
  validationsMax: 2,
  /** A disk may rot between a crash and the next start, which trusts what it remembers of a file. */
  housekeeping: { ...KEEP_ALL, scrubFilesPerSecond: 20 },
  retry: { failuresMax: 5, delayMsMin: 1_000, delayMsMax: 60_000 },
  reserveMs: undefined,
};

/** Between regions, one way. */
export const REGION_DELAY_MS = 40;
/** Validations without a verdict are tried again; wrong roots make disputes. */
export const SIM_CHANCES: Chances = { errorPermille: 30, wrongRootPermille: 20 };

/** Blocks come and faults strike in this time; then everything is healed. */
export const TROUBLE_MS = 120_000;
/** For how long after that the cluster may take to finish and converge. Longest waits: 60 s of backoff, 30 s between fruitless reconciliations. */
export const RECOVERY_MS_MAX = 240_000;
/** What happens after all is done must change nothing: two scans of the directories. */
export const REST_MS = 2 * SIM_SETTINGS.scanIntervalMs + 1_000;
