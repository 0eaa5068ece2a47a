/**
 * The items of a replica in order: a B+ tree whose nodes know how many items are below them and what their fingerprints
 * add up to, so that a change, a rank and the summary of any range cost O(log n).
 *
 * Invariant: a node's count and sum are those of the items below it. A leaf keeps its items in typed arrays: a million
 * items take 25 MB in 4,000 leaves when they came in order and 36 when by chance, and nothing is allocated per item. Removing does not join nodes that have become small (a record that changes leaves
 * and comes back beside its place); a node without items is dropped.
 */

import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';
import { invariant } from '../../../crdt/invariant.ts';
import { boundAt, type Item } from './item.ts';
import { addWords, compareWords, FINGERPRINT_WORDS, readWords, subtractWords, writeWords } from './words.ts';

export const LEAF_ITEMS_MAX = 256;
export const CHILDREN_MAX = 32;

interface Leaf {
  count: number;
  readonly sum: Uint32Array;
  readonly numbers: Float64Array;
  readonly words: Uint32Array;
}

interface Inner {
  count: number;
  readonly sum: Uint32Array;
  readonly children: Node[];
  /** A lower bound of each child's items, and above the items of the child before; that of the first is never read. */
  readonly bounds: Key[];
}

type Node = Leaf | Inner;

/** An item with its fingerprint in words. */
export interface Key {
  readonly number: number;
  readonly words: Uint32Array;
}

interface Split {
  readonly bound: Key;
  readonly right: Node;
}

/** Called with an item's number, and where its fingerprint's words are; they are the tree's own and not to be kept. */
export type VisitItem = (number: number, words: Uint32Array, offset: number) => void;

export class ItemTree {
  #root: Node = newLeaf();

  get count(): number {
    return this.#root.count;
  }

  /** What the fingerprints of all items add up to. */
  get sum(): Fingerprint {
    return readWords(this.#root.sum, 0);
  }

  /** Precondition: the item is not there. */
  insert(item: Item): void {
    this.insertKey(keyOf(item));
  }

  /** The same for an item whose fingerprint is in words, which are copied. */
  insertKey(key: Key): void {
    const split = insertInto(this.#root, key);
    if (split === undefined) return;
    const left = this.#root;
    this.#root = newInner([left, split.right], [split.bound, split.bound]);
  }

  /** Precondition: the item is there. */
  remove(item: Item): void {
    const key = keyOf(item);
    removeFrom(this.#root, key);
    while (!isLeaf(this.#root) && this.#root.children.length <= 1) this.#root = this.#root.children[0] ?? newLeaf();
  }

  /** How many items are below `bound`; `sum`, if given, is increased by their fingerprints. */
  rank(bound: Item, sum?: Uint32Array): number {
    const key = keyOf(bound);
    let node = this.#root;
    let rank = 0;
    while (!isLeaf(node)) {
      const within = childFor(node, key);
      for (let at = 0; at < within; at++) {
        const child = childAt(node, at);
        rank += child.count;
        if (sum !== undefined) addWords(sum, child.sum, 0);
      }
      node = childAt(node, within);
    }
    const end = positionIn(node, key);
    if (sum !== undefined) {
      for (let at = 0; at < end; at++) addWords(sum, node.words, at * FINGERPRINT_WORDS);
    }
    return rank + end;
  }

  /** The fingerprint of the item of `number`, when it has exactly one. */
  onlyOf(number: number): Fingerprint | undefined {
    const first = this.rank(boundAt(number));
    const found: Fingerprint[] = [];
    this.visit(first, first + 2, (at, words, offset) => {
      if (at === number) found.push(readWords(words, offset));
    });
    return found.length === 1 ? found[0] : undefined;
  }

  /** Visits the items of rank `first` to `end` − 1, ascending. */
  visit(first: number, end: number, visit: VisitItem): void {
    visitBelow(this.#root, first, end, visit);
  }

  /** The item of rank `rank`, or undefined when there are not as many. */
  at(rank: number): Item | undefined {
    let found: Item | undefined;
    this.visit(rank, rank + 1, (number, words, offset) => {
      found = { number, fingerprint: readWords(words, offset) };
    });
    return found;
  }
}

function keyOf({ number, fingerprint }: Item): Key {
  const words = new Uint32Array(FINGERPRINT_WORDS);
  if (fingerprint !== 0n) writeWords(words, 0, fingerprint);
  return { number, words };
}

function newLeaf(): Leaf {
  return {
    count: 0,
    sum: new Uint32Array(FINGERPRINT_WORDS),
    numbers: new Float64Array(LEAF_ITEMS_MAX),
    words: new Uint32Array(LEAF_ITEMS_MAX * FINGERPRINT_WORDS),
  };
}

function newInner(children: Node[], bounds: Key[]): Inner {
  const inner = { count: 0, sum: new Uint32Array(FINGERPRINT_WORDS), children, bounds };
  recount(inner);
  return inner;
}

function isLeaf(node: Node): node is Leaf {
  return 'numbers' in node;
}

function childAt(node: Inner, at: number): Node {
  const child = node.children[at];
  invariant(child !== undefined, 'an inner node has the child that its bounds point to');
  return child;
}

/** The child in whose bounds `key` lies. */
function childFor({ bounds }: Inner, key: Key): number {
  let low = 1;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const bound = bounds[middle];
    if (bound !== undefined && compareKeys(bound, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function compareKeys(a: Key, b: Key): number {
  return a.number - b.number || compareWords(a.words, 0, b.words, 0);
}

/** How many of the leaf's items are below `key`. */
function positionIn(leaf: Leaf, key: Key): number {
  let low = 0;
  let high = leaf.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order =
      (leaf.numbers[middle] ?? 0) - key.number || compareWords(leaf.words, middle * FINGERPRINT_WORDS, key.words, 0);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insertInto(node: Node, key: Key): Split | undefined {
  if (isLeaf(node)) return insertIntoLeaf(node, key);
  const at = childFor(node, key);
  const split = insertInto(childAt(node, at), key);
  node.count++;
  addWords(node.sum, key.words, 0);
  if (split === undefined) return undefined;
  node.children.splice(at + 1, 0, split.right);
  node.bounds.splice(at + 1, 0, split.bound);
  return node.children.length <= CHILDREN_MAX ? undefined : splitInner(node, at + 1 === CHILDREN_MAX);
}

function insertIntoLeaf(leaf: Leaf, key: Key): Split | undefined {
  const at = positionIn(leaf, key);
  if (leaf.count === LEAF_ITEMS_MAX) {
    const isAtEnd = at === LEAF_ITEMS_MAX;
    const split = splitLeaf(leaf, isAtEnd ? LEAF_ITEMS_MAX : LEAF_ITEMS_MAX / 2, key);
    insertIntoLeaf(at > leaf.count || isAtEnd ? split.right : leaf, key);
    return split;
  }
  leaf.numbers.copyWithin(at + 1, at, leaf.count);
  leaf.words.copyWithin((at + 1) * FINGERPRINT_WORDS, at * FINGERPRINT_WORDS, leaf.count * FINGERPRINT_WORDS);
  leaf.numbers[at] = key.number;
  leaf.words.set(key.words, at * FINGERPRINT_WORDS);
  leaf.count++;
  addWords(leaf.sum, key.words, 0);
  return undefined;
}

/** Moves the items from `kept` on into a new leaf. Blocks mostly arrive in order: a leaf that is full at its end stays full. */
function splitLeaf(leaf: Leaf, kept: number, next: Key): Split & { readonly right: Leaf } {
  const right = newLeaf();
  right.numbers.set(leaf.numbers.subarray(kept, leaf.count));
  right.words.set(leaf.words.subarray(kept * FINGERPRINT_WORDS, leaf.count * FINGERPRINT_WORDS));
  right.count = leaf.count - kept;
  leaf.count = kept;
  recount(leaf);
  recount(right);
  const first =
    right.count === 0 ? next : { number: right.numbers[0] ?? 0, words: right.words.slice(0, FINGERPRINT_WORDS) };
  return { bound: lowestBound(leaf.numbers[kept - 1] ?? 0, first), right };
}

/**
 * The least bound between an item of `numberBelow` and `first`. A record that changes comes back with another fingerprint: it has to
 * find its old place, and not the full leaf before.
 */
function lowestBound(numberBelow: number, first: Key): Key {
  return numberBelow === first.number ? first : { number: first.number, words: new Uint32Array(FINGERPRINT_WORDS) };
}

function splitInner(node: Inner, isAtEnd: boolean): Split {
  const kept = isAtEnd ? CHILDREN_MAX : CHILDREN_MAX / 2;
  const children = node.children.splice(kept);
  const bounds = node.bounds.splice(kept);
  recount(node);
  const [bound] = bounds;
  invariant(bound !== undefined, 'a node that is split has children on either side');
  return { bound, right: newInner(children, bounds) };
}

function recount(node: Node): void {
  node.sum.fill(0);
  if (isLeaf(node)) {
    for (let at = 0; at < node.count; at++) addWords(node.sum, node.words, at * FINGERPRINT_WORDS);
    return;
  }
  node.count = 0;
  for (const child of node.children) {
    node.count += child.count;
    addWords(node.sum, child.sum, 0);
  }
}

function removeFrom(node: Node, key: Key): void {
  if (isLeaf(node)) {
    const at = positionIn(node, key);
    const isThere =
      at < node.count &&
      node.numbers[at] === key.number &&
      compareWords(node.words, at * FINGERPRINT_WORDS, key.words, 0) === 0;
    invariant(isThere, 'an item that is removed from the index is in it');
    node.numbers.copyWithin(at, at + 1, node.count);
    node.words.copyWithin(at * FINGERPRINT_WORDS, (at + 1) * FINGERPRINT_WORDS, node.count * FINGERPRINT_WORDS);
  } else {
    const at = childFor(node, key);
    const child = childAt(node, at);
    removeFrom(child, key);
    if (child.count === 0) {
      node.children.splice(at, 1);
      node.bounds.splice(at, 1);
    }
  }
  node.count--;
  subtractWords(node.sum, key.words, 0);
}

function visitBelow(node: Node, first: number, end: number, visit: VisitItem): void {
  if (isLeaf(node)) {
    const last = Math.min(end, node.count);
    for (let at = Math.max(0, first); at < last; at++) visit(node.numbers[at] ?? 0, node.words, at * FINGERPRINT_WORDS);
    return;
  }
  let before = 0;
  for (const child of node.children) {
    if (before >= end) return;
    if (before + child.count > first) visitBelow(child, first - before, end - before, visit);
    before += child.count;
  }
}
