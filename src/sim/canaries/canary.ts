/**
 * Canaries: defects put in on purpose, each in one part of a machine, to show that the simulator would notice it.
 *
 * Invariant: a canary replaces parts that a machine is given anyway (its rules, its disk, its network); no code of the
 * node knows that canaries exist.
 */

import type { MachineParts } from '../machine.ts';
import { NODE_RULES } from '../../node/rules.ts';

export const CANARY_NAMES = [
  'wall-clock-expiry',
  'publish-before-fsync',
  'lww-results',
  'ignore-renewals',
  'stale-trailer',
  'no-reconcile',
  'reuse-epoch',
  'young-answers',
] as const;
export type CanaryName = (typeof CANARY_NAMES)[number];

export interface Canary {
  readonly name: CanaryName;
  /** The defect, in one line, for the help. */
  readonly what: string;
  readonly parts: MachineParts;
}

/** The parts of a machine without a defect. */
export const SOUND_PARTS: MachineParts = {
  rules: NODE_RULES,
  disk: (disk) => disk,
  network: (network) => network,
};
