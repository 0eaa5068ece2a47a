/**
 * Whether the next part of a file is read on the thread that asks, as what the system has in memory is: 256 KiB are copied in
 * 30 µs, 14 kB in 15 with open and close, and only to wake another thread takes 40 to 100.
 *
 * Invariant: of `POOLED_READS` and one reads on a slow disk one at most holds up the thread that asks. Pure; times are given.
 */

/** What is read here at a time: a chunk of a witness. */
export const WARM_READ_BYTES_MAX = 256 * 1024;
/** A read that took longer was not from memory. */
export const WARM_READ_MS_MAX = 1;
/** So many go elsewhere after one that was slow, before the next is tried. */
export const POOLED_READS = 64;

export class WarmReads {
  #pooledLeft = 0;

  /** For one read, whose time is to be noted if so. */
  next(): 'here' | 'elsewhere' {
    if (this.#pooledLeft === 0) return 'here';
    this.#pooledLeft--;
    return 'elsewhere';
  }

  /** A read here took so long. */
  took(elapsedMs: number): void {
    if (elapsedMs > WARM_READ_MS_MAX) this.#pooledLeft = POOLED_READS;
  }
}
