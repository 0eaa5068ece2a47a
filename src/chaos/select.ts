/**
 * From what the user wrote to scenarios: names of those that come with the package, `all` of them, and paths of files.
 *
 * Invariant: a file's scenario is believed no more than any other input; it is a module and runs in this process.
 */

import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { DriftlockError, textOf } from '../../crdt/errors.ts';
import { describeText } from '../../crdt/ids.ts';
import { isJsonObject } from '../files/json.ts';
import { parseScenario, type Scenario } from './scenario/scenario.ts';

export const SELECTED_MAX = 256;

/** Throws `ERR_UNKNOWN_SCENARIO` that names the nearest, or `ERR_BAD_SCENARIO` for a file. */
export async function selectScenarios(wanted: readonly string[], shipped: readonly Scenario[]): Promise<Scenario[]> {
  if (wanted.length > SELECTED_MAX) {
    const detail = { argument: 'SCENARIO', expected: `at most ${SELECTED_MAX}`, found: `${wanted.length}` };
    throw new DriftlockError('ERR_UNKNOWN_SCENARIO', detail);
  }
  const selected: Scenario[] = [];
  for (const text of wanted) {
    if (text === 'all') selected.push(...shipped);
    else selected.push(isPath(text) ? await loadScenario(text) : byName(text, shipped));
  }
  return selected;
}

function isPath(text: string): boolean {
  return text.includes('/') || /\.[cm]?[jt]s$/.test(text);
}

function byName(text: string, shipped: readonly Scenario[]): Scenario {
  const found = shipped.find(({ name }) => name === text);
  if (found !== undefined) return found;
  const near = nearest(
    text,
    shipped.map(({ name }) => name),
  );
  throw new DriftlockError('ERR_UNKNOWN_SCENARIO', {
    argument: 'SCENARIO',
    expected: `a name of "driftlock chaos list"${near === undefined ? '' : `, such as ${near}`}, all, or the path of a file`,
    found: describeText(text),
  });
}

async function loadScenario(path: string): Promise<Scenario> {
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    const found = textOf(cause);
    throw new DriftlockError('ERR_BAD_SCENARIO', { argument: path, expected: 'a module', found }, { cause });
  }
  if (isJsonObject(loaded) && 'default' in loaded) return parseScenario(loaded['default'], path);
  throw new DriftlockError('ERR_BAD_SCENARIO', { argument: path, expected: 'a default export', found: 'none' });
}

/** The name that takes fewest edits to come to from `text`; undefined when all take more than half of its letters. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, edits: editsBetween(text, name) })).sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= Math.max(2, text.length / 2) ? best.name : undefined;
}

/** Levenshtein's distance (1965), a row at a time. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
