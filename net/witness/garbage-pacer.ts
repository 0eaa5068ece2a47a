/**
 * Has the young generation collected while witnesses move.
 *
 * A transport leaves two to three bytes in dead buffers for each that passes (what the socket read, what was decrypted), and V8
 * looks at those only when small objects have filled the young generation: 22 MB of them in a transfer of 200 MB, 9 so.
 *
 * Invariant: `collect` is called once for each `COLLECT_EVERY_BYTES` that moved in long bodies, in either direction; what is
 * live is no part of its cost, as long as little of it is young (0.2 ms).
 */

export const COLLECT_EVERY_BYTES = 2 * 1024 * 1024;

/**
 * Shorter ones come with so many small objects that V8 collects by itself, and with many that are young and live, which makes a
 * collection long: of five nodes on two cores the one that announced 10,000 witnesses of 14 kB and served them spent 5.1 and 5.2 s
 * in collections when they counted, and 2.5 and 2.8 s without (entries of `gc` in perf_hooks, runs that took turns).
 */
export const PACED_BODY_BYTES_MIN = 64 * 1024;

export class GarbagePacer {
  readonly #collect: () => void;
  #movedBytes = 0;

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** A body of `bytes` was sent or has come. */
  moved(bytes: number): void {
    if (bytes < PACED_BODY_BYTES_MIN) return;
    this.#movedBytes += bytes;
    if (this.#movedBytes < COLLECT_EVERY_BYTES) return;
    this.#movedBytes %= COLLECT_EVERY_BYTES;
    this.#collect();
  }
}
