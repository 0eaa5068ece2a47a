/**
 * What reconciliation knows of a replica: its items in order with sums, their ids, and sketches of them, all kept up to
 * date record by record, so that no session goes over all items. A million items take about 65 MB.
 *
 * Invariant: after `change` every answer is that of a recount over the records whose changes were told.
 */

import { EMPTY_FINGERPRINT, type Fingerprint } from '../../../crdt/block/fingerprint.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { SketchPartitions } from '../sketch/partitions.ts';
import { IdTable } from './id-table.ts';
import {
  boundAt,
  compareItems,
  END,
  itemIdOf,
  type Item,
  type ItemId,
  type ItemRange,
  type RangeSummary,
} from './item.ts';
import { ItemTree } from './item-tree.ts';
import { FINGERPRINT_WORDS, readWords, subtractWords, wordsOfBytes } from './words.ts';

const WORD_BITS = 32n;

export class ReconcileIndex {
  readonly #items = new ItemTree();
  readonly #ids = new IdTable();
  readonly #sketches = new SketchPartitions(this.#items);

  get count(): number {
    return this.#items.count;
  }

  /**
   * A record's fingerprint went from `before` (undefined: there was none) to `after` (undefined: it is no longer kept).
   * O(log n).
   */
  change(key: Pick<BlockKey, 'number'>, before: Fingerprint | undefined, after: Fingerprint | undefined): void {
    if (before !== undefined) this.#remove({ number: key.number, fingerprint: before });
    if (after !== undefined) this.#add({ number: key.number, fingerprint: after });
  }

  /** A record with this fingerprint (16 bytes) is there that was not: what `change` does, at a third of the cost, for a start. */
  adopt(number: number, fingerprint: Uint8Array): void {
    const words = wordsOfBytes(fingerprint);
    this.#items.insertKey({ number, words });
    this.#note(number, words[2] ?? 0, words[3] ?? 0);
  }

  /** O(log n). */
  summary({ from, to }: ItemRange): RangeSummary {
    const below = new Uint32Array(FINGERPRINT_WORDS);
    const sum = new Uint32Array(FINGERPRINT_WORDS);
    const first = this.#items.rank(from, below);
    const end = this.#items.rank(to, sum);
    if (end <= first) return { count: 0, sum: EMPTY_FINGERPRINT };
    subtractWords(sum, below, 0);
    return { count: end - first, sum: readWords(sum, 0) };
  }

  /** The highest block number, or undefined when there is no item. */
  get tip(): number | undefined {
    return this.#items.at(this.#items.count - 1)?.number;
  }

  /** Up to `limit` items of the range: the first ones, ascending, or the last ones, descending. */
  items(range: ItemRange, limit: number, order: 'ascending' | 'descending' = 'ascending'): Item[] {
    const first = this.#items.rank(range.from);
    const end = this.#items.rank(range.to);
    const found: Item[] = [];
    const [begin, stop] =
      order === 'ascending' ? [first, Math.min(end, first + limit)] : [Math.max(first, end - limit), end];
    this.#items.visit(begin, stop, (number, words, offset) => {
      found.push({ number, fingerprint: readWords(words, offset) });
    });
    return order === 'ascending' ? found : found.toReversed();
  }

  /** The fingerprint at a height with exactly one item; undefined when there is none, or several. O(log n). */
  onlyFingerprint(number: number): Fingerprint | undefined {
    return this.#items.onlyOf(number);
  }

  /** Items with this id: none, one, or, where ids collide, several. */
  find(id: ItemId): Item[] {
    const tag = Number(BigInt.asUintN(32, id));
    return this.#ids
      .numbersOf(tag)
      .filter((number, at, all) => all.indexOf(number) === at)
      .flatMap((number) => this.items({ from: boundAt(number), to: numberAfter(number) }, Infinity))
      .filter((item) => itemIdOf(item.fingerprint) === id);
  }

  /** Cuts the range into `pieces` with equally many items, or as many as there are items. */
  quantiles({ from, to }: ItemRange, pieces: number): ItemRange[] {
    const first = this.#items.rank(from);
    const count = this.#items.rank(to) - first;
    const bounds: Item[] = [];
    for (let piece = 1; piece < pieces; piece++) {
      const bound = this.#items.at(first + Math.floor((count * piece) / pieces));
      if (bound !== undefined) bounds.push(bound);
    }
    return cutAt({ from, to }, bounds);
  }

  /** Cuts the range at the boundaries of partitions, into at most `pieces`. */
  partitions(range: ItemRange, pieces: number): ItemRange[] {
    const starts = this.#sketches.startsIn(range);
    const stride = Math.ceil(starts.length / pieces);
    return cutAt(range, starts.filter((_, at) => at > 0 && at % stride === 0).map(boundAt));
  }

  /** Makes a part of the sketches that are not kept yet, so that no session has to: call it until it gives false. */
  prepareOne(): boolean {
    return this.#sketches.prepareOne();
  }

  symbols(range: ItemRange, length: number): Uint32Array {
    return this.#sketches.symbols(range, length);
  }

  counters(range: ItemRange): Int16Array {
    return this.#sketches.counters(range);
  }

  /** All items' summary. */
  get total(): RangeSummary {
    return { count: this.#items.count, sum: this.#items.sum };
  }

  #add(item: Item): void {
    this.#items.insert(item);
    this.#note(item.number, ...idWords(item.fingerprint));
  }

  #note(number: number, high: number, low: number): void {
    this.#ids.add(low, number);
    this.#sketches.added(number, high, low);
  }

  #remove(item: Item): void {
    this.#items.remove(item);
    const [high, low] = idWords(item.fingerprint);
    this.#ids.remove(low, item.number);
    this.#sketches.removed(item.number, high, low);
  }
}

/** The bound behind all items of `number`. */
export function numberAfter(number: number): Item {
  return number >= Number.MAX_SAFE_INTEGER ? END : boundAt(number + 1);
}

function idWords(fingerprint: Fingerprint): readonly [high: number, low: number] {
  return [Number(BigInt.asUintN(32, fingerprint >> WORD_BITS)), Number(BigInt.asUintN(32, fingerprint))];
}

/** The pieces of `range` between ascending `bounds`; those at or outside its ends cut nothing. */
function cutAt({ from, to }: ItemRange, bounds: readonly Item[]): ItemRange[] {
  const pieces: ItemRange[] = [];
  let start = from;
  for (const bound of bounds) {
    if (compareItems(start, bound) >= 0 || compareItems(bound, to) >= 0) continue;
    pieces.push({ from: start, to: bound });
    start = bound;
  }
  pieces.push({ from: start, to });
  return pieces;
}
