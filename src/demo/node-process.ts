/**
 * One node of the demo: a process of its own, started again when it dies, until the demo ends.
 *
 * Invariant: no process outlives the demo; what a node logs is in `node-N.log` beside its directory.
 */

import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { fetchStatus } from '../rpc/client.ts';
import type { StatusAnswer } from '../rpc/status-schema.ts';
import { pause } from '../../net/clock.ts';
import { systemClock } from '../node/machine.ts';
import { spawnNode } from './spawn-node.ts';

const RESTART_DELAY_MS = 1_000;
/** To end after SIGTERM; then SIGKILL. */
const STOP_GRACE_MS = 10_000;

export interface NodePlan {
  readonly name: string;
  readonly datadir: string;
  readonly logFile: string;
  readonly listenPort: number;
  readonly rpcPort: number;
  /** Arguments of `driftlock run` beyond directory and ports. */
  readonly runArguments: readonly string[];
}

export class NodeProcess {
  readonly plan: NodePlan;
  readonly rpcUrl: URL;
  readonly #log: number;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #restarts = 0;
  #supervision: Promise<void> | undefined;

  constructor(plan: NodePlan) {
    this.plan = plan;
    this.rpcUrl = new URL(`http://127.0.0.1:${plan.rpcPort}`);
    this.#log = openSync(plan.logFile, 'a');
  }

  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    this.#supervision = this.#supervise();
  }

  /** What the node says of itself; undefined while it does not answer. */
  async status(): Promise<StatusAnswer | undefined> {
    try {
      return await fetchStatus(this.rpcUrl, systemClock);
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child !== undefined && this.pid !== undefined) {
      child.kill('SIGTERM');
      const cancel = systemClock.schedule(STOP_GRACE_MS, () => child.kill('SIGKILL'));
      await this.#supervision;
      cancel();
    }
    closeSync(this.#log);
  }

  async #supervise(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const { datadir, listenPort, rpcPort, runArguments } = this.plan;
      const listen = `/ip4/127.0.0.1/tcp/${listenPort}`;
      const args = ['--datadir', datadir, '--listen', listen, '--rpc', `127.0.0.1:${rpcPort}`, ...runArguments];
      const child = spawnNode({ args, log: this.#log });
      this.#child = child;
      await once(child, 'close');
      if (this.#stopping.signal.aborted) return;
      this.#restarts++;
      await pause(systemClock, RESTART_DELAY_MS, this.#stopping.signal).catch(() => undefined);
    }
  }
}
