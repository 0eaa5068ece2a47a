/**
 * Sketches of any range of block numbers, kept up to date item by item. The numbers are cut into partitions of 16,384;
 * each keeps its coded symbols and counters, and those of a range are put together from the partitions in it.
 *
 * Invariant: a partition that keeps a sketch keeps that of all its items. One with few items keeps none, so numbers far
 * apart cost no memory; its items are looked at when it is asked about. One with many gets its sketch when it is first asked
 * about or prepared, since a replica that is being loaded needs none yet: that is a third of what its index costs.
 */

import { invariant } from '../../../crdt/invariant.ts';
import { boundAt, compareItems, type ItemRange } from '../index/item.ts';
import type { ItemTree } from '../index/item-tree.ts';
import { SKETCH_SYMBOLS_MAX } from '../limits.ts';
import { mergeSymbols, SYMBOL_WORDS, toggleItem } from './coded-symbols.ts';
import { addCounters, countItem, ESTIMATOR_COUNTERS } from './estimator.ts';

export const PARTITION_NUMBERS = 16_384;
/** A partition keeps a sketch from this many items on (49 KiB); below, going over them costs less than half a millisecond. */
export const SKETCHED_ITEMS_MIN = 512;

interface Partition {
  count: number;
  sketch: Sketch | undefined;
}

interface Sketch {
  readonly symbols: Uint32Array;
  readonly counters: Int16Array;
}

export class SketchPartitions {
  readonly #items: ItemTree;
  readonly #partitions = new Map<number, Partition>();
  /** With many items and no sketch. */
  readonly #unprepared = new Set<number>();
  /** Ascending. */
  readonly #indexes: number[] = [];

  constructor(items: ItemTree) {
    this.#items = items;
  }

  /** An item has come into the tree. */
  added(number: number, high: number, low: number): void {
    const index = Math.floor(number / PARTITION_NUMBERS);
    let partition = this.#partitions.get(index);
    if (partition === undefined) {
      partition = { count: 0, sketch: undefined };
      this.#partitions.set(index, partition);
      this.#indexes.splice(this.#positionOf(index), 0, index);
    }
    partition.count++;
    if (partition.sketch !== undefined) {
      toggleItem(partition.sketch.symbols, high, low);
      countItem(partition.sketch.counters, high, low, 1);
    } else if (partition.count === SKETCHED_ITEMS_MIN) {
      this.#unprepared.add(index);
    }
  }

  /** Makes the sketch of one partition that lacks its own: 20 ms at most. False when none does. */
  prepareOne(): boolean {
    const [index] = this.#unprepared;
    if (index === undefined) return false;
    this.#sketched(index);
    return true;
  }

  /** An item has gone from the tree. */
  removed(number: number, high: number, low: number): void {
    const index = Math.floor(number / PARTITION_NUMBERS);
    const partition = this.#partitions.get(index);
    invariant(partition !== undefined, 'a partition that loses an item has it');
    partition.count--;
    if (partition.count === 0) {
      this.#partitions.delete(index);
      this.#indexes.splice(this.#positionOf(index), 1);
    } else if (partition.count < SKETCHED_ITEMS_MIN / 2) {
      partition.sketch = undefined;
      this.#unprepared.delete(index);
    } else if (partition.sketch !== undefined) {
      toggleItem(partition.sketch.symbols, high, low);
      countItem(partition.sketch.counters, high, low, -1);
    }
  }

  /** The first `length` coded symbols of the items in `range`. */
  symbols(range: ItemRange, length: number): Uint32Array {
    invariant(length <= SKETCH_SYMBOLS_MAX, 'no more symbols are asked for than are kept');
    const symbols = new Uint32Array(length * SYMBOL_WORDS);
    this.#compose(
      range,
      (sketch) => mergeSymbols(symbols, sketch.symbols),
      // Symbols are XORs: adding and taking out are the same.
      (high, low) => toggleItem(symbols, high, low),
    );
    return symbols;
  }

  /** The estimator's counters over the items in `range`. */
  counters(range: ItemRange): Int16Array {
    const counters = new Int16Array(ESTIMATOR_COUNTERS);
    this.#compose(
      range,
      (sketch) => addCounters(counters, sketch.counters),
      (high, low, times) => countItem(counters, high, low, times),
    );
    return counters;
  }

  /** The first block numbers of the partitions with items in `range`, ascending. */
  startsIn({ from, to }: ItemRange): number[] {
    const starts: number[] = [];
    for (let at = this.#positionOf(Math.floor(from.number / PARTITION_NUMBERS)); at < this.#indexes.length; at++) {
      const start = (this.#indexes[at] ?? 0) * PARTITION_NUMBERS;
      if (compareItems(boundAt(start), to) >= 0) break;
      starts.push(start);
    }
    return starts;
  }

  /**
   * Puts a range together: whole sketches, and single items where a partition lies partly outside or keeps no sketch. Of such a
   * partition the smaller part is gone over: what is inside, or what has to be taken out again.
   */
  #compose(
    range: ItemRange,
    addSketch: (sketch: Sketch) => void,
    count: (high: number, low: number, times: 1 | -1) => void,
  ): void {
    const firstRank = this.#items.rank(range.from);
    const endRank = this.#items.rank(range.to);
    const visit = (first: number, end: number, times: 1 | -1): void =>
      this.#items.visit(first, end, (_number, words, offset) => {
        count(words[offset + 2] ?? 0, words[offset + 3] ?? 0, times);
      });
    for (const start of this.startsIn(range)) {
      const [begin, end] = this.#ranksOf(start);
      const [first, last] = [Math.max(begin, firstRank), Math.min(end, endRank)];
      if (first >= last) continue;
      const inside = last - first;
      const sketch = inside < (end - begin) / 2 ? undefined : this.#sketched(start / PARTITION_NUMBERS);
      if (sketch === undefined) {
        visit(first, last, 1);
        continue;
      }
      addSketch(sketch);
      visit(begin, first, -1);
      visit(last, end, -1);
    }
  }

  /** The partition's sketch, made if it is due; undefined when the partition has too few items. */
  #sketched(index: number): Sketch | undefined {
    const partition = this.#partitions.get(index);
    if (partition !== undefined && this.#unprepared.delete(index)) partition.sketch = this.#sketchOf(index);
    return partition?.sketch;
  }

  #sketchOf(index: number): Sketch {
    const symbols = new Uint32Array(SKETCH_SYMBOLS_MAX * SYMBOL_WORDS);
    const counters = new Int16Array(ESTIMATOR_COUNTERS);
    const [first, end] = this.#ranksOf(index * PARTITION_NUMBERS);
    this.#items.visit(first, end, (_number, words, offset) => {
      const [high = 0, low = 0] = [words[offset + 2], words[offset + 3]];
      toggleItem(symbols, high, low);
      countItem(counters, high, low, 1);
    });
    return { symbols, counters };
  }

  #ranksOf(start: number): readonly [first: number, end: number] {
    return [this.#items.rank(boundAt(start)), this.#items.rank(boundAt(start + PARTITION_NUMBERS))];
  }

  /** Where `index` is, or would have to be, among the indexes. */
  #positionOf(index: number): number {
    let low = 0;
    let high = this.#indexes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#indexes[middle] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
