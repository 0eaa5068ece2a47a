/**
 * This node's own clocks: read together, watched for steps, and what is told of them to peers.
 *
 * Invariant: every reading that is handed out was compared with an earlier one, and `onStep` has been called for a step
 * that shows between the two.
 */

import type { Clock, RandomInteger } from '../../net/clock.ts';
import { CLOCK_RUN_MAX } from '../../net/clock-sync/messages.ts';
import { APART_MS_MAX, readClocks, stepBetween, type ClockReading } from '../../net/clock-sync/reading.ts';
import type { OwnClockAnswer } from '../../net/clock-sync/serve.ts';

/** Steps show against a reading that is up to this old: many small ones add up. */
const ANCHOR_MS = 10_000;

export interface OwnClockOptions {
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  readonly random: RandomInteger;
  readonly driftRate: number;
  /** The wall clock was stepped, or the machine suspended: which of the two does not show. */
  readonly onStep: (stepMs: number) => void;
}

export class OwnClock {
  readonly #options: OwnClockOptions;
  readonly #run: number;
  readonly #startedAtMs: number;
  #anchor: ClockReading;
  #steadySinceMs: number;
  #steps = 0;

  constructor(options: OwnClockOptions) {
    this.#options = options;
    this.#run = options.random(CLOCK_RUN_MAX);
    this.#anchor = readClocks(options.clock);
    this.#startedAtMs = this.#anchor.monotonicMs;
    this.#steadySinceMs = this.#startedAtMs;
  }

  /** Steps that were noticed. */
  get steps(): number {
    return this.#steps;
  }

  /** Since the last step that was noticed, or the start. */
  get steadyForMs(): number {
    return this.#options.clock.monotonicMs() - this.#steadySinceMs;
  }

  /** Reads the clocks; a step is acted on before the reading is returned. */
  look(): ClockReading {
    const { clock, driftRate, onStep } = this.#options;
    const now = readClocks(clock);
    const stepMs = stepBetween(this.#anchor, now, driftRate);
    if (stepMs !== 0) {
      this.#anchor = now;
      this.#steadySinceMs = now.monotonicMs;
      this.#steps++;
      onStep(stepMs);
    } else if (now.monotonicMs - this.#anchor.monotonicMs >= ANCHOR_MS) {
      this.#anchor = now;
    }
    return now;
  }

  /** Now, as it stands in answers to peers. */
  sinceStartMs(): number {
    return this.#options.clock.monotonicMs() - this.#startedAtMs;
  }

  /** Undefined when the process is stalled so often that the clocks cannot be read together. */
  answer(): OwnClockAnswer | undefined {
    const { wallMs, monotonicMs, apartMs } = this.look();
    if (apartMs > APART_MS_MAX) return undefined;
    return {
      run: this.#run,
      sentMs: monotonicMs - this.#startedAtMs,
      wallMs: Math.max(0, wallMs),
      steadyForMs: monotonicMs - this.#steadySinceMs,
    };
  }
}
