/**
 * One cell of the table: a system under given conditions, and what it did.
 *
 * Invariant: a cell is a function of what it is asked for, whoever runs it and whatever runs beside it.
 */

import { BLOCKS, type Arrival, type Conditions } from './conditions.ts';
import { runDriftlock } from './driftlock-run.ts';
import { runReference } from './reference-run.ts';

export const SYSTEMS = ['driftlock', 'driftlock without ranking', "the reference's rule"] as const;
export type System = (typeof SYSTEMS)[number];

export interface CellRequest {
  readonly system: System;
  readonly arrival: Arrival;
  readonly conditions: Conditions;
}

export interface Cell {
  readonly system: System;
  readonly arrival: Arrival;
  readonly condition: string;
  readonly skewMs: number;
  readonly duplicatesPer1000: number;
  /** Of the block with the most. */
  readonly duplicatesOfOneMax: number;
  readonly begun: number;
  readonly unfinished: number;
}

export async function runCell({ system, arrival, conditions }: CellRequest): Promise<Cell> {
  const log =
    system === "the reference's rule"
      ? await runReference(conditions)
      : await runDriftlock(conditions, arrival, system === 'driftlock');
  return {
    system,
    arrival,
    condition: conditions.name,
    skewMs: conditions.skewMs,
    duplicatesPer1000: (log.duplicates * 1_000) / BLOCKS,
    duplicatesOfOneMax: log.duplicatesOfOneMax,
    begun: log.begun,
    unfinished: BLOCKS - log.finishedBlocks,
  };
}
