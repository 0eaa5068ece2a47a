/**
 * How far catching up has come: records here, records that the fullest connected peer says it has, and the rate at which
 * they come.
 *
 * Invariant: nothing is shown while fewer than CATCH_UP_RECORDS_MIN records are missing, since gossip and one session settle
 * that.
 */

import { ProgressMeter, type Progress } from '../progress/progress-meter.ts';

/** Fewer missing records are not worth a word. */
export const CATCH_UP_RECORDS_MIN = 1_000;

export class CatchUpMeter {
  readonly #meter = new ProgressMeter();

  /** Call it now and then; times are monotonic. `peerRecords`: what each connected peer's last heartbeat said. */
  note(nowMs: number, ownRecords: number, peerRecords: readonly number[]): void {
    this.#meter.note(nowMs, ownRecords, Math.max(ownRecords, ...peerRecords));
  }

  /** Undefined when there is nothing to catch up with. */
  get progress(): Progress | undefined {
    const { progress } = this.#meter;
    const isWorthAWord = progress !== undefined && progress.total - progress.done >= CATCH_UP_RECORDS_MIN;
    return isWorthAWord ? progress : undefined;
  }
}
