/**
 * One node of the demo: a process of its own, started again when it dies, until the demo ends.
 *
 * Invariant: no process outlives the demo; what a node logs is in `node-N.log` beside its directory.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fetchStatus } from '../rpc/client.ts';
import type { StatusAnswer } from '../rpc/status-schema.ts';
import { pause } from '../../net/clock.ts';
import { systemClock } from '../node/machine.ts';
import { STOP_WITH_PARENT } from './stop-with-parent.ts';

/** Plain JavaScript, so it is not built: it lies in `src/` also where this file lies in `dist/src/`. */
/** As `src/driftlock.js` gives it to a node, which it cannot do with a channel to its parent. */
const YOUNG_GENERATION_FLAG = '--max-semi-space-size=2';
const PROGRAM_PLACE = import.meta.url.endsWith('.ts') ? '../driftlock.js' : '../../../src/driftlock.js';
const PROGRAM = fileURLToPath(new URL(PROGRAM_PLACE, import.meta.url));
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
  readonly #log: WriteStream;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #restarts = 0;
  #supervision: Promise<void> | undefined;

  constructor(plan: NodePlan) {
    this.plan = plan;
    this.rpcUrl = new URL(`http://127.0.0.1:${plan.rpcPort}`);
    this.#log = createWriteStream(plan.logFile, { flags: 'a' });
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
    this.#log.end();
  }

  async #supervise(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const { datadir, listenPort, rpcPort, runArguments } = this.plan;
      const listen = `/ip4/127.0.0.1/tcp/${listenPort}`;
      const args = ['run', '--datadir', datadir, '--listen', listen, '--rpc', `127.0.0.1:${rpcPort}`, ...runArguments];
      const child = spawn(process.execPath, [YOUNG_GENERATION_FLAG, PROGRAM, ...args], {
        // Out of the terminal's group: Ctrl-C is for the demo, which then stops its nodes once, with grace.
        detached: true,
        // The channel closes when the demo dies, however it does.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, [STOP_WITH_PARENT]: '1' },
      });
      this.#child = child;
      child.stdout?.pipe(this.#log, { end: false });
      child.stderr?.pipe(this.#log, { end: false });
      await once(child, 'close');
      if (this.#stopping.signal.aborted) return;
      this.#restarts++;
      await pause(systemClock, RESTART_DELAY_MS, this.#stopping.signal).catch(() => undefined);
    }
  }
}
