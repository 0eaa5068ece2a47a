/**
 * How far a long task has come, and how fast it goes.
 *
 * Invariant: the rate is that of the last `RATE_WINDOW_MS`.
 */

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
  /** Undefined while nothing gets done. */
  readonly leftMs: number | undefined;
}

export const RATE_WINDOW_MS = 10_000;

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

export class ProgressMeter {
  #samples: Sample[] = [];
  #total = 0;

  /** Call it now and then; times are monotonic. */
  note(nowMs: number, done: number, total: number): void {
    this.#total = total;
    this.#samples = [...this.#samples.filter(({ atMs }) => atMs > nowMs - RATE_WINDOW_MS), { atMs: nowMs, done }];
  }

  /** Undefined before anything was noted. */
  get progress(): Progress | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const elapsedMs = last.atMs - first.atMs;
    const perSecond = elapsedMs === 0 ? 0 : Math.max(0, ((last.done - first.done) * 1_000) / elapsedMs);
    const leftMs = perSecond === 0 ? undefined : (Math.max(0, this.#total - last.done) * 1_000) / perSecond;
    return { done: last.done, total: this.#total, perSecond, leftMs };
  }
}
