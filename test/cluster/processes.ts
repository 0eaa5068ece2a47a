/**
 * Processes of the program, as its users start them, that never outlive the test that started them.
 *
 * Invariant: only process groups that were started here are signalled, each by its own id.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/driftlock.js', import.meta.url));

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<DriftlockProcess>();

export class DriftlockProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[]) {
    // A group of its own, as a shell gives it one, so that it can be signalled as a terminal does.
    this.#child = spawn(process.execPath, [PROGRAM, ...args], {
      detached: true,
      env: { ...process.env, FORCE_COLOR: undefined, DRIFTLOCK_DEBUG: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    running.add(this);
    this.#closed = once(this.#child, 'close').finally(() => running.delete(this));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves once the process has ended and all it said was read. */
  async ended(): Promise<ProcessEnd> {
    await this.#closed;
    const { exitCode: code, signalCode: signal } = this.#child;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** SIGTERM, as an operator stops it. */
  stop(): Promise<ProcessEnd> {
    this.#child.kill('SIGTERM');
    return this.ended();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** To the process and all it started in its group, as a terminal sends it on Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.isRunning && this.pid !== undefined) process.kill(-this.pid, signal);
  }

  /** Whoever read its standard error is gone. */
  closeLog(): void {
    this.#child.stderr?.destroy();
  }

  /** SIGKILL, to the process and all it started. */
  kill(): Promise<ProcessEnd> {
    this.killNow();
    return this.ended();
  }

  killNow(): void {
    this.signalGroup('SIGKILL');
  }
}

/** Runs the program with `args` to its end. */
export function runToEnd(args: readonly string[]): Promise<ProcessEnd> {
  return new DriftlockProcess(args).ended();
}

/** Ends every process that is still running. For `afterEach` or `after`. */
export async function endProcesses(): Promise<void> {
  await Promise.all([...running].map((started) => started.kill()));
}

process.on('exit', () => {
  for (const started of running) started.killNow();
});
