/**
 * Starts `driftlock run` as a process of its own.
 *
 * Invariant: the process ends with the one that started it, however that ends: the IPC channel between them closes.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { STOP_WITH_PARENT } from './stop-with-parent.ts';

/** Plain JavaScript, so it is not built: it lies in `src/` also where this file lies in `dist/src/`. */
const PROGRAM_PLACE = import.meta.url.endsWith('.ts') ? '../driftlock.js' : '../../../src/driftlock.js';
const PROGRAM = fileURLToPath(new URL(PROGRAM_PLACE, import.meta.url));

export interface Spawned {
  /** Of `driftlock run`. */
  readonly args: readonly string[];
  /** The descriptor of the file that its output is appended to: no pipe, whose reader would be kept busy by it. */
  readonly log: number;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the rest of its arguments, such as `ip netns exec NAME`. */
  readonly through?: readonly string[];
}

export function spawnNode({ args, log, env = {}, through = [] }: Spawned): ChildProcess {
  const node = [process.execPath, PROGRAM, 'run', ...args];
  const [command = process.execPath, ...rest] = [...through, ...node];
  return spawn(command, rest, {
    // Out of the terminal's group: Ctrl-C is for the parent, which then stops its nodes once, with grace.
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...env, [STOP_WITH_PARENT]: '1' },
  });
}
