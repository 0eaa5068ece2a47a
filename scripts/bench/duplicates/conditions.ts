/**
 * What the systems are compared under: one load, one layout, and what goes wrong, the same for each from one seed.
 *
 * Invariant: everything is a constant or drawn from `SEED`.
 */

import { blake3Hash } from '../../../crdt/hash.ts';
import type { SimBlock } from '../../../src/sim/sim-block.ts';
import { forkRandom } from '../../../src/sim/seeded-random.ts';

export const SEED = 1;
export const MACHINES = 5;
export const REGIONS = 3;
/** One way, and within a region. */
export const REGION_DELAY_MS = 80;
export const NEAR_DELAY_MS = 1;
export const BLOCKS = 1_000;
export const BLOCK_PERIOD_MS = 50;
export const VALIDATION_MS = 2_000;
/**
 * A quarter longer than a validation, in all systems, so that locks are renewed, or run out, within a run. With one that
 * is much longer than any validation skew costs nobody anything, and every crash costs that much more time.
 */
export const LOCK_TIME_MS = 2_500;
export const SKEW_BOUND_MS = 500;
/** 40 validations are at work at any time; two machines cut off from three have to do them all. */
export const VALIDATIONS_MAX = 32;

/** Time to meet and to measure clocks and delivery before the first block. */
export const WARM_UP_MS = 30_000;
export const TROUBLE_FROM_MS = WARM_UP_MS + 5_000;
const PARTITION_MS = 30_000;
const CRASHES = 12;
const DOWN_MS_MIN = 500;
const DOWN_MS_MAX = 5_000;
/** When every block is to be finished. */
export const END_MS = WARM_UP_MS + BLOCKS * BLOCK_PERIOD_MS + 120_000;

export interface Conditions {
  readonly name: string;
  /** Of a thousand messages. */
  readonly lossPermille: number;
  /** Between the clock that is furthest ahead and the one furthest behind. */
  readonly skewMs: number;
  readonly partition: { readonly fromMs: number; readonly untilMs: number } | undefined;
  readonly crashes: readonly Crash[];
}

export interface Crash {
  readonly machine: number;
  readonly atMs: number;
  readonly downMs: number;
}

const CALM: Conditions = { name: 'no faults', lossPermille: 0, skewMs: 0, partition: undefined, crashes: [] };

export function skewed(skewMs: number): Conditions {
  return { ...CALM, name: `${skewMs} ms skew`, skewMs };
}

export const CONDITIONS: readonly Conditions[] = [
  CALM,
  { ...CALM, name: '1 % loss', lossPermille: 10 },
  skewed(400),
  {
    ...CALM,
    name: '30 s partition',
    partition: { fromMs: TROUBLE_FROM_MS, untilMs: TROUBLE_FROM_MS + PARTITION_MS },
  },
  { ...CALM, name: 'random crashes', crashes: drawCrashes() },
];

/** Where the witness of a block appears. */
export const ARRIVALS = ['everywhere', 'one-machine'] as const;
export type Arrival = (typeof ARRIVALS)[number];

/** Machine 0 is in region 0, 1 in 1, 2 in 2, 3 in 0, 4 in 1. */
export function regionOf(machine: number): number {
  return machine % REGIONS;
}

/** The partition cuts this region off from the others: two machines from three. */
export function isCutOff(machine: number): boolean {
  return regionOf(machine) === 1;
}

/** Machine 0 is the furthest behind, the last the furthest ahead, the others between. */
export function wallOffsetMs(machine: number, { skewMs }: Conditions): number {
  return Math.round((machine / (MACHINES - 1) - 0.5) * skewMs);
}

export function blocksToValidate(arrival: Arrival): SimBlock[] {
  const random = forkRandom(SEED, 'arrivals');
  const everywhere = Array.from({ length: MACHINES }, (_, machine) => machine);
  return Array.from({ length: BLOCKS }, (_, at) => ({
    key: { number: at + 1, hash: blake3Hash(new TextEncoder().encode(`block ${at}`)) },
    droppedAtMs: WARM_UP_MS + at * BLOCK_PERIOD_MS,
    droppedOn: arrival === 'everywhere' ? everywhere : [random(MACHINES)],
    validationMs: VALIDATION_MS,
    failures: 0,
  }));
}

function drawCrashes(): Crash[] {
  const random = forkRandom(SEED, 'crashes');
  return Array.from({ length: CRASHES }, () => ({
    machine: random(MACHINES),
    atMs: TROUBLE_FROM_MS + random(BLOCKS * BLOCK_PERIOD_MS - 10_000),
    downMs: DOWN_MS_MIN + random(DOWN_MS_MAX - DOWN_MS_MIN),
  }));
}
