/**
 * The block number of every item, by the low 32 bits of its fingerprint: a hash table with linear probing (Knuth, TAOCP
 * 3, 6.4, algorithms L and R) in two typed arrays, 8 bytes an entry. Sketches name items by short ids; without this
 * table each name would cost a pass over all items.
 *
 * Invariant: an entry lies between its home slot and the next free one, with none free in between. A number that does not fit
 * into 32 bits stands beside the table, and its entry says so.
 */

import { invariant } from '../../../crdt/invariant.ts';

const INITIAL_SLOTS = 1024;
/** Beyond this load the table doubles: probes stay at two or three. */
const LOAD_MAX = 0.65;
/** What an entry holds: nothing, 1 + a number, or that the number stands beside the table. */
const FREE = 0;
const FAR = 2 ** 32 - 1;

export class IdTable {
  #tags = new Uint32Array(INITIAL_SLOTS);
  #entries = new Uint32Array(INITIAL_SLOTS);
  /** By tag. No chain in use counts four thousand million blocks. */
  readonly #far = new Map<number, number[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The same pair may be in it several times. */
  add(tag: number, number: number): void {
    if (this.#count + 1 > this.#entries.length * LOAD_MAX) this.#grow();
    const entry = entryOf(number);
    if (entry === FAR) this.#far.set(tag, [...(this.#far.get(tag) ?? []), number]);
    this.#place(tag, entry);
    this.#count++;
  }

  /** Precondition: the pair is in it. */
  remove(tag: number, number: number): void {
    const entries = this.#entries;
    const tags = this.#tags;
    const mask = entries.length - 1;
    const entry = entryOf(number);
    let slot = tag & mask;
    while (tags[slot] !== tag || entries[slot] !== entry) {
      invariant(entries[slot] !== FREE, 'an id that is removed from the table is in it');
      slot = (slot + 1) & mask;
    }
    if (entry === FAR) this.#removeFar(tag, number);
    // Algorithm R: what was displaced by the removed entry moves back.
    let gap = slot;
    for (let next = (slot + 1) & mask; entries[next] !== FREE; next = (next + 1) & mask) {
      const home = (tags[next] ?? 0) & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      tags[gap] = tags[next] ?? 0;
      entries[gap] = entries[next] ?? FREE;
      gap = next;
    }
    entries[gap] = FREE;
    this.#count--;
  }

  /** The numbers of all items with this tag: almost always none or one. */
  numbersOf(tag: number): number[] {
    const found = [...(this.#far.get(tag) ?? [])];
    const mask = this.#entries.length - 1;
    for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#entries[slot] ?? FREE;
      if (entry === FREE) return found;
      if (this.#tags[slot] === tag && entry !== FAR) found.push(entry - 1);
    }
  }

  #removeFar(tag: number, number: number): void {
    const far = this.#far.get(tag) ?? [];
    const at = far.indexOf(number);
    invariant(at >= 0, 'a far number that is removed from the table is in it');
    const left = far.toSpliced(at, 1);
    if (left.length === 0) this.#far.delete(tag);
    else this.#far.set(tag, left);
  }

  #place(tag: number, entry: number): void {
    const mask = this.#entries.length - 1;
    let slot = tag & mask;
    while (this.#entries[slot] !== FREE) slot = (slot + 1) & mask;
    this.#tags[slot] = tag;
    this.#entries[slot] = entry;
  }

  #grow(): void {
    const [tags, entries] = [this.#tags, this.#entries];
    this.#tags = new Uint32Array(2 * tags.length);
    this.#entries = new Uint32Array(2 * entries.length);
    for (const [slot, entry] of entries.entries()) if (entry !== FREE) this.#place(tags[slot] ?? 0, entry);
  }
}

function entryOf(number: number): number {
  return Math.min(number + 1, FAR);
}
