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
 * Shorter ones come with so many small objects that V8 collects by itself, and with so many that are young and live that to collect
 * takes 5 ms: with them a node that announced and served 10,000 witnesses of 14 kB collected for 4.7 s, and without for 2.5.
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
