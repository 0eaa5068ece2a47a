/**
 * The block number of every item, by the low 32 bits of its fingerprint: a hash table with linear probing (Knuth, TAOCP
 * 3, 6.4, algorithms L and R) in two typed arrays, 12 bytes an entry. Sketches name items by short ids; without this
 * table each name would cost a pass over all items.
 *
 * Invariant: an entry lies between its home slot and the next free one, with none free in between.
 */

import { invariant } from '../../../crdt/invariant.ts';

const INITIAL_SLOTS = 1024;
/** Beyond this load the table doubles: probes stay at two or three. */
const LOAD_MAX = 0.65;
const FREE = -1;

export class IdTable {
  #tags = new Uint32Array(INITIAL_SLOTS);
  #numbers = new Float64Array(INITIAL_SLOTS).fill(FREE);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The same pair may be in it several times. */
  add(tag: number, number: number): void {
    if (this.#count + 1 > this.#numbers.length * LOAD_MAX) this.#grow();
    this.#place(tag, number);
    this.#count++;
  }

  /** Precondition: the pair is in it. */
  remove(tag: number, number: number): void {
    const numbers = this.#numbers;
    const tags = this.#tags;
    const mask = numbers.length - 1;
    let slot = tag & mask;
    while (tags[slot] !== tag || numbers[slot] !== number) {
      invariant(numbers[slot] !== FREE, 'an id that is removed from the table is in it');
      slot = (slot + 1) & mask;
    }
    // Algorithm R: what was displaced by the removed entry moves back.
    let gap = slot;
    for (let next = (slot + 1) & mask; numbers[next] !== FREE; next = (next + 1) & mask) {
      const home = (tags[next] ?? 0) & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      tags[gap] = tags[next] ?? 0;
      numbers[gap] = numbers[next] ?? FREE;
      gap = next;
    }
    numbers[gap] = FREE;
    this.#count--;
  }

  /** The numbers of all items with this tag: almost always none or one. */
  numbersOf(tag: number): number[] {
    const found: number[] = [];
    const mask = this.#numbers.length - 1;
    for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
      const number = this.#numbers[slot] ?? FREE;
      if (number === FREE) return found;
      if (this.#tags[slot] === tag) found.push(number);
    }
  }

  #place(tag: number, number: number): void {
    const mask = this.#numbers.length - 1;
    let slot = tag & mask;
    while (this.#numbers[slot] !== FREE) slot = (slot + 1) & mask;
    this.#tags[slot] = tag;
    this.#numbers[slot] = number;
  }

  #grow(): void {
    const [tags, numbers] = [this.#tags, this.#numbers];
    this.#tags = new Uint32Array(2 * tags.length);
    this.#numbers = new Float64Array(2 * numbers.length).fill(FREE);
    for (let slot = 0; slot < numbers.length; slot++) {
      const number = numbers[slot] ?? FREE;
      if (number !== FREE) this.#place(tags[slot] ?? 0, number);
    }
  }
}
