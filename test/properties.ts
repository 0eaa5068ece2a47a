/** Runs a fast-check property and, when it fails, prints the seed and the command that replays it. */

import fc from 'fast-check';

const seed = process.env['FC_SEED'] === undefined ? undefined : Number(process.env['FC_SEED']);
const runs = Number(process.env['FC_RUNS'] ?? 200);

/** Asserts `property` on random inputs: `FC_RUNS` of them (200), from `FC_SEED` (random). */
export function holds<T>(property: fc.IRawProperty<T>): void {
  void fc.assert(property, {
    numRuns: runs,
    ...(seed === undefined ? {} : { seed }),
    reporter: (result) => {
      if (result.failed) throw new Error(failureText(fc.defaultReportMessage(result) ?? 'failed', result.seed));
    },
  });
}

/** The same for a property that runs asynchronously. */
export async function holdsAsync<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  const result = await fc.check(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
  if (result.failed) throw new Error(failureText(fc.defaultReportMessage(result) ?? 'failed', result.seed));
}

function failureText(report: string, failedSeed: number): string {
  return `${report}\n\nreplay: FC_SEED=${failedSeed} npm test -- -g '<this test>'`;
}
