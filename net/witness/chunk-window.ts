/**
 * How many chunks of a payload one source is asked for at a time: enough to keep it busy, and few that wait on the way, where
 * gossip over the same connection waits behind them.
 *
 * TCP Vegas (Brakmo and Peterson, 1995) with chunks for segments: of `size` chunks under way, `size × (1 − least / took)` wait
 * in buffers, where `least` is the shortest time that one has ever taken. Every round of `size` answers is judged by its quickest,
 * so that a pause of either process counts for nothing.
 *
 * Invariant: pure, times are given; `CHUNKS_ASKED_MIN ≤ size ≤ CHUNKS_ASKED_MAX`.
 */

/** One that is on its way while the one before it is read. */
export const CHUNKS_ASKED_MIN = 2;
/** 2 MiB, 20 MB/s at a round trip of 100 ms. */
export const CHUNKS_ASKED_MAX = 8;
/** Fewer chunks that wait than this: the source could send more. */
const WAITING_MIN = 0.75;
/** More that wait than this are too many. */
const WAITING_MAX = 1.5;

export class ChunkWindow {
  #size = CHUNKS_ASKED_MIN;
  /** Doubles until it was too much once. */
  #isProbing = true;
  #leastMs = Infinity;
  #roundLeastMs = Infinity;
  #roundAnswers = 0;

  get size(): number {
    return this.#size;
  }

  /** A chunk has arrived, `tookMs` (0 or more) after it was asked for. */
  arrived(tookMs: number): void {
    this.#leastMs = Math.min(this.#leastMs, tookMs);
    this.#roundLeastMs = Math.min(this.#roundLeastMs, tookMs);
    if (++this.#roundAnswers < this.#size) return;
    const waiting = this.#roundLeastMs === 0 ? 0 : this.#size * (1 - this.#leastMs / this.#roundLeastMs);
    if (waiting < WAITING_MIN)
      this.#size = Math.min(CHUNKS_ASKED_MAX, this.#isProbing ? this.#size * 2 : this.#size + 1);
    if (waiting > WAITING_MAX) {
      this.#size = Math.max(CHUNKS_ASKED_MIN, this.#size - 1);
      this.#isProbing = false;
    }
    this.#roundLeastMs = Infinity;
    this.#roundAnswers = 0;
  }
}
