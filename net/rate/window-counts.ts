/**
 * Counts of what each key did in windows of fixed length: so many a window, and no more.
 *
 * Invariant: pure in time, which is given; what is kept is bounded by the keys seen in one window.
 */

export class WindowCounts<Key> {
  readonly #windowMs: number;
  readonly #max: number;
  #startedAtMs = -Infinity;
  readonly #counts = new Map<Key, number>();

  constructor(windowMs: number, max: number) {
    this.#windowMs = windowMs;
    this.#max = max;
  }

  /** Counts one more of `key`; false when that is one too many. */
  take(key: Key, nowMs: number): boolean {
    if (nowMs - this.#startedAtMs >= this.#windowMs) {
      this.#startedAtMs = nowMs;
      this.#counts.clear();
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.#max;
  }
}
