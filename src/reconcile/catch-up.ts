/**
 * How far catching up has come: records here, records that the fullest connected peer says it has, and the rate at which
 * they come.
 *
 * Invariant: nothing is shown while fewer than CATCH_UP_RECORDS_MIN records are missing, since gossip and one session settle
 * that; the rate is that of the last RATE_WINDOW_MS.
 */

export interface CatchUpProgress {
  readonly done: number;
  readonly total: number;
  readonly recordsPerSecond: number;
  /** Undefined while nothing comes. */
  readonly leftMs: number | undefined;
}

/** Fewer missing records are not worth a word. */
export const CATCH_UP_RECORDS_MIN = 1_000;
export const RATE_WINDOW_MS = 10_000;

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

export class CatchUpMeter {
  #samples: Sample[] = [];
  #total = 0;

  /** Call it now and then; times are monotonic. `peerRecords`: what each connected peer's last heartbeat said. */
  note(nowMs: number, ownRecords: number, peerRecords: readonly number[]): void {
    this.#total = Math.max(ownRecords, ...peerRecords);
    this.#samples = [
      ...this.#samples.filter(({ atMs }) => atMs > nowMs - RATE_WINDOW_MS),
      { atMs: nowMs, done: ownRecords },
    ];
  }

  /** Undefined when there is nothing to catch up with. */
  get progress(): CatchUpProgress | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const missing = this.#total - last.done;
    if (missing < CATCH_UP_RECORDS_MIN) return undefined;
    const elapsedMs = last.atMs - first.atMs;
    const recordsPerSecond = elapsedMs === 0 ? 0 : Math.max(0, ((last.done - first.done) * 1_000) / elapsedMs);
    const leftMs = recordsPerSecond === 0 ? undefined : (missing * 1_000) / recordsPerSecond;
    return { done: last.done, total: this.#total, recordsPerSecond, leftMs };
  }
}
