/**
 * One node as a process that is started, stopped, killed, paused and started again.
 *
 * Invariant: an end that nobody asked for is remembered; what the process says is appended to one log over all its lives.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { DriftlockError } from '../../../crdt/errors.ts';
import { pause } from '../../../net/clock.ts';
import { spawnNode } from '../../demo/spawn-node.ts';
import { systemClock } from '../../node/machine.ts';
import type { InjectedMessage } from '../../node/injected-faults.ts';
import { fetchStatus } from '../../rpc/client.ts';
import type { StatusAnswer } from '../../rpc/status-schema.ts';

/** To end after SIGTERM, then SIGKILL: a clean stop syncs the files of the last minute, on a disk that may be busy. */
const STOP_GRACE_MS = 60_000;
/** To have read its directory: 100,000 files, with their signatures, in half a minute, and in ten times that on a busy machine. */
const READY_MS_MAX = 300_000;
const READY_POLL_MS = 50;

export interface DaemonPlan {
  readonly name: string;
  readonly args: readonly string[];
  /** Of each life. */
  environment(): Promise<Readonly<Record<string, string>>>;
  readonly through: readonly string[];
  readonly logFile: string;
  readonly rpcUrl: URL;
}

/** How a life ended that should have ended with SIGTERM and exit code 0. */
export interface BadEnd {
  readonly name: string;
  readonly how: string;
}

export class Daemon {
  readonly #plan: DaemonPlan;
  readonly #log: number;
  readonly #badEnds: BadEnd[] = [];
  #child: ChildProcess | undefined;
  /** What the present life is meant to end by; undefined while it should go on. */
  #endsBy: 'SIGTERM' | 'SIGKILL' | undefined;
  #isPaused = false;

  constructor(plan: DaemonPlan) {
    this.#plan = plan;
    this.#log = openSync(plan.logFile, 'a');
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined;
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get isPaused(): boolean {
    return this.#isPaused && this.isRunning;
  }

  get badEnds(): readonly BadEnd[] {
    return this.#badEnds;
  }

  /** Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const { args, through, name } = this.#plan;
    const child = spawnNode({ args, env: await this.#plan.environment(), through, log: this.#log });
    this.#child = child;
    this.#endsBy = undefined;
    this.#isPaused = false;
    child.on('exit', (code, signal) => {
      const isAsForeseen = this.#endsBy === 'SIGKILL' || (this.#endsBy === 'SIGTERM' && code === 0);
      if (!isAsForeseen && this.#child === child)
        this.#badEnds.push({ name, how: describeEnd(code, signal, this.#endsBy) });
    });
  }

  /** Resolves once it works. Throws `ERR_NODE_NOT_READY` when it ends first or takes too long. */
  async ready(signal: AbortSignal): Promise<void> {
    const startedAtMs = systemClock.monotonicMs();
    while (!(await this.#works())) {
      const tookMs = systemClock.monotonicMs() - startedAtMs;
      if (!this.isRunning || tookMs > READY_MS_MAX) {
        const found = this.isRunning ? `none in ${READY_MS_MAX} ms` : 'its end';
        const detail = {
          argument: this.#plan.name,
          expected: 'to work',
          found: `${found}, see ${this.#plan.logFile}`,
        };
        throw new DriftlockError('ERR_NODE_NOT_READY', detail);
      }
      await pause(systemClock, READY_POLL_MS, signal);
    }
  }

  /** Whether it answers and has read its directory: before that it takes part in nothing. */
  async #works(): Promise<boolean> {
    const status = await this.status();
    return status !== undefined && (status.loading ?? null) === null;
  }

  /** What the node says of itself; undefined while it does not answer. */
  async status(): Promise<StatusAnswer | undefined> {
    if (!this.isRunning || this.#isPaused) return undefined;
    try {
      return await fetchStatus(this.#plan.rpcUrl, systemClock);
    } catch {
      return undefined;
    }
  }

  /** SIGTERM, as an operator stops it; SIGKILL when it has not ended in time, which is a bad end. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    this.resume();
    this.#endsBy = 'SIGTERM';
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    const cancel = systemClock.schedule(STOP_GRACE_MS, () => child.kill('SIGKILL'));
    await ended;
    cancel();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    this.#endsBy = 'SIGKILL';
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGSTOP: the process gets no time until `resume`. */
  pause(): void {
    this.#isPaused = this.#child?.kill('SIGSTOP') ?? false;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#child?.kill('SIGCONT');
  }

  /** To a node that was started with injected faults. */
  send(message: InjectedMessage): void {
    if (this.isRunning) this.#child?.send(message);
  }

  /** No life follows. */
  closeLog(): void {
    closeSync(this.#log);
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null, endsBy: string | undefined): string {
  const how = code === null ? `ended by ${signal}` : `exit code ${code}`;
  return endsBy === undefined ? `${how} while it should have run` : `${how} after ${endsBy}`;
}
