import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { continuedLength, sketchLength } from '../../../net/reconcile/compare.ts';
import { EVERYTHING, itemIdOf } from '../../../net/reconcile/index/item.ts';
import { ReconcileIndex } from '../../../net/reconcile/index/reconcile-index.ts';
import { SKETCH_DIFFERENCES_MAX, SKETCH_SYMBOLS_MAX } from '../../../net/reconcile/limits.ts';
import { SYMBOL_WORDS, toggleItem } from '../../../net/reconcile/sketch/coded-symbols.ts';
import { ESTIMATOR_COUNTERS, estimateDifference } from '../../../net/reconcile/sketch/estimator.ts';
import { peelSymbols } from '../../../net/reconcile/sketch/peel.ts';
import { seededRandom } from '../../../src/sim/seeded-random.ts';
import { holds } from '../../properties.ts';
import { randomItems } from './synthetic.ts';

function indexOf(count: number, seed: number): ReconcileIndex {
  const index = new ReconcileIndex();
  for (const item of randomItems(count, seededRandom(seed))) index.change(item, undefined, item.fingerprint);
  return index;
}

describe('a sketch', () => {
  it('gives away exactly the items that it was made of, or nothing', () => {
    holds(
      fc.property(fc.nat(80), fc.nat(), fc.integer({ min: 1, max: 200 }), (count, seed, length) => {
        const index = indexOf(count, seed);
        const expected = new Set(index.items(EVERYTHING, Infinity).map(({ fingerprint }) => itemIdOf(fingerprint)));
        const found = peelSymbols(index.symbols(EVERYTHING, length));
        if (found !== undefined) assert.deepEqual(found, expected);
        if (length >= 4 * count + 12) assert.ok(found !== undefined);
      }),
    );
  });

  it('of the length for a difference, or of one continued twice, decodes', () => {
    for (const count of [1, 2, 10, 100, 1_000, SKETCH_DIFFERENCES_MAX]) {
      for (let seed = 0; seed < 5; seed++) {
        const index = indexOf(count, seed);
        let length = sketchLength(count);
        for (let times = 0; peelSymbols(index.symbols(EVERYTHING, length)) === undefined; times++) {
          assert.ok(times < 2);
          length = continuedLength(length) ?? length;
        }
        assert.ok(length <= SKETCH_SYMBOLS_MAX);
      }
    }
    assert.equal(continuedLength(SKETCH_SYMBOLS_MAX), undefined);
  });

  it('of any words ends without a result that is none', () => {
    const words = fc.array(fc.oneof(fc.nat(0xffff_ffff), fc.constant(0)), { minLength: SYMBOL_WORDS, maxLength: 60 });
    const symbols = words.map((each) => Uint32Array.from(each.slice(0, each.length - (each.length % SYMBOL_WORDS))));
    holds(
      fc.property(symbols, (input) => {
        const again = input.slice();
        const found = peelSymbols(input.slice());
        for (const id of found ?? []) toggleItem(again, Number(id >> 32n), Number(BigInt.asUintN(32, id)));
        if (found !== undefined) assert.ok(again.every((word) => word === 0));
      }),
    );
  });

  it('places items as other implementations have to', () => {
    const symbols = new Uint32Array(64 * SYMBOL_WORDS);
    toggleItem(symbols, 0x0123_4567, 0x89ab_cdef);
    const held = Array.from({ length: 64 }, (_, at) => at).filter((at) => symbols[at * SYMBOL_WORDS] !== 0);
    assert.deepEqual([...symbols.subarray(0, 2)], [0x0123_4567, 0x89ab_cdef]);
    assert.deepEqual({ check: symbols[2], held }, GOLDEN_PLACES);
    const index = indexOf(500, 1);
    const bytes = createHash('sha256');
    for (const part of [index.symbols(EVERYTHING, SKETCH_SYMBOLS_MAX), index.counters(EVERYTHING)]) {
      for (const word of part) bytes.update(`${word} `);
    }
    assert.equal(bytes.digest('hex'), GOLDEN_DIGEST);
  });
});

const GOLDEN_PLACES = { check: 1_298_479_900, held: [0, 1, 10, 24, 28] };
const GOLDEN_DIGEST = 'e2915a7070a6575830233885853f5c79b4447585cc10912a2b2db8964f50ea44';

describe('the estimate of a difference', () => {
  it('is right within a quarter from a hundred items to as many as a sketch holds', () => {
    const nothing = new Int16Array(ESTIMATOR_COUNTERS);
    for (const count of [100, 1_000, 2_400]) {
      for (let seed = 0; seed < 5; seed++) {
        const estimate = estimateDifference(indexOf(count, seed).counters(EVERYTHING), nothing);
        assert.ok(estimate > 0.75 * count && estimate < 1.25 * count, `${estimate} for ${count}`);
      }
    }
    assert.equal(estimateDifference(indexOf(1, 1).counters(EVERYTHING), nothing), 1);
    assert.equal(estimateDifference(nothing, nothing), 0);
  });

  it('is the same when the counters have wrapped', () => {
    const ours = new Int16Array(ESTIMATOR_COUNTERS).fill(32_767);
    const theirs = new Int16Array(ESTIMATOR_COUNTERS).fill(-32_768);
    assert.equal(estimateDifference(ours, theirs), 1);
  });
});
