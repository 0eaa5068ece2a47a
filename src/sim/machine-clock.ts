/**
 * One machine's view of virtual time: a wall clock that may be off and may step, a monotonic clock that may drift, and
 * timers that stop with the machine.
 *
 * Invariants: the monotonic clock never goes back and never stands still, also while the machine is paused (SIGSTOP, a
 * stalled hypervisor); a timer fires no earlier than its delay on this machine's monotonic clock; while paused nothing
 * fires, and on resume all that is overdue fires at once, in order; after `halt` nothing ever fires.
 */

import type { Clock } from '../../net/clock.ts';

export interface MachineClockOptions {
  /** Of the wall clock, against virtual time. */
  readonly wallOffsetMs?: number;
  /** By which part both clocks run fast (or slow, when negative): 0.0002 is 200 ppm. */
  readonly driftRate?: number;
  /** What the monotonic clock shows at virtual time 0: machines boot at different times. */
  readonly bootedMs?: number;
}

/** Timers of a drifting clock fire on this grid, whose points a float holds exactly: without it rounding could set timers of no length for ever. */
const TICKS_PER_MS = 8;

export class MachineClock implements Clock {
  readonly #time: Clock;
  readonly #driftRate: number;
  readonly #bootedMs: number;
  readonly #cancels = new Set<() => void>();
  #wallOffsetMs: number;
  #overdue: (() => void)[] | undefined;
  #isHalted = false;

  constructor(time: Clock, { wallOffsetMs = 0, driftRate = 0, bootedMs = 0 }: MachineClockOptions = {}) {
    this.#time = time;
    this.#wallOffsetMs = wallOffsetMs;
    this.#driftRate = driftRate;
    this.#bootedMs = bootedMs;
  }

  /** Whole milliseconds, as the machine's own. */
  wallMs(): number {
    return Math.floor(this.#time.wallMs() + this.#time.monotonicMs() * this.#driftRate + this.#wallOffsetMs);
  }

  monotonicMs(): number {
    return this.#bootedMs + this.#time.monotonicMs() * (1 + this.#driftRate);
  }

  schedule(delayMs: number, fire: () => void): () => void {
    if (this.#isHalted) return () => undefined;
    const run = (): void => {
      if (!this.#cancels.has(cancel)) return;
      if (this.#overdue !== undefined) {
        this.#overdue.push(run);
        return;
      }
      this.#cancels.delete(cancel);
      fire();
    };
    const cancelTimer = this.#time.schedule(this.#virtualDelayMs(delayMs), run);
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  /** Timers that were neither fired nor cancelled. */
  get timers(): number {
    return this.#cancels.size;
  }

  /** How far the wall clock is ahead of virtual time now. */
  get wallErrorMs(): number {
    return this.wallMs() - this.#time.wallMs();
  }

  get isPaused(): boolean {
    return this.#overdue !== undefined;
  }

  /** The clock of the same machine after its next boot: the wall clock went on, the monotonic one began anew. */
  rebooted(bootedMs: number): MachineClock {
    return new MachineClock(this.#time, { wallOffsetMs: this.#wallOffsetMs, driftRate: this.#driftRate, bootedMs });
  }

  /** Steps the wall clock, as an administrator or NTP does. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Nothing fires any more until `resume`; time goes on. */
  pause(): void {
    this.#overdue ??= [];
  }

  resume(): void {
    const overdue = this.#overdue ?? [];
    this.#overdue = undefined;
    for (const run of overdue) this.#time.schedule(0, run);
  }

  /** The machine is dead: nothing fires on it any more. */
  halt(): void {
    this.#isHalted = true;
    for (const cancel of this.#cancels) cancel();
  }

  #virtualDelayMs(delayMs: number): number {
    const exactMs = Math.max(0, delayMs);
    if (this.#driftRate === 0) return exactMs;
    return Math.ceil((exactMs / (1 + this.#driftRate)) * TICKS_PER_MS) / TICKS_PER_MS;
  }
}
