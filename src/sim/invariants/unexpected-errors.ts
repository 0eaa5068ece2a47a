/**
 * Nothing fails that nobody expects: a promise that is rejected with nobody to hear of it, or an error thrown out of a
 * timer, would end the process of a real node.
 *
 * Invariant: it listens to the whole process, as rejections belong to no run: of runs side by side each would report it.
 */

import type { Finding } from './invariant.ts';

export const UNEXPECTED_ERRORS = {
  name: 'no-unexpected-error',
  promise: 'no promise is rejected with nobody to hear of it, and nothing is thrown out of a timer',
};

/** Runs `task`, and reports what it throws and every rejection that goes unheard meanwhile. */
export async function reportingUnexpected(
  task: () => Promise<void>,
  violate: (finding: Finding) => void,
): Promise<void> {
  const report = (error: unknown): void => violate({ detail: describe(error) });
  process.on('unhandledRejection', report);
  try {
    await task();
  } catch (error) {
    report(error);
  } finally {
    process.off('unhandledRejection', report);
  }
}

/** With the place where it was thrown: the report of a failure is for people. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const at = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return at === undefined ? String(error) : `${String(error)} ${at.trim()}`;
}
