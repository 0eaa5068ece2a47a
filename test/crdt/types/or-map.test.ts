/** The observed-remove map, and the values that can be reset. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareText, type NodeId } from '../../../crdt/ids.ts';
import { nodeElement, textElement } from '../../../crdt/types/element.ts';
import { gCounter } from '../../../crdt/types/g-counter.ts';
import { encode } from '../../../crdt/types/lattice.ts';
import { lwwRegister } from '../../../crdt/types/lww-register.ts';
import { orMap, type OrMap } from '../../../crdt/types/or-map.ts';
import { orSet } from '../../../crdt/types/or-set.ts';
import { pnCounter } from '../../../crdt/types/pn-counter.ts';
import { resettable, type Resettable } from '../../../crdt/types/resettable.ts';
import { holds } from '../../properties.ts';
import { describeLaws } from './laws.ts';
import { nodeAt } from './replicas.ts';

const key = fc.constantFrom('', 'a', 'b', '😀');
const tally = resettable(gCounter);
const tallies = orMap(textElement, tally);
const members = orSet(textElement);
const groups = orMap(textElement, members);
const regions = orMap(textElement, orMap(nodeElement, resettable(lwwRegister(textElement))));

type Tallies = typeof tallies.bottom;

describeLaws({
  title: 'a counter that can be reset',
  lattice: resettable(pnCounter),
  operation: fc.constantFrom('up', 'down', 'reset'),
  apply(state, node, operation) {
    const type = resettable(pnCounter);
    if (operation === 'reset') return type.reset(state);
    return type.update(state, node, (value) =>
      operation === 'up' ? pnCounter.increment(value, node) : pnCounter.decrement(value, node),
    );
  },
});

describeLaws({
  title: 'the OR-map of counters',
  lattice: tallies,
  operation: fc.record({ key, remove: fc.boolean() }),
  apply: (state, node, operation) =>
    operation.remove ? tallies.remove(state, operation.key) : counted(state, node, operation.key),
});

describeLaws({
  title: 'the OR-map of OR-sets',
  lattice: groups,
  operation: fc.record({ key, element: key, kind: fc.constantFrom('add', 'take', 'drop') }),
  apply(state, node, { key: group, element, kind }) {
    if (kind === 'drop') return groups.remove(state, group);
    return groups.update(state, group, (value) =>
      kind === 'add' ? members.add(value, node, element) : members.remove(value, element),
    );
  },
});

describeLaws({
  title: 'the OR-map of OR-maps of registers',
  lattice: regions,
  operation: fc.record({ key, wallMs: fc.nat({ max: 3 }), remove: fc.boolean() }),
  apply(state, node, { key: region, wallMs, remove }) {
    if (remove) return regions.remove(state, region);
    const labels = lwwRegister(textElement);
    const label = resettable(labels);
    return regions.update(state, region, (nodes) =>
      orMap(nodeElement, label).update(nodes, node, (value) =>
        label.update(value, node, () => labels.assign({ wallMs, counter: 0 }, node, region)),
      ),
    );
  },
});

function counted(state: Tallies, node: NodeId, name: string): Tallies {
  return tallies.update(state, name, (value) => tally.update(value, node, (total) => gCounter.increment(total, node)));
}

function count(state: Tallies, at: number, name: string): Tallies {
  return tallies.merge(state, counted(state, nodeAt(at), name));
}

function bump(state: typeof tally.bottom, at: number): typeof tally.bottom {
  return tally.merge(
    state,
    tally.update(state, nodeAt(at), (value) => gCounter.increment(value, nodeAt(at))),
  );
}

function countOf(state: Tallies, name: string): number | undefined {
  const value: Resettable<typeof gCounter.bottom> | undefined = tallies.get(state, name);
  return value && gCounter.value(tally.value(value));
}

function removedKey<K, S>(map: ReturnType<typeof orMap<K, S>>, state: OrMap<K, S>, name: K): OrMap<K, S> {
  return map.merge(state, map.remove(state, name));
}

describe('the OR-map', () => {
  it('is a plain map of counts as long as one replica alone works on it', () => {
    const operations = fc.array(fc.record({ key, remove: fc.boolean() }));
    holds(
      fc.property(operations, (made) => {
        const model = new Map<string, number>();
        let state = tallies.bottom;
        for (const { key: name, remove } of made) {
          state = remove ? removedKey(tallies, state, name) : count(state, 0, name);
          if (remove) model.delete(name);
          else model.set(name, (model.get(name) ?? 0) + 1);
          assert.deepEqual(tallies.keys(state), [...model.keys()].sort(compareText));
          for (const [held, expected] of model) assert.equal(countOf(state, held), expected);
        }
      }),
    );
  });

  it('lets an update win over a concurrent remove, with what its own node had contributed and nothing else', () => {
    const shared = count(count(count(tallies.bottom, 0, 'x'), 0, 'x'), 1, 'x');
    const [updated, removed] = [count(shared, 1, 'x'), removedKey(tallies, shared, 'x')];
    assert.equal(countOf(updated, 'x'), 4);
    assert.equal(countOf(removed, 'x'), undefined);
    assert.equal(countOf(tallies.merge(updated, removed), 'x'), 2);
  });

  it('starts a removed key again from the bottom value', () => {
    const emptied = removedKey(tallies, count(count(tallies.bottom, 0, 'x'), 1, 'x'), 'x');
    assert.equal(countOf(count(emptied, 0, 'x'), 'x'), 1);
  });

  it('loses no element of a set under a key that was removed and came back beside a concurrent change', () => {
    const [alice, bob] = [nodeAt(0), nodeAt(1)];
    const shared = groups.update(groups.bottom, 'g', (set) => members.add(set, alice, 'old'));
    // Bob takes the element out of the set while Alice removes the whole key and makes it anew.
    const byBob = groups.merge(
      shared,
      groups.update(shared, 'g', (set) => members.remove(set, 'old')),
    );
    const more = groups.merge(
      byBob,
      groups.update(byBob, 'g', (set) => members.add(set, bob, 'bob')),
    );
    const emptied = removedKey(groups, shared, 'g');
    const byAlice = groups.merge(
      emptied,
      groups.update(emptied, 'g', (set) => members.add(set, alice, 'new')),
    );
    const value = groups.get(groups.merge(byAlice, more), 'g');
    assert.ok(value !== undefined);
    assert.deepEqual(members.values(value), ['bob', 'new']);
  });

  it('drops a key whose set has become empty, and changes no other key', () => {
    let state = groups.bottom;
    for (const group of ['a', 'b']) {
      state = groups.merge(
        state,
        groups.update(state, group, (set) => members.add(set, nodeAt(0), 'x')),
      );
    }
    state = groups.merge(
      state,
      groups.update(state, 'a', (set) => members.remove(set, 'x')),
    );
    assert.deepEqual(groups.keys(state), ['b']);
    assert.equal(groups.get(state, 'a'), undefined);
  });

  it('keeps no trace of a key beyond a counter: a thousand updates and removes cost four bytes', () => {
    let state = removedKey(tallies, count(tallies.bottom, 0, 'x'), 'x');
    const once = encode(tallies, state).length;
    for (let cycle = 1; cycle < 1000; cycle++) state = removedKey(tallies, count(state, 0, 'x'), 'x');
    assert.ok(encode(tallies, state).length <= once + 4);
  });
});

describe('a counter that can be reset', () => {
  it('forgets what the reset had seen, on every replica, and holds one contribution a node', () => {
    let state = tally.bottom;
    for (const at of [0, 1, 0, 1, 2]) state = bump(state, at);
    assert.equal(gCounter.value(tally.value(state)), 5);
    assert.equal(state.store.length, 3);
    tally.update(state, nodeAt(2), (value) => {
      assert.equal(gCounter.value(value), 5, 'a change is given what all nodes contributed');
      return value;
    });
    const reset = tally.reset(state);
    assert.equal(gCounter.value(tally.value(tally.merge(state, reset))), 0);
    assert.equal(gCounter.value(tally.value(tally.merge(bump(state, 2), reset))), 2);
  });
});
