/**
 * Whether the next part of a file is read on the thread that asks, as what the system has in memory is: 256 KiB are copied in
 * 30 µs, 14 kB in 15 with open and close, and only to wake another thread takes 40 to 100.
 *
 * Invariant: of `POOLED_READS` and one reads on a slow disk one at most holds up the thread that asks. Pure; the time is given.
 */

/** What is read here at a time: a chunk of a witness. */
export const WARM_READ_BYTES_MAX = 256 * 1024;
/** A read that took longer was not from memory. */
export const WARM_READ_MS_MAX = 1;
/** So many go elsewhere after one that was slow, before the next is tried. */
export const POOLED_READS = 64;

export class WarmReads {
  readonly #nowMs: () => number;
  #pooledLeft = 0;

  /** `nowMs`: a monotonic clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Where the next read goes; one here is to be timed. */
  next(): 'here' | 'elsewhere' {
    if (this.#pooledLeft === 0) return 'here';
    this.#pooledLeft--;
    return 'elsewhere';
  }

  /** Runs a read here. */
  timed<T>(read: () => T): T {
    const sinceMs = this.#nowMs();
    try {
      return read();
    } finally {
      if (this.#nowMs() - sinceMs > WARM_READ_MS_MAX) this.#pooledLeft = POOLED_READS;
    }
  }
}
