/** The laws of a join-semilattice, as properties of a join on random states. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holds } from '../../properties.ts';

/** Declares one test for each law. `bottom` is the state of a node that has heard nothing. */
export function itIsAJoin<T>(name: string, state: fc.Arbitrary<T>, join: (a: T, b: T) => T, bottom: T): void {
  it(`${name} is commutative`, () => {
    holds(fc.property(state, state, (a, b) => assert.deepEqual(join(a, b), join(b, a))));
  });

  it(`${name} is associative`, () => {
    holds(fc.property(state, state, state, (a, b, c) => assert.deepEqual(join(join(a, b), c), join(a, join(b, c)))));
  });

  it(`${name} is idempotent`, () => {
    holds(fc.property(state, (a) => assert.deepEqual(join(a, a), a)));
  });

  it(`${name} with nothing changes nothing`, () => {
    holds(
      fc.property(state, (a) => {
        assert.deepEqual(join(a, bottom), a);
        assert.deepEqual(join(bottom, a), a);
      }),
    );
  });

  it(`${name} is an upper bound of both sides, so a merged state takes in neither again`, () => {
    holds(
      fc.property(state, state, (a, b) => {
        const joined = join(a, b);
        assert.deepEqual(join(joined, a), joined);
        assert.deepEqual(join(joined, b), joined);
      }),
    );
  });
}
