/** What a process and all it started took of the processors, as Linux counts it. */

import { readdir, readFile } from 'node:fs/promises';

/** Of `/proc/PID/stat`, behind the name: state, parent, … (proc(5)). */
const PARENT_FIELD = 1;
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
/** USER_HZ, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
}

/** CPU seconds of the processes below `root`, those that ended left out. Undefined where there is no /proc. */
export async function cpuSecondsBelow(root: number): Promise<number | undefined> {
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined) return undefined;
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readProcess));
  const processes = found.filter((one) => one !== undefined);
  const below = new Set([root]);
  let seconds = 0;
  for (let isGrowing = true; isGrowing;) {
    isGrowing = false;
    for (const one of processes) {
      if (below.has(one.pid) || !below.has(one.parent)) continue;
      below.add(one.pid);
      seconds += one.seconds;
      isGrowing = true;
    }
  }
  return seconds;
}

async function readProcess(name: string): Promise<Process | undefined> {
  // It may have ended since it was listed.
  const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  const ticks = Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD]);
  return { pid: Number(name), parent: Number(fields[PARENT_FIELD]), seconds: ticks / TICKS_PER_SECOND };
}
