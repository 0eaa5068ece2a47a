/**
 * Many seeds, one after the other.
 *
 * Invariant: the report depends on the seeds and the options alone; how far it has got is told on the side.
 */

import type { SimOptions } from './options.ts';
import { simReport, type SimReport } from './report.ts';
import { runSeed, type SeedReport } from './run-seed.ts';
import type { TraceSink } from './trace.ts';

export interface RunHooks {
  /** After each seed. */
  readonly onSeed: (report: SeedReport, done: number) => void;
  readonly sink?: TraceSink | undefined;
  /** Ends the run before the next seed. */
  readonly signal?: AbortSignal;
}

export async function runSeeds(seeds: readonly number[], options: SimOptions, hooks: RunHooks): Promise<SimReport> {
  const reports: SeedReport[] = [];
  for (const seed of seeds) {
    if (hooks.signal?.aborted === true) break;
    const report = await runSeed(seed, options, hooks.sink);
    // The events of a seed that held are many and of no use.
    reports.push({ ...report, events: [] });
    hooks.onSeed(report, reports.length);
  }
  return simReport(reports, options);
}
