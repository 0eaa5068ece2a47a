/**
 * Finds slots by a value that a column holds for them: an open-addressing table of slots alone, 5 to 11 bytes each.
 *
 * Invariant: a slot is found from `add` to `delete`, as long as its hash stays what it was. Several slots may share one hash.
 *
 * Linear probing with backward-shift deletion: Knuth, The Art of Computer Programming 3, 6.4, algorithm R.
 */

import type { RandomInteger } from '../../net/clock.ts';

/** What a search gives that finds nothing. */
export const NO_SLOT = -1;

/** At the lowest load that a growing index has, 3 of 8 places, not one of them hits in 1 of 10^13 cases. */
const DRAWS_MAX = 64;
const INITIAL_PLACES = 1024;
/** 2^32 divided by the golden ratio: consecutive numbers land far apart. */
const SPREAD = 0x9e37_79b1;

export class SlotIndex {
  readonly #hashOf: (slot: number) => number;
  /** Slot + 1 at each place; 0: free. */
  #places = new Uint32Array(INITIAL_PLACES);
  #size = 0;

  /** `hashOf`: 32 bits, of a slot that was added. They need not be mixed well. */
  constructor(hashOf: (slot: number) => number) {
    this.#hashOf = hashOf;
  }

  get size(): number {
    return this.#size;
  }

  /** The first slot with `hash` that `matches`, or `NO_SLOT`. */
  find(hash: number, matches: (slot: number) => boolean): number {
    const mask = this.#places.length - 1;
    for (let place = this.#home(hash); ; place = (place + 1) & mask) {
      const slot = (this.#places[place] ?? 0) - 1;
      if (slot === NO_SLOT || matches(slot)) return slot;
    }
  }

  /** Every slot that `matches`. Precondition: all that do have `hash`. */
  findAll(hash: number, matches: (slot: number) => boolean): number[] {
    const found: number[] = [];
    this.find(hash, (slot) => {
      if (matches(slot)) found.push(slot);
      return false;
    });
    return found;
  }

  /** One of the slots by chance, each as likely as another; `NO_SLOT` when there is none. */
  pick(random: RandomInteger): number {
    if (this.#size === 0) return NO_SLOT;
    const mask = this.#places.length - 1;
    let place = random(this.#places.length);
    for (let draws = 1; this.#places[place] === 0 && draws < DRAWS_MAX; draws++) place = random(this.#places.length);
    // An index that has become almost empty: the next one, then.
    while (this.#places[place] === 0) place = (place + 1) & mask;
    return (this.#places[place] ?? 0) - 1;
  }

  /** Precondition: the slot is not in yet. */
  add(slot: number): void {
    // At three quarters full a search looks at 2.5 places on average.
    if ((this.#size + 1) * 4 > this.#places.length * 3) this.#grow();
    this.#put(slot);
    this.#size++;
  }

  /** Nothing happens when the slot is not in. */
  delete(slot: number): void {
    const mask = this.#places.length - 1;
    let hole = this.#home(this.#hashOf(slot));
    for (; this.#places[hole] !== slot + 1; hole = (hole + 1) & mask) if (this.#places[hole] === 0) return;
    for (let place = (hole + 1) & mask; this.#places[place] !== 0; place = (place + 1) & mask) {
      const entry = this.#places[place] ?? 0;
      const home = this.#home(this.#hashOf(entry - 1));
      // Whoever does not probe over the hole on its way from home may stay.
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      this.#places[hole] = entry;
      hole = place;
    }
    this.#places[hole] = 0;
    this.#size--;
  }

  #put(slot: number): void {
    const mask = this.#places.length - 1;
    let place = this.#home(this.#hashOf(slot));
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = slot + 1;
  }

  #home(hash: number): number {
    const mixed = Math.imul(hash, SPREAD);
    return (mixed ^ (mixed >>> 15)) & (this.#places.length - 1);
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Uint32Array(before.length * 2);
    for (const entry of before) if (entry !== 0) this.#put(entry - 1);
  }
}
