/**
 * A token bucket: so many bytes a second on average, one second's worth at once.
 *
 * Invariant: pure in time, which is given. Whoever takes more than there is goes into debt and is told how long to wait, so
 * that takers are served in the order in which they came and no large one starves.
 *
 * Turner: "New directions in communications (or which way to the information age?)", IEEE Communications Magazine, 1986.
 */

export class TokenBucket {
  readonly #bytesPerSecond: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = bytesPerSecond;
    this.#filledAtMs = nowMs;
  }

  /** Takes `bytes` and returns for how many milliseconds the taker has to wait before it uses them. */
  take(bytes: number, nowMs: number): number {
    const earned = ((nowMs - this.#filledAtMs) * this.#bytesPerSecond) / 1_000;
    this.#tokens = Math.min(this.#bytesPerSecond, this.#tokens + earned) - bytes;
    this.#filledAtMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1_000) / this.#bytesPerSecond;
  }

  /** Whether it is full again, so that a new one would be the same. */
  isFull(nowMs: number): boolean {
    return this.#tokens + ((nowMs - this.#filledAtMs) * this.#bytesPerSecond) / 1_000 >= this.#bytesPerSecond;
  }
}
