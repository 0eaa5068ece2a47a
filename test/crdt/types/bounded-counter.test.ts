/** The bounded counter: rights, transfers and the bound under every interleaving. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Writer } from '../../../crdt/codec/writer.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { boundedCounter, type BoundedCounter } from '../../../crdt/types/bounded-counter.ts';
import { COUNT_MAX, COUNTER_NODES_MAX } from '../../../crdt/types/g-counter.ts';
import { decode, encode } from '../../../crdt/types/lattice.ts';
import { holds } from '../../properties.ts';
import { describeLaws } from './laws.ts';
import { manyNodes } from './many.ts';
import { histories, nodeAt, NODES, type Subject } from './replicas.ts';

interface Operation {
  readonly kind: 'increment' | 'decrement' | 'transfer';
  readonly amount: number;
  /** Of a transfer: the replica that receives it. */
  readonly to: number;
}

const noRights = (error: unknown): boolean => isFailure(error, 'ERR_NO_RIGHTS');
const outOfRange = (error: unknown): boolean => isFailure(error, 'ERR_OUT_OF_RANGE');
const overLimit = (error: unknown): boolean => isFailure(error, 'ERR_OVER_LIMIT');
const amount = fc.integer({ min: 1, max: 20 });
const { merge } = boundedCounter;

const subject: Subject<BoundedCounter, Operation> = {
  title: 'the bounded counter',
  lattice: boundedCounter,
  operation: fc.record({
    kind: fc.constantFrom('increment', 'decrement', 'transfer'),
    amount,
    to: fc.nat({ max: 2 }),
  }),
  apply(state, node, operation) {
    if (operation.kind === 'increment') return boundedCounter.increment(state, node, operation.amount);
    // As much as the node may, so that most operations do something.
    const most = Math.min(operation.amount, boundedCounter.rights(state, node));
    if (most === 0) return boundedCounter.bottom;
    if (operation.kind === 'decrement') return boundedCounter.decrement(state, node, most);
    const to = nodeAt(operation.to);
    return to === node ? boundedCounter.bottom : boundedCounter.transfer(state, node, to, most);
  },
};
describeLaws(subject);

describe('the bounded counter', () => {
  it('never shows less than 0, nor a node in debt, whichever deltas have arrived', () => {
    const partial = histories(subject).chain(({ deltas }) => fc.shuffledSubarray([...deltas]));
    holds(
      fc.property(partial, (arrived) => {
        let state = boundedCounter.bottom;
        for (const delta of arrived) {
          state = merge(state, delta);
          assert.ok(boundedCounter.value(state) >= 0);
          for (const node of NODES) assert.ok(boundedCounter.rights(state, node) >= 0);
        }
      }),
    );
  });

  it('shows what was added less what was taken, and shares exactly that out as rights', () => {
    holds(
      fc.property(histories(subject), ({ replicas, steps }) => {
        const state = replicas.reduce(merge, boundedCounter.bottom);
        let expected = 0;
        for (const { before, after } of steps) expected += boundedCounter.value(after) - boundedCounter.value(before);
        assert.equal(boundedCounter.value(state), expected);
        const held = NODES.map((node) => boundedCounter.rights(state, node));
        assert.equal(
          held.reduce((sum, rights) => sum + rights, 0),
          expected,
        );
      }),
    );
  });

  it('lets a node take what it was granted or sent, and refuses one more with ERR_NO_RIGHTS', () => {
    const [alice, bob] = [nodeAt(0), nodeAt(1)];
    let state = boundedCounter.increment(boundedCounter.bottom, alice, 5);
    assert.throws(() => boundedCounter.decrement(state, bob), noRights);
    state = merge(state, boundedCounter.transfer(state, alice, bob, 2));
    assert.equal(boundedCounter.rights(state, alice), 3);
    assert.equal(boundedCounter.rights(state, bob), 2);
    assert.throws(() => boundedCounter.decrement(state, alice, 4), noRights);
    assert.throws(() => boundedCounter.transfer(state, bob, alice, 3), noRights);
    state = merge(state, boundedCounter.decrement(state, alice, 3));
    state = merge(state, boundedCounter.decrement(state, bob, 2));
    assert.equal(boundedCounter.value(state), 0);
    assert.throws(() => boundedCounter.decrement(state, alice), noRights);
  });

  it('sends with what is spent the rights that cover it, though they came through others', () => {
    const [alice, bob, carol] = [nodeAt(0), nodeAt(1), nodeAt(2)];
    let state = boundedCounter.increment(boundedCounter.bottom, alice, 3);
    state = merge(state, boundedCounter.transfer(state, alice, bob, 3));
    state = merge(state, boundedCounter.transfer(state, bob, carol, 3));
    const spent = boundedCounter.decrement(state, carol, 3);
    assert.equal(boundedCounter.value(spent), 0);
    assert.deepEqual([...spent.keys()].sort(), [alice, bob, carol].sort());
    // An unrelated node's row is not part of what others send.
    const lone = boundedCounter.increment(state, nodeAt(2), 1);
    assert.ok(!boundedCounter.increment(merge(state, lone), alice, 1).has(carol));
  });

  it('refuses amounts out of range and transfers to oneself', () => {
    const rich = boundedCounter.increment(boundedCounter.bottom, nodeAt(0), COUNT_MAX);
    assert.throws(() => boundedCounter.increment(rich, nodeAt(0), 1), outOfRange);
    assert.throws(() => boundedCounter.decrement(rich, nodeAt(0), 0), outOfRange);
    assert.throws(() => boundedCounter.decrement(rich, nodeAt(0), -1), outOfRange);
    assert.throws(() => boundedCounter.transfer(rich, nodeAt(0), nodeAt(1), 0.5), outOfRange);
    assert.throws(() => boundedCounter.transfer(rich, nodeAt(0), nodeAt(0), 1), outOfRange);
    assert.equal(boundedCounter.value(merge(rich, boundedCounter.decrement(rich, nodeAt(0), COUNT_MAX))), 0);
  });

  it('holds COUNTER_NODES_MAX rows, and neither encodes nor decodes one more', () => {
    const full: BoundedCounter = new Map(
      manyNodes(COUNTER_NODES_MAX).flatMap((node) => [...boundedCounter.increment(boundedCounter.bottom, node)]),
    );
    assert.deepEqual(decode(boundedCounter, encode(boundedCounter, full)), full);
    assert.throws(() => encode(boundedCounter, merge(full, boundedCounter.increment(full, nodeAt(0)))), overLimit);
    assert.throws(() => decode(boundedCounter, new Writer().varint(COUNTER_NODES_MAX + 1).finish()), overLimit);
    const tooMuch = new Writer()
      .varint(1)
      .node(nodeAt(0))
      .varint(COUNT_MAX + 1);
    assert.throws(() => decode(boundedCounter, tooMuch.finish()), overLimit);
  });

  it('refuses an empty row', () => {
    const bytes = new Writer().varint(1).node(nodeAt(0)).varint(0).varint(0).varint(0).finish();
    assert.throws(
      () => decode(boundedCounter, bytes),
      (error) => isFailure(error, 'ERR_NOT_CANONICAL'),
    );
  });
});
