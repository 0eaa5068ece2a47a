/**
 * How far a node has come in reading its directory at start, for status and log.
 *
 * Invariant: files count as done when they were passed, known from the snapshot or read; the total is their number at the
 * beginning.
 */

import type { Clock } from '../../net/clock.ts';
import { ProgressMeter, type Progress } from '../progress/progress-meter.ts';

/** Between two lines in the log: a load that is over by then is not worth one. */
export const LOAD_REPORT_MS = 5_000;

export interface LoadMeterOptions {
  readonly clock: Clock;
  readonly onProgress: (progress: Progress) => void;
}

export class LoadMeter {
  readonly #options: LoadMeterOptions;
  readonly #meter = new ProgressMeter();
  #done = 0;
  #total = 0;
  #isLoading = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: LoadMeterOptions) {
    this.#options = options;
  }

  /** Undefined while nothing is being read. */
  get progress(): Progress | undefined {
    if (!this.#isLoading) return undefined;
    this.#sample();
    return this.#meter.progress;
  }

  begin(totalFiles: number): void {
    this.#isLoading = true;
    this.#total = totalFiles;
    this.#sample();
    this.#reportLater();
  }

  pass(): void {
    this.#done++;
  }

  end(): void {
    this.#isLoading = false;
    this.#cancelTimer();
  }

  #reportLater(): void {
    this.#cancelTimer = this.#options.clock.schedule(LOAD_REPORT_MS, () => {
      const { progress } = this;
      if (progress !== undefined) this.#options.onProgress(progress);
      this.#reportLater();
    });
  }

  #sample(): void {
    this.#meter.note(this.#options.clock.monotonicMs(), this.#done, Math.max(this.#done, this.#total));
  }
}
