/** The grow-only set and the observed-remove set. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Writer } from '../../../crdt/codec/writer.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { compareText } from '../../../crdt/ids.ts';
import { contextOf, mergeContexts } from '../../../crdt/types/causal-context.ts';
import { LEAF_DOTS_MAX } from '../../../crdt/types/dot-fun.ts';
import { DOT_MAP_KEYS_MAX } from '../../../crdt/types/dot-map.ts';
import { textElement } from '../../../crdt/types/element.ts';
import { GSET_ELEMENTS_MAX, gSet } from '../../../crdt/types/g-set.ts';
import { decode, encode } from '../../../crdt/types/lattice.ts';
import { orSet, type OrSet } from '../../../crdt/types/or-set.ts';
import { holds } from '../../properties.ts';
import { describeLaws } from './laws.ts';
import { manyNodes } from './many.ts';
import { nodeAt, NODES, REPLICAS, type Subject } from './replicas.ts';

const element = fc.constantFrom('', 'a', 'b', 'é', '😀');
const grown = gSet(textElement);
const set = orSet(textElement);
const overLimit = (error: unknown): boolean => isFailure(error, 'ERR_OVER_LIMIT');

describeLaws({
  title: 'the grow-only set',
  lattice: grown,
  operation: fc.array(element, { maxLength: 3 }),
  apply: (_state, _node, values) => grown.add(...values),
});

interface SetOperation {
  readonly add: boolean;
  readonly value: string;
}

const subject: Subject<OrSet<string>, SetOperation> = {
  title: 'the OR-set',
  lattice: set,
  operation: fc.record({ add: fc.boolean(), value: element }),
  apply: (state, node, { add, value }) => (add ? set.add(state, node, value) : set.remove(state, value)),
};
describeLaws(subject);

/** `state` after `node` added `value`. */
function added(state: OrSet<string>, at: number, value: string): OrSet<string> {
  return set.merge(state, set.add(state, nodeAt(at), value));
}

function removed(state: OrSet<string>, value: string): OrSet<string> {
  return set.merge(state, set.remove(state, value));
}

describe('the grow-only set', () => {
  it('holds the union of what was added, in canonical order', () => {
    holds(
      fc.property(fc.array(fc.array(element)), (batches) => {
        const state = batches.map((batch) => grown.add(...batch)).reduce(grown.merge, grown.bottom);
        assert.deepEqual(grown.values(state), [...new Set(batches.flat())].sort(compareText));
        for (const value of batches.flat()) assert.ok(grown.has(state, value));
      }),
    );
  });

  it('holds GSET_ELEMENTS_MAX elements, and neither encodes nor decodes one more', () => {
    const values = Array.from({ length: GSET_ELEMENTS_MAX }, (_, at) => `${at}`);
    const full = grown.add(...values);
    assert.equal(decode(grown, encode(grown, full)).size, GSET_ELEMENTS_MAX);
    assert.throws(() => encode(grown, grown.merge(full, grown.add('one more'))), overLimit);
    assert.throws(() => decode(grown, new Writer().varint(GSET_ELEMENTS_MAX + 1).finish()), overLimit);
  });
});

describe('the OR-set', () => {
  it('is a plain set as long as one replica alone works on it', () => {
    holds(
      fc.property(fc.array(subject.operation), (operations) => {
        const model = new Set<string>();
        let state = set.bottom;
        for (const operation of operations) {
          state = set.merge(state, subject.apply(state, nodeAt(0), operation));
          if (operation.add) model.add(operation.value);
          else model.delete(operation.value);
          assert.deepEqual(set.values(state), [...model].sort(compareText));
        }
      }),
    );
  });

  it('holds an element exactly while some add of it was seen that no seen remove had observed', () => {
    type Event = SetOperation & { readonly at: number; readonly from: number };
    const events: fc.Arbitrary<Event[]> = fc.array(
      fc.record({
        add: fc.boolean(),
        value: element,
        at: fc.nat({ max: REPLICAS - 1 }),
        from: fc.nat({ max: REPLICAS - 1 }),
      }),
    );
    // The model names each add, and a remove lists the adds it observed: no dots, no contexts.
    interface Model {
      readonly adds: ReadonlyMap<number, string>;
      readonly gone: ReadonlySet<number>;
    }
    holds(
      fc.property(events, (made) => {
        const states = NODES.map(() => set.bottom);
        const models: Model[] = NODES.map(() => ({ adds: new Map(), gone: new Set() }));
        for (const [name, { at, from, add, value }] of made.entries()) {
          const [mine = set.bottom, theirs = set.bottom] = [states[at], states[from]];
          const [model, other] = [models[at], models[from]];
          assert.ok(model !== undefined && other !== undefined);
          if (at === from) {
            states[at] = set.merge(mine, subject.apply(mine, nodeAt(at), { add, value }));
            const observed = [...model.adds].filter(([, held]) => held === value).map(([id]) => id);
            models[at] = add
              ? { ...model, adds: new Map([...model.adds, [name, value]]) }
              : { ...model, gone: new Set([...model.gone, ...observed]) };
          } else {
            states[at] = set.merge(mine, theirs);
            models[at] = {
              adds: new Map([...model.adds, ...other.adds]),
              gone: new Set([...model.gone, ...other.gone]),
            };
          }
        }
        for (const [at, model] of models.entries()) {
          const expected = new Set([...model.adds].filter(([id]) => !model.gone.has(id)).map(([, value]) => value));
          assert.deepEqual(set.values(states[at] ?? set.bottom), [...expected].sort(compareText));
        }
      }),
    );
  });

  it('lets an add win over a concurrent remove', () => {
    const shared = added(set.bottom, 0, 'x');
    const readded = added(shared, 1, 'x');
    const both = set.merge(removed(shared, 'x'), readded);
    assert.ok(set.has(both, 'x'));
    assert.ok(!set.has(removed(both, 'x'), 'x'));
  });

  it('removes only what the remover had seen, though the remove arrives first', () => {
    const first = set.add(set.bottom, nodeAt(0), 'x');
    const remove = set.remove(first, 'x');
    const second = set.add(set.bottom, nodeAt(1), 'x');
    const state = [remove, second, first].reduce(set.merge, set.bottom);
    assert.deepEqual(set.values(state), ['x']);
    assert.deepEqual(set.values([remove, first].reduce(set.merge, set.bottom)), []);
  });

  it('keeps no trace of an element beyond a counter: a thousand adds and removes cost four bytes', () => {
    let state = removed(added(set.bottom, 0, 'x'), 'x');
    const once = encode(set, state).length;
    for (let cycle = 1; cycle < 1000; cycle++) state = removed(added(state, 0, 'x'), 'x');
    assert.equal(set.values(state).length, 0);
    assert.ok(encode(set, state).length <= once + 4);
  });

  it('keeps one dot for an element that one node adds again and again', () => {
    let state = set.bottom;
    for (let count = 0; count < 100; count++) state = added(state, count % 2, 'x');
    assert.equal(state.store.get('x')?.store.length, 1);
  });

  it('holds DOT_MAP_KEYS_MAX elements, and neither encodes nor decodes one more', () => {
    const full = withElements(DOT_MAP_KEYS_MAX);
    assert.equal(decode(set, encode(set, full)).store.size, DOT_MAP_KEYS_MAX);
    assert.throws(() => encode(set, withElements(DOT_MAP_KEYS_MAX + 1)), overLimit);
    assert.throws(
      () =>
        decode(
          set,
          new Writer()
            .varint(0)
            .varint(DOT_MAP_KEYS_MAX + 1)
            .finish(),
        ),
      overLimit,
    );
  });

  it('holds LEAF_DOTS_MAX concurrent adds of one element, and neither encodes nor decodes one more', () => {
    const full = addedByMany(LEAF_DOTS_MAX);
    assert.deepEqual(decode(set, encode(set, full)), full);

    const [{ node } = { node: nodeAt(0) }, ...others] = full.store.get('x')?.store ?? [];
    const store = [{ node, counter: 1 }, { node, counter: 2 }, ...others];
    const beyond = {
      store: new Map([['x', { key: 'x', store }]]),
      context: mergeContexts(full.context, contextOf(store)),
    };
    assert.throws(() => encode(set, beyond), overLimit);
    const bytes = new Writer()
      .varint(0)
      .varint(1)
      .text('x')
      .varint(LEAF_DOTS_MAX + 1);
    assert.throws(() => decode(set, bytes.finish()), overLimit);
  });

  it('refuses a dot that the context does not hold, an element without a dot, and dots out of order', () => {
    const cases: [string, Writer][] = [
      ['ERR_OUT_OF_RANGE', twoDotsSeen().varint(1).text('x').varint(1).varint(0).varint(3)],
      ['ERR_OUT_OF_RANGE', twoDotsSeen().varint(1).text('x').varint(1).varint(0).varint(0)],
      ['ERR_OUT_OF_RANGE', twoDotsSeen().varint(1).text('x').varint(1).varint(1).varint(1)],
      ['ERR_NOT_CANONICAL', twoDotsSeen().varint(1).text('x').varint(0)],
      ['ERR_NOT_CANONICAL', twoDotsSeen().varint(1).text('x').varint(2).varint(0).varint(2).varint(0).varint(1)],
      ['ERR_NOT_CANONICAL', twoDotsSeen().varint(1).text('x').varint(2).varint(0).varint(1).varint(0).varint(1)],
    ];
    for (const [code, writer] of cases) {
      assert.throws(
        () => decode(set, writer.finish()),
        (error) => isFailure(error, code),
      );
    }
  });
});

/** `count` elements that one node added. */
function withElements(count: number): OrSet<string> {
  const dots = Array.from({ length: count }, (_, at) => ({ node: nodeAt(0), counter: at + 1 }));
  return {
    store: new Map(dots.map((dot) => [`${dot.counter}`, { key: `${dot.counter}`, store: [dot] }])),
    context: contextOf(dots),
  };
}

/** One element that `count` nodes added at the same time. */
function addedByMany(count: number): OrSet<string> {
  return manyNodes(count)
    .map((node) => set.add(set.bottom, node, 'x'))
    .reduce(set.merge, set.bottom);
}

/** The beginning of a set in whose context one node made two dots. */
function twoDotsSeen(): Writer {
  return new Writer().varint(1).node(nodeAt(0)).varint(2).varint(0);
}
