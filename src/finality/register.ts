/**
 * The last final block: a max-register, and what is known of the final blocks below it.
 *
 * Invariant: its number never goes down, and a block that is final stays the one of its number: of two that claim one
 * number the first to arrive stays, and the other is a conflict for people to look at, since one of them is a lie or a
 * broken chain.
 */

import type { BlockKey, Hash32 } from '../../crdt/ids.ts';

export type FinalityOutcome = 'raised' | 'same' | 'lower' | 'conflict';

/** Final blocks whose hash is remembered, the newest: a day of Ethereum. */
export const FINAL_HASHES_MAX = 8_192;

export class FinalityRegister {
  #last: BlockKey | undefined;
  /** In the order of arrival. */
  readonly #hashes = new Map<number, Hash32>();

  /** Undefined before anybody has said anything. */
  get last(): BlockKey | undefined {
    return this.#last;
  }

  /** Whether blocks of this number are final. */
  isFinal(number: number): boolean {
    return this.#last !== undefined && number <= this.#last.number;
  }

  /** Whether another block than `key` is known to be the final one of its number. */
  contradicts(key: BlockKey): boolean {
    const hash = this.#hashes.get(key.number);
    return hash !== undefined && hash !== key.hash;
  }

  offer(key: BlockKey): FinalityOutcome {
    if (this.contradicts(key)) return 'conflict';
    if (this.#last !== undefined && key.number <= this.#last.number) {
      return key.number === this.#last.number ? 'same' : 'lower';
    }
    this.#last = key;
    this.#remember(key);
    return 'raised';
  }

  /** The parent of a final block is final. False when it is known already, or another is. */
  noteAncestor(key: BlockKey): boolean {
    if (this.#hashes.has(key.number)) return false;
    this.#remember(key);
    return true;
  }

  #remember({ number, hash }: BlockKey): void {
    this.#hashes.set(number, hash);
    if (this.#hashes.size <= FINAL_HASHES_MAX) return;
    const oldest = this.#hashes.keys().next();
    if (oldest.done !== true) this.#hashes.delete(oldest.value);
  }
}
