/**
 * The clock of one node, wrong as its scenario asks: by libfaketime where it is installed, else by the node's own
 * injected clock. A drift needs the injected one: libfaketime's stands still while the process asks nothing.
 *
 * Invariant: a node that no fault touches gets neither.
 */

import { CHAOS_VARIABLE, type InjectedClock } from '../../node/injected-faults.ts';
import type { Daemon } from './daemon.ts';
import { faketimeEnvironment, writeFaketime } from './faketime.ts';

export interface NodeClockPlan {
  readonly offsetMs: number;
  readonly driftRate: number;
  /** Whether a fault will step it. */
  readonly isStepped: boolean;
  /** Whether injected faults are needed for something else too. */
  readonly isInjected: boolean;
  readonly faketime: string | undefined;
  /** Where libfaketime reads the offset. */
  readonly file: string;
}

export class NodeClock {
  readonly #plan: NodeClockPlan;
  readonly #usesFaketime: boolean;
  #offsetMs: number;

  constructor(plan: NodeClockPlan) {
    this.#plan = plan;
    this.#offsetMs = plan.offsetMs;
    const isWrong = plan.offsetMs !== 0 || plan.isStepped;
    this.#usesFaketime = isWrong && plan.driftRate === 0 && plan.faketime !== undefined;
  }

  /** How it is made wrong, for the report. */
  get means(): 'faketime' | 'injected' {
    return this.#usesFaketime ? 'faketime' : 'injected';
  }

  /** Of the machine's wall clock now, without its drift. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Of a life of the node that starts now. */
  async environment(): Promise<Record<string, string>> {
    const { faketime, file, driftRate, isInjected, isStepped } = this.#plan;
    const byFaketime = this.#usesFaketime && faketime !== undefined;
    if (byFaketime) await writeFaketime(file, this.#offsetMs, 0);
    const isOff = !byFaketime && (this.#offsetMs !== 0 || driftRate !== 0 || isStepped);
    const start: InjectedClock = { wallOffsetMs: byFaketime ? 0 : this.#offsetMs, driftRate };
    return {
      ...(byFaketime ? faketimeEnvironment(faketime, file) : {}),
      ...(isOff || isInjected ? { [CHAOS_VARIABLE]: JSON.stringify(start) } : {}),
    };
  }

  async step(byMs: number, daemon: Daemon): Promise<void> {
    this.#offsetMs += byMs;
    if (this.#usesFaketime) await writeFaketime(this.#plan.file, this.#offsetMs, 0);
    else daemon.send({ driftlockChaos: { stepWallMs: byMs } });
  }
}
