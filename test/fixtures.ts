/**
 * Where the real files are that the tests read: `../shared/fixtures/` beside the repository, or the folder that
 * DRIFTLOCK_FIXTURES names. They are not part of the repository; tests that need them are skipped where they are absent.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = process.env['DRIFTLOCK_FIXTURES'] ?? fileURLToPath(new URL('../../shared/fixtures/', import.meta.url));

/** The folder of the fixtures, or undefined where there is none. */
export const fixtures: string | undefined = existsSync(folder) ? folder : undefined;

/** The folder of the fixtures; where there is none, prints why and skips the running test or suite. */
export function needsFixtures(context: Mocha.Context): string {
  if (fixtures !== undefined) return fixtures;
  process.stderr.write(`skipped: no fixtures at ${folder} (set DRIFTLOCK_FIXTURES)\n`);
  return context.skip();
}
