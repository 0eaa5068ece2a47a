/**
 * Has the young generation collected while witnesses move.
 *
 * A transport leaves two to three bytes in dead buffers for each that passes (what the socket read, what was decrypted), and V8
 * looks at those only when small objects have filled the young generation: 22 MB of them in a transfer of 200 MB, 9 so.
 *
 * Invariant: `collect` is called once for each `COLLECT_EVERY_BYTES` that moved, in either direction; what is live is no
 * part of its cost, as long as little of it is young (0.2 ms).
 */

export const COLLECT_EVERY_BYTES = 2 * 1024 * 1024;

export class GarbagePacer {
  readonly #collect: () => void;
  #movedBytes = 0;

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  moved(bytes: number): void {
    this.#movedBytes += bytes;
    if (this.#movedBytes < COLLECT_EVERY_BYTES) return;
    this.#movedBytes %= COLLECT_EVERY_BYTES;
    this.#collect();
  }
}
