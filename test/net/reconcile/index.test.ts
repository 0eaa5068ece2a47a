import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addFingerprint, fingerprintToBytes } from '../../../crdt/block/fingerprint.ts';
import {
  boundAt,
  compareItems,
  END,
  EVERYTHING,
  isInRange,
  itemIdOf,
  type Item,
  type ItemRange,
} from '../../../net/reconcile/index/item.ts';
import { CHILDREN_MAX, LEAF_ITEMS_MAX } from '../../../net/reconcile/index/item-tree.ts';
import { ReconcileIndex } from '../../../net/reconcile/index/reconcile-index.ts';
import { mergeSymbols } from '../../../net/reconcile/sketch/coded-symbols.ts';
import { countItem, ESTIMATOR_COUNTERS } from '../../../net/reconcile/sketch/estimator.ts';
import { PARTITION_NUMBERS, SKETCHED_ITEMS_MIN } from '../../../net/reconcile/sketch/partitions.ts';
import { peelSymbols } from '../../../net/reconcile/sketch/peel.ts';
import { seededRandom } from '../../../src/sim/seeded-random.ts';
import { holds } from '../../properties.ts';
import { randomFingerprint, randomItems } from './synthetic.ts';

const SYMBOLS = 256;

/** Few numbers, so that several items share one; some far away. */
const number = fc.oneof(fc.nat(6), fc.nat(3 * PARTITION_NUMBERS), fc.constant(Number.MAX_SAFE_INTEGER));
const fingerprint = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const item: fc.Arbitrary<Item> = fc.record({ number, fingerprint });
const bound = fc.oneof(item, number.map(boundAt), fc.constant(END));
const range: fc.Arbitrary<ItemRange> = fc
  .tuple(bound, bound)
  .map(([a, b]) => (compareItems(a, b) <= 0 ? { from: a, to: b } : { from: b, to: a }));

function add(index: ReconcileIndex, { number: at, fingerprint: after }: Item): void {
  index.change({ number: at }, undefined, after);
}

function indexOf(items: Iterable<Item>): ReconcileIndex {
  const index = new ReconcileIndex();
  for (const each of items) add(index, each);
  return index;
}

function sorted(items: Iterable<Item>): Item[] {
  return [...items].map(({ number: at, fingerprint: of }) => ({ number: at, fingerprint: of })).sort(compareItems);
}

/** Every answer, compared with that of a recount. */
function assertIndexes(index: ReconcileIndex, items: readonly Item[], of: ItemRange): void {
  const inRange = sorted(items).filter((each) => isInRange(each, of));
  assert.deepEqual(index.items(of, Infinity), inRange);
  assert.deepEqual(index.items(of, 3, 'descending'), inRange.toReversed().slice(0, 3));
  assert.deepEqual(index.summary(of), {
    count: inRange.length,
    sum: inRange.reduce((sum, each) => addFingerprint(sum, each.fingerprint), 0n),
  });
  assert.equal(index.count, items.length);
  assert.equal(index.tip, sorted(items).at(-1)?.number);
  const difference = index.symbols(of, SYMBOLS);
  mergeSymbols(difference, indexOf(inRange.slice(1)).symbols(EVERYTHING, SYMBOLS));
  assert.deepEqual(peelSymbols(difference), new Set(inRange.slice(0, 1).map((each) => itemIdOf(each.fingerprint))));
  const counters = new Int16Array(ESTIMATOR_COUNTERS);
  for (const each of inRange) {
    const id = itemIdOf(each.fingerprint);
    countItem(counters, Number(id >> 32n), Number(BigInt.asUintN(32, id)), 1);
  }
  assert.deepEqual(index.counters(of), counters);
}

describe('the index of a replica', () => {
  it('answers as a recount does, after any changes', () => {
    const steps = fc.array(fc.tuple(item, fc.nat(3)), { maxLength: 80, size: 'max' });
    holds(
      fc.property(steps, range, (changes, of) => {
        const index = new ReconcileIndex();
        let items: Item[] = [];
        for (const [each, kind] of changes) {
          const victim = items[items.length >> 1];
          if (kind === 0 && victim !== undefined) {
            index.change(victim, victim.fingerprint, undefined);
            items = items.filter((other) => other !== victim);
          } else if (kind === 1 && victim !== undefined) {
            index.change(victim, victim.fingerprint, each.fingerprint);
            items = [...items.filter((other) => other !== victim), { ...each, number: victim.number }];
          } else {
            add(index, each);
            items.push(each);
          }
        }
        assertIndexes(index, items, of);
        for (const each of items) {
          const named = items.filter((other) => itemIdOf(other.fingerprint) === itemIdOf(each.fingerprint));
          assert.deepEqual(sorted(index.find(itemIdOf(each.fingerprint))), sorted(named));
        }
        const others = items.filter((each) => itemIdOf(each.fingerprint) !== 1n);
        assert.equal(index.find(1n).length, items.length - others.length);
      }),
    );
  });

  it('knows the fingerprint of a height with one item, and of no other height', () => {
    holds(
      fc.property(fc.uniqueArray(item, { selector: ({ number: at, fingerprint: of }) => `${at} ${of}` }), (items) => {
        const index = indexOf(items);
        for (const { number: at } of [...items, boundAt(7)]) {
          const there = items.filter((each) => each.number === at);
          assert.equal(index.onlyFingerprint(at), there.length === 1 ? there[0]?.fingerprint : undefined);
        }
      }),
    );
  });

  it('is the same whether items are adopted as bytes or told as changes', () => {
    const items = sorted(randomItems(1_000, seededRandom(5)));
    const index = new ReconcileIndex();
    for (const { number: at, fingerprint: of } of items) index.adopt(at, fingerprintToBytes(of));
    assertIndexes(index, items, EVERYTHING);
    for (const { fingerprint: of } of items.slice(0, 20)) {
      assert.deepEqual(index.find(itemIdOf(of)), indexOf(items).find(itemIdOf(of)));
    }
  });

  it('answers as a recount does when it is three levels deep, and when it has shrunk again', () => {
    const random = seededRandom(3);
    const items = randomItems(3 * LEAF_ITEMS_MAX * CHILDREN_MAX, random).map(({ number: at, fingerprint: of }) => ({
      // Out of order, and some at one number.
      number: (at * 7_919) % 11_000,
      fingerprint: of,
    }));
    const index = indexOf(items);
    const of = { from: boundAt(500), to: { number: 10_500, fingerprint: randomFingerprint(random) } };
    assertIndexes(index, items, of);
    const kept = items.filter((_, at) => at % 97 === 0);
    for (const each of items) if (!kept.includes(each)) index.change(each, each.fingerprint, undefined);
    assertIndexes(index, kept, of);
    for (const each of kept) index.change(each, each.fingerprint, undefined);
    assertIndexes(index, [], EVERYTHING);
  });

  it('keeps sketches of partitions with many items, and none of those with few', () => {
    const random = seededRandom(5);
    const items = randomItems(SKETCHED_ITEMS_MIN + 1, random);
    const index = indexOf(items.slice(0, -2));
    for (const each of items.slice(-2)) {
      add(index, each);
      const held = sorted(index.items(EVERYTHING, Infinity));
      assertIndexes(index, held, { from: boundAt(2), to: END });
      assertIndexes(index, held, { from: boundAt(0), to: boundAt(7) });
    }
    for (const [at, each] of items.entries()) {
      if (at === items.length - 3) break;
      index.change(each, each.fingerprint, undefined);
      if (at % 50 === 0) assertIndexes(index, sorted(index.items(EVERYTHING, Infinity)), EVERYTHING);
    }
  });

  it('prepares each sketch that is due once, and answers the same before and after', () => {
    const random = seededRandom(9);
    const items = Array.from({ length: PARTITION_NUMBERS / 8 }, (_, at) => ({
      number: 16 * at,
      fingerprint: randomFingerprint(random),
    }));
    const [index, unprepared] = [indexOf(items), indexOf(items)];
    assert.deepEqual([index.prepareOne(), index.prepareOne(), index.prepareOne()], [true, true, false]);
    for (const each of [index, unprepared]) add(each, { number: 1, fingerprint: 77n });
    assert.equal(index.prepareOne(), false);
    assert.deepEqual(index.counters(EVERYTHING), unprepared.counters(EVERYTHING));
    assert.deepEqual(index.symbols(EVERYTHING, 64), unprepared.symbols(EVERYTHING, 64));
    assert.equal(unprepared.prepareOne(), false);
  });

  it('cuts a range into pieces that cover it, without an empty one', () => {
    holds(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 60 }),
        range,
        fc.integer({ min: 1, max: 20 }),
        (items, of, pieces) => {
          if (compareItems(of.from, of.to) === 0) return;
          const index = indexOf(items);
          for (const cut of [index.quantiles(of, pieces), index.partitions(of, pieces)]) {
            assert.ok(cut.length >= 1 && cut.length <= pieces);
            assert.deepEqual([cut[0]?.from, cut.at(-1)?.to], [of.from, of.to]);
            for (const [at, piece] of cut.entries()) {
              assert.ok(compareItems(piece.from, piece.to) < 0);
              if (at > 0) assert.equal(piece.from, cut[at - 1]?.to);
            }
          }
        },
      ),
    );
  });

  it('refuses to lose an item that it does not have', () => {
    const index = indexOf([{ number: 1, fingerprint: 5n }]);
    for (const [at, before] of [
      [1, 6n],
      [2, 5n],
    ] as const) {
      assert.throws(() => index.change({ number: at }, before, undefined), { name: 'InvariantViolation' });
    }
  });
});
