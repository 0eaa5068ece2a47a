/** Where the leaves of the tree of items are split, and that a record that changes finds its place again without a split. */

import assert from 'node:assert/strict';
import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';
import { compareItems, type Item } from '../../../net/reconcile/index/item.ts';
import { ItemTree, LEAF_ITEMS_MAX } from '../../../net/reconcile/index/item-tree.ts';
import { readWords } from '../../../net/reconcile/index/words.ts';

const MIDDLE: Fingerprint = 1n << 64n;
const LOWEST: Fingerprint = 1n;
const HIGHEST: Fingerprint = (1n << 128n) - 1n;

function at(number: number, fingerprint: Fingerprint = MIDDLE): Item {
  return { number, fingerprint };
}

function treeOf(items: Iterable<Item>): ItemTree {
  const tree = new ItemTree();
  for (const item of items) tree.insert(item);
  return tree;
}

/** Items of numbers 0, 2, 4, …, with room for one between any two. */
function everySecond(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => at(2 * index));
}

/** How many items each leaf has, in order: what is visited says in whose array it lies. */
function leaves(tree: ItemTree): readonly number[] {
  const counts = new Map<Uint32Array, number>();
  tree.visit(0, tree.count, (_, words) => counts.set(words, (counts.get(words) ?? 0) + 1));
  return [...counts.values()];
}

function itemsOf(tree: ItemTree): Item[] {
  const items: Item[] = [];
  tree.visit(0, tree.count, (number, words, offset) => items.push({ number, fingerprint: readWords(words, offset) }));
  return items;
}

/** The tree is what a fresh one of the same items is, ranks included. */
function assertHolds(tree: ItemTree, items: readonly Item[]): void {
  const sorted = items.toSorted(compareItems);
  assert.deepEqual(itemsOf(tree), sorted);
  assert.deepEqual(
    sorted.map((item) => tree.rank(item)),
    sorted.map((_, rank) => rank),
  );
  assert.equal(tree.sum, treeOf(items).sum);
}

describe('a leaf of the tree of items', () => {
  it('takes LEAF_ITEMS_MAX items, and is split for one more', () => {
    const items = everySecond(LEAF_ITEMS_MAX);
    assert.deepEqual(leaves(treeOf(items)), [LEAF_ITEMS_MAX]);
    const half = LEAF_ITEMS_MAX / 2;
    for (const [number, expected] of [
      [1, [half + 1, half]],
      [2 * half - 1, [half + 1, half]],
      [2 * half + 1, [half, half + 1]],
      // Blocks mostly arrive in order: a leaf that is full at its end stays full.
      [2 * LEAF_ITEMS_MAX, [LEAF_ITEMS_MAX, 1]],
    ] as const) {
      const more = [...items, at(number)];
      const tree = treeOf(more);
      assert.deepEqual(leaves(tree), expected, `one more at ${number}`);
      assertHolds(tree, more);
    }
  });

  for (const [where, fingerprint] of [
    ['lowest', LOWEST],
    ['highest', HIGHEST],
  ] as const) {
    it(`is not split by a first record behind a full leaf that comes back with the ${where} fingerprint`, () => {
      const items = everySecond(LEAF_ITEMS_MAX + 2);
      const tree = treeOf(items);
      const first = items[LEAF_ITEMS_MAX];
      assert(first !== undefined);
      tree.remove(first);
      const changed = at(first.number, fingerprint);
      tree.insert(changed);
      assert.deepEqual(leaves(tree), [LEAF_ITEMS_MAX, 2]);
      assertHolds(tree, [...items.filter((item) => item !== first), changed]);
    });
  }

  it('is not split by any record that changes while all leaves are full', () => {
    const items = everySecond(4 * LEAF_ITEMS_MAX);
    const tree = treeOf(items);
    const full = [LEAF_ITEMS_MAX, LEAF_ITEMS_MAX, LEAF_ITEMS_MAX, LEAF_ITEMS_MAX];
    assert.deepEqual(leaves(tree), full);
    for (const fingerprint of [LOWEST, HIGHEST]) {
      for (const [index, item] of items.entries()) {
        tree.remove(item);
        const changed = at(item.number, fingerprint);
        tree.insert(changed);
        items[index] = changed;
      }
      assert.deepEqual(leaves(tree), full);
      assertHolds(tree, items);
    }
  });

  it('is split between two records of one height where it has to be, and both are found', () => {
    const count = LEAF_ITEMS_MAX + 1;
    const items = Array.from({ length: count }, (_, index) => at(7, BigInt(index + 1) << 96n));
    const tree = treeOf(items);
    assert.deepEqual(leaves(tree), [LEAF_ITEMS_MAX, 1]);
    assertHolds(tree, items);
    for (const item of items) tree.remove(item);
    assert.equal(tree.count, 0);
    assert.equal(tree.sum, 0n);
  });
});
