/** What a node's log should never hold: a failure inside of a call, a crash, a warning of the runtime. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { isJsonObject } from '../../files/json.ts';

/** Of one log: the first say what is wrong. */
export const DEFECTS_MAX = 20;
/** What `driftlock run` says once it works. */
const READY = /^driftlock \S+ on /;
const LINE_SHOWN_CHARACTERS = 300;

/** One line for each, of the log of the node called `name`. */
export async function defectsIn(name: string, logFile: string): Promise<string[]> {
  const found: string[] = [];
  for await (const line of createInterface({ input: createReadStream(logFile), crlfDelay: Infinity })) {
    if (found.length >= DEFECTS_MAX) break;
    if (isDefect(line)) found.push(`${name}: ${line.slice(0, LINE_SHOWN_CHARACTERS)}`);
  }
  return found;
}

/** A line that is no JSON was written by the runtime, or by a program that was killed while it wrote. */
export function isDefect(line: string): boolean {
  if (line.trim() === '' || READY.test(line)) return false;
  const entry = parsed(line);
  if (entry === undefined) return !line.startsWith('{');
  return isJsonObject(entry) && (entry['msg'] === 'rpc-defect' || entry['level'] === 'fatal');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
