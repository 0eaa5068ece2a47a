/**
 * Runs a shell command as a process group of its own, and sees to it that no process of the group outlives the run.
 *
 * Invariant: when `runProgram` resolves, the group has been killed. It gets there in one of three ways. The command
 * ends: what it left behind is killed. The signal is aborted: the group gets SIGTERM, and SIGKILL when the grace period
 * is over. This process ends, be it by SIGKILL: a watchdog shell in the group waits for the end of a pipe that only this
 * process holds, and kills the group from within. A program that leaves its group (`setsid`) is out of reach.
 *
 * Arguments reach the command as `"$@"` after its text, as in git's aliases and filters (git, `run-command.c`).
 */

import { textOf } from '../../crdt/errors.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { invariant } from '../../crdt/invariant.ts';
import type { Clock } from '../../net/clock.ts';
import { Tail } from './tail.ts';

/** Between SIGTERM and SIGKILL. */
export const TERMINATION_GRACE_MS = 5_000;
/** How long the output may stay open once the group is killed: a program that left the group may hold it for ever. */
export const OUTPUT_DRAIN_MS = 1_000;
export const STDOUT_TAIL_BYTES = 4 * 1024;
export const STDERR_TAIL_BYTES = 2 * 1024;

export interface Program {
  /** Shell text. In a pipeline or list, the arguments go to the last command. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a run ended, and the last of what it printed. */
export interface ProgramEnd {
  readonly fate: ProgramFate;
  readonly stdout: string;
  readonly stderr: string;
}

export type ProgramFate =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'not-started'; readonly reason: string };

/**
 * Descriptor 3 is the pipe, which the command must not hold. The watchdog outlives the SIGTERM of its group, to watch
 * through the grace period; and as long as it lives, the group's id cannot become another group's.
 */
const WATCHDOG = `{ trap '' HUP INT TERM; read -r line <&3; kill -KILL 0; } >/dev/null 2>&1 & exec 3<&-\n`;

/** Runs `program` until it ends, or until the aborted `signal` has ended it. Never rejects. */
export async function runProgram(program: Program, clock: Clock, signal: AbortSignal): Promise<ProgramEnd> {
  invariant(!signal.aborted, 'a program is not started for an aborted signal');
  let child: ChildProcess;
  try {
    child = start(program);
  } catch (error) {
    return { fate: notStarted(error), stdout: '', stderr: '' };
  }
  const ended = fateOf(child);
  if (child.pid === undefined) return { fate: await ended, stdout: '', stderr: '' };
  // A pipe that breaks is a pipe that ends.
  for (const pipe of child.stdio) pipe?.on('error', () => {});
  const stdout = keepTail(child.stdout, STDOUT_TAIL_BYTES);
  const stderr = keepTail(child.stderr, STDERR_TAIL_BYTES);
  const closed = nextEvent(child, 'close');

  const cancels: (() => void)[] = [];
  const graceOver = Promise.withResolvers<void>();
  const terminate = (): void => {
    signalGroup(child, 'SIGTERM');
    cancels.push(clock.schedule(TERMINATION_GRACE_MS, graceOver.resolve));
  };
  void graceOver.promise.then(() => signalGroup(child, 'SIGKILL'));
  signal.addEventListener('abort', terminate, { once: true });
  const fate = await ended;
  // The shell may end at once on SIGTERM; what it started gets its grace period all the same.
  if (signal.aborted) await Promise.race([Promise.all([stdout.ended, stderr.ended]), graceOver.promise]);
  signal.removeEventListener('abort', terminate);
  signalGroup(child, 'SIGKILL');

  const closePipes = (): void => child.stdio.forEach((pipe) => pipe?.destroy());
  cancels.push(clock.schedule(OUTPUT_DRAIN_MS, closePipes));
  await closed;
  for (const cancel of cancels) cancel();
  return { fate, stdout: stdout.tail.text(), stderr: stderr.tail.text() };
}

function start({ command, args, env }: Program): ChildProcess {
  return spawn('/bin/sh', ['-c', `${WATCHDOG}${command} "$@"`, 'sh', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

function fateOf(child: ChildProcess): Promise<ProgramFate> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(notStarted(error)));
    child.once('exit', (status, killedBy) =>
      resolve(status === null ? { kind: 'killed', signal: String(killedBy) } : { kind: 'exited', status }),
    );
  });
}

function notStarted(error: unknown): ProgramFate {
  return { kind: 'not-started', reason: textOf(error) };
}

function keepTail(output: Readable | null, bytesMax: number): { readonly tail: Tail; readonly ended: Promise<void> } {
  invariant(output !== null, 'the output of a program is a pipe');
  const tail = new Tail(bytesMax);
  output.on('data', (chunk: Uint8Array) => tail.push(chunk));
  return { tail, ended: nextEvent(output, 'close') };
}

function nextEvent(emitter: NodeJS.EventEmitter, name: string): Promise<void> {
  return new Promise((resolve) => {
    emitter.once(name, () => resolve());
  });
}

/** Does nothing when the group is gone, or now runs as a user that this process may not signal. */
function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
