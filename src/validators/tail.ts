/** Keeps the end of a byte stream. Invariant: it holds its limit in memory, however much goes through. */

export class Tail {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  push(chunk: Uint8Array): void {
    const added = chunk.subarray(-this.#bytes.length);
    const overflowBytes = Math.max(0, this.#length + added.length - this.#bytes.length);
    this.#bytes.copyWithin(0, overflowBytes, this.#length);
    this.#length -= overflowBytes;
    this.#bytes.set(added, this.#length);
    this.#length += added.length;
  }

  /** The last bytes as text; what is not UTF-8, a character cut in two among it, shows as U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
  }
}
