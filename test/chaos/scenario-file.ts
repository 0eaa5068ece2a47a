/** Scenarios of users: a file each. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scenario } from '../../src/chaos/scenario/scenario.ts';

/** Of two nodes for two seconds with a few quick blocks and no fault, except for `parts`. Returns the file's path. */
export async function writeScenario(
  folder: string,
  parts: Pick<Scenario, 'name' | 'breaks'> & Partial<Scenario>,
): Promise<string> {
  const workload = { blocksPerSecond: 5, validationMs: [0, 50] };
  const scenario = { nodes: 2, seconds: 2, workload, faults: [], ...parts };
  const path = join(folder, `${parts.name}.mjs`);
  await writeFile(path, `export default ${JSON.stringify(scenario)};`);
  return path;
}
