/** Causal contexts, against sets of dots. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Writer } from '../../../crdt/codec/writer.ts';
import { isFailure } from '../../../crdt/errors.ts';
import {
  CLOUD_DOTS_MAX,
  CONTEXT_NODES_MAX,
  EMPTY_CONTEXT,
  compareDots,
  containsDot,
  contextOf,
  mergeContexts,
  nextDot,
  readContext,
  writeContext,
  type CausalContext,
  type Dot,
} from '../../../crdt/types/causal-context.ts';
import { decode, encode, type Lattice } from '../../../crdt/types/lattice.ts';
import { holds } from '../../properties.ts';
import { describeLaws } from './laws.ts';
import { manyNodes } from './many.ts';
import { NODES, nodeAt } from './replicas.ts';

const contexts: Lattice<CausalContext> = {
  bottom: EMPTY_CONTEXT,
  merge: mergeContexts,
  write: writeContext,
  read: readContext,
};
const dot: fc.Arbitrary<Dot> = fc.record({ node: fc.constantFrom(...NODES), counter: fc.integer({ min: 1, max: 12 }) });
const overLimit = (error: unknown): boolean => isFailure(error, 'ERR_OVER_LIMIT');

describeLaws({
  title: 'the causal context',
  lattice: contexts,
  operation: fc.array(dot, { maxLength: 4 }),
  apply: (_state, _node, dots) => contextOf(dots),
});

describe('a causal context', () => {
  it('contains exactly the dots it was made of, one by one or merged', () => {
    holds(
      fc.property(fc.array(dot), fc.array(dot), dot, (some, others, asked) => {
        const merged = mergeContexts(contextOf(some), contextOf(others));
        assert.deepEqual(merged, contextOf([...others, ...some]));
        assert.equal(
          containsDot(merged, asked),
          [...some, ...others].some((held) => compareDots(held, asked) === 0),
        );
      }),
    );
  });

  it('is a version vector once no dot is missing, whatever the order of arrival', () => {
    const order = fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 });
    holds(
      fc.property(order, (counters) => {
        const context = counters
          .map((counter) => contextOf([{ node: nodeAt(0), counter }]))
          .reduce(mergeContexts, EMPTY_CONTEXT);
        assert.deepEqual([...context], [[nodeAt(0), { upTo: 6, beyond: [] }]]);
      }),
    );
  });

  it('gives a node a dot that it has not seen, greater than all it has', () => {
    holds(
      fc.property(fc.array(dot), fc.constantFrom(...NODES), (dots, node) => {
        const context = contextOf(dots);
        const next = nextDot(context, node);
        assert.ok(!containsDot(context, next));
        const own = dots.filter((held) => held.node === node);
        assert.equal(next.counter, Math.max(0, ...own.map(({ counter }) => counter)) + 1);
      }),
    );
  });

  it('has no dot left for a node that made 2^53 − 1', () => {
    const spent = new Map([[nodeAt(0), { upTo: Number.MAX_SAFE_INTEGER, beyond: [] }]]);
    assert.deepEqual(decode(contexts, encode(contexts, spent)), spent);
    assert.throws(
      () => nextDot(spent, nodeAt(0)),
      (error) => isFailure(error, 'ERR_OUT_OF_RANGE'),
    );
  });

  it('refuses a cloud dot beyond 2^53 − 1', () => {
    const node = nodeAt(0);
    const greatest = contextOf([{ node, counter: Number.MAX_SAFE_INTEGER }]);
    assert.deepEqual(decode(contexts, encode(contexts, greatest)), greatest);
    const distance = Number.MAX_SAFE_INTEGER - 1;
    const beyond = new Writer().varint(1).node(node).varint(0).varint(1).varint(distance);
    assert.throws(() => decode(contexts, beyond.finish()), overLimit);
    const next = new Writer().varint(1).node(node).varint(Number.MAX_SAFE_INTEGER).varint(1).varint(0);
    assert.throws(() => decode(contexts, next.finish()), overLimit);
  });

  it('refuses a node without a dot', () => {
    const bytes = new Writer().varint(1).node(nodeAt(0)).varint(0).varint(0).finish();
    assert.throws(
      () => decode(contexts, bytes),
      (error) => isFailure(error, 'ERR_NOT_CANONICAL'),
    );
  });

  it('holds CONTEXT_NODES_MAX nodes, and neither encodes nor decodes one more', () => {
    const full = contextOf(manyNodes(CONTEXT_NODES_MAX).map((node) => ({ node, counter: 1 })));
    assert.deepEqual(decode(contexts, encode(contexts, full)), full);
    const beyond = mergeContexts(full, contextOf([{ node: nodeAt(0), counter: 1 }]));
    assert.throws(() => encode(contexts, beyond), overLimit);
    assert.throws(() => decode(contexts, new Writer().varint(CONTEXT_NODES_MAX + 1).finish()), overLimit);
  });

  it('holds CLOUD_DOTS_MAX dots of a node beyond a gap, and neither encodes nor decodes one more', () => {
    const counters = Array.from({ length: CLOUD_DOTS_MAX + 1 }, (_, at) => 2 * at + 2);
    const cloud = (size: number): CausalContext =>
      contextOf(counters.slice(0, size).map((counter) => ({ node: nodeAt(0), counter })));
    const full = cloud(CLOUD_DOTS_MAX);
    assert.deepEqual(decode(contexts, encode(contexts, full)), full);
    assert.ok(containsDot(full, { node: nodeAt(0), counter: 2 * CLOUD_DOTS_MAX }));
    assert.ok(!containsDot(full, { node: nodeAt(0), counter: 2 * CLOUD_DOTS_MAX - 1 }));
    assert.throws(() => encode(contexts, cloud(CLOUD_DOTS_MAX + 1)), overLimit);
    const beyond = new Writer()
      .varint(1)
      .node(nodeAt(0))
      .varint(0)
      .varint(CLOUD_DOTS_MAX + 1);
    assert.throws(() => decode(contexts, beyond.finish()), overLimit);
  });
});
