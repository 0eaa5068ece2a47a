/**
 * Many seeds, on as many threads as are wanted.
 *
 * Invariants: the report, and the order in which seeds are told of, depend on the seeds and the options alone; with one
 * job everything happens on this thread.
 */

import type { SimOptions } from './options.ts';
import { simReport, withoutNeedlessEvents, type SimReport } from './report.ts';
import { runSeed, type SeedReport } from './run-seed.ts';
import { SeedThread } from './seed-thread.ts';
import type { TraceSink } from './trace.ts';

export interface RunHooks {
  /** After each seed, in the order of the seeds. */
  readonly onSeed: (report: SeedReport, done: number) => void;
  /** Takes the lines as they come, so there is one job at most with it. */
  readonly sink?: TraceSink | undefined;
  /** Seeds that have begun are ended, and no other begins. */
  readonly signal?: AbortSignal;
  /** Threads. */
  readonly jobs: number;
}

export async function runSeeds(seeds: readonly number[], options: SimOptions, hooks: RunHooks): Promise<SimReport> {
  const { signal, sink } = hooks;
  const reports: SeedReport[] = [];
  const early = new Map<number, SeedReport>();
  const tell = (at: number, report: SeedReport): void => {
    early.set(at, report);
    for (let next = early.get(reports.length); next !== undefined; next = early.get(reports.length)) {
      early.delete(reports.length);
      reports.push(withoutNeedlessEvents(next));
      hooks.onSeed(next, reports.length);
    }
  };
  const left = seeds.entries();
  const runAll = async (run: (seed: number) => Promise<SeedReport>): Promise<void> => {
    for (const [at, seed] of left) {
      if (signal?.aborted === true) return;
      tell(at, await run(seed));
    }
  };
  const jobs = sink === undefined ? Math.min(hooks.jobs, seeds.length) : 1;
  if (jobs === 1) {
    await runAll((seed) => runSeed(seed, options, sink));
  } else {
    const threads = Array.from({ length: jobs }, () => new SeedThread());
    try {
      await Promise.all(threads.map((thread) => runAll((seed) => thread.run({ seed, options }))));
    } finally {
      await Promise.all(threads.map((thread) => thread.close()));
    }
  }
  return simReport(reports, options);
}
