/** Counters: grow-only, both ways, and the greatest value seen. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../../crdt/errors.ts';
import { COUNT_MAX, COUNTER_NODES_MAX, gCounter, type GCounter } from '../../../crdt/types/g-counter.ts';
import { decode, encode } from '../../../crdt/types/lattice.ts';
import { maxRegister } from '../../../crdt/types/max-register.ts';
import { pnCounter } from '../../../crdt/types/pn-counter.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { holds } from '../../properties.ts';
import { describeLaws } from './laws.ts';
import { manyNodes } from './many.ts';
import { histories, NODES, nodeAt, type Subject } from './replicas.ts';

const outOfRange = (error: unknown): boolean => isFailure(error, 'ERR_OUT_OF_RANGE');
const overLimit = (error: unknown): boolean => isFailure(error, 'ERR_OVER_LIMIT');
const amount = fc.integer({ min: 1, max: 300 });

describeLaws({
  title: 'the grow-only counter',
  lattice: gCounter,
  operation: amount,
  apply: (state, node, by) => gCounter.increment(state, node, by),
});

const signed = fc.record({ up: fc.boolean(), by: amount });
const pnSubject: Subject<typeof pnCounter.bottom, { up: boolean; by: number }> = {
  title: 'the counter that goes both ways',
  lattice: pnCounter,
  operation: signed,
  apply: (state, node, { up, by }) =>
    up ? pnCounter.increment(state, node, by) : pnCounter.decrement(state, node, by),
};
describeLaws(pnSubject);

describeLaws({
  title: 'the max-register',
  lattice: maxRegister,
  operation: fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat()),
  apply: (_state, _node, value: number) => maxRegister.raise(value),
});

describe('the counters', () => {
  it('sum what every node added and took, each operation once', () => {
    const operations = fc.array(fc.record({ at: fc.nat({ max: 2 }), up: fc.boolean(), by: amount }));
    holds(
      fc.property(operations, (made) => {
        let [expected, state] = [0, pnCounter.bottom];
        for (const { at, up, by } of made) {
          const delta = pnSubject.apply(state, nodeAt(at), { up, by });
          state = pnCounter.merge(pnCounter.merge(state, delta), delta);
          expected += up ? by : -by;
        }
        assert.equal(pnCounter.value(state), expected);
        assert.equal(gCounter.value(state.added) - gCounter.value(state.taken), expected);
      }),
    );
  });

  it('count concurrent operations of different nodes, not their maximum', () => {
    const [a, b] = [gCounter.increment(gCounter.bottom, nodeAt(0)), gCounter.increment(gCounter.bottom, nodeAt(1), 4)];
    assert.equal(gCounter.value(gCounter.merge(a, b)), 5);
  });

  it('refuse amounts that are no integers from 1', () => {
    for (const by of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => gCounter.increment(gCounter.bottom, nodeAt(0), by), outOfRange);
      assert.throws(() => pnCounter.decrement(pnCounter.bottom, nodeAt(0), by), outOfRange);
    }
  });

  it('count to COUNT_MAX on each node, and refuse one more', () => {
    const full = gCounter.increment(gCounter.bottom, nodeAt(0), COUNT_MAX);
    assert.deepEqual(decode(gCounter, encode(gCounter, full)), full);
    assert.throws(() => gCounter.increment(full, nodeAt(0)), outOfRange);
    const beyond = new Writer()
      .varint(1)
      .node(nodeAt(0))
      .varint(COUNT_MAX + 1);
    assert.throws(() => decode(gCounter, beyond.finish()), overLimit);
  });

  it('hold COUNTER_NODES_MAX nodes with an exact sum, and neither encode nor decode one more', () => {
    const full: GCounter = new Map(manyNodes(COUNTER_NODES_MAX).map((node) => [node, COUNT_MAX]));
    const bytes = encode(gCounter, full);
    assert.deepEqual(decode(gCounter, bytes), full);
    assert.equal(BigInt(gCounter.value(full)), BigInt(COUNTER_NODES_MAX) * BigInt(COUNT_MAX));
    const beyond = gCounter.increment(gCounter.bottom, nodeAt(0));
    assert.throws(() => encode(gCounter, gCounter.merge(full, beyond)), overLimit);
    assert.throws(() => decode(gCounter, new Writer().varint(COUNTER_NODES_MAX + 1).finish()), overLimit);
  });

  it('refuse an entry of 0, an entry out of order and one twice', () => {
    const [low = nodeAt(0), high = nodeAt(1)] = [...NODES].sort();
    const pairs: [string, Writer][] = [
      ['zero', new Writer().varint(1).node(low).varint(0)],
      ['order', new Writer().varint(2).node(high).varint(1).node(low).varint(1)],
      ['twice', new Writer().varint(2).node(low).varint(1).node(low).varint(1)],
    ];
    for (const [what, writer] of pairs) {
      assert.throws(
        () => decode(gCounter, writer.finish()),
        (error) => isFailure(error, 'ERR_NOT_CANONICAL'),
        what,
      );
    }
  });
});

describe('the max-register', () => {
  it('holds the greatest value that any replica was shown', () => {
    holds(
      fc.property(fc.array(fc.maxSafeNat()), (shown) => {
        const state = shown.map((value) => maxRegister.raise(value)).reduce(maxRegister.merge, maxRegister.bottom);
        assert.equal(state, Math.max(0, ...shown));
      }),
    );
  });

  it('refuses what is no integer in 0…2^53 − 1', () => {
    for (const value of [-1, 0.5, NaN, 2 ** 53]) {
      assert.throws(() => maxRegister.raise(value), outOfRange);
    }
    assert.ok(Object.is(maxRegister.raise(-0), 0));
  });
});

describe('the counter that goes both ways', () => {
  it('shows the same value wherever the same operations arrived', () => {
    holds(
      fc.property(histories(pnSubject), ({ replicas, deltas }) => {
        const byStates = replicas.reduce(pnCounter.merge, pnCounter.bottom);
        const byDeltas = deltas.toReversed().reduce(pnCounter.merge, pnCounter.bottom);
        assert.equal(pnCounter.value(byStates), pnCounter.value(byDeltas));
      }),
    );
  });
});
