/**
 * The last entries of an endless list, for readers that come when they like.
 *
 * Invariant: at most `entriesMax` are kept; `count` is how many there ever were, so a reader that remembers it gets each
 * later entry once, and misses only those that have gone out since.
 */

export class RecentList<T> {
  readonly #entriesMax: number;
  #entries: T[] = [];
  #count = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get count(): number {
    return this.#count;
  }

  add(entry: T): void {
    this.#count++;
    this.#entries.push(entry);
    // In pieces, so that an entry costs the same whether or not one goes out.
    if (this.#entries.length >= 2 * this.#entriesMax) this.#entries = this.#entries.slice(-this.#entriesMax);
  }

  /** Oldest first. */
  all(): T[] {
    return this.#entries.slice(-this.#entriesMax);
  }

  /** Those kept of what came after the first `seen`, the last `limit` of them. */
  since(seen: number, limit = this.#entriesMax): T[] {
    const news = Math.min(this.#count - seen, this.#entriesMax, limit);
    return news <= 0 ? [] : this.#entries.slice(-news);
  }
}
