/** The laws of `crdt/types/lattice.ts`, as one suite that every type runs on random histories. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Reader } from '../../../crdt/codec/reader.ts';
import { DecodeError } from '../../../crdt/errors.ts';
import { decode, encode, equalStates, type Lattice } from '../../../crdt/types/lattice.ts';
import { holds } from '../../properties.ts';
import { histories, type History, type Subject } from './replicas.ts';

export function describeLaws<S, Op>(subject: Subject<S, Op>): void {
  const { lattice, title } = subject;
  const { bottom } = lattice;
  const history = histories(subject);
  const merge = (a: S, b: S): S => lattice.merge(a, b);
  const mergeAll = (states: readonly S[]): S => states.reduce(merge, bottom);
  const assertSame = (actual: S, expected: S): void => {
    assert.deepEqual(actual, expected);
    assert.deepEqual(encode(lattice, actual), encode(lattice, expected));
  };

  /** States that one system can hold at once: replicas, single deltas, and merges of some deltas. */
  const states = (count: number): fc.Arbitrary<S[]> =>
    history.chain(({ replicas, deltas }) => {
      const pool = [bottom, ...replicas, ...deltas];
      const partial = fc.subarray(pool).map(mergeAll);
      return fc.array(fc.oneof(fc.constantFrom(...pool), partial), { minLength: count, maxLength: count });
    });

  describe(`${title}, as a lattice`, () => {
    it('merges commutatively', () => {
      holds(fc.property(states(2), ([a = bottom, b = bottom]) => assertSame(merge(a, b), merge(b, a))));
    });

    it('merges associatively', () => {
      holds(
        fc.property(states(3), ([a = bottom, b = bottom, c = bottom]) =>
          assertSame(merge(merge(a, b), c), merge(a, merge(b, c))),
        ),
      );
    });

    it('merges idempotently, and gives back the very state that nothing was added to', () => {
      holds(
        fc.property(states(2), ([a = bottom, b = bottom]) => {
          const both = merge(a, b);
          for (const known of [a, b, both, bottom]) assert.equal(merge(both, known), both);
        }),
      );
    });

    it('has bottom as the identity', () => {
      holds(
        fc.property(states(1), ([a = bottom]) => {
          assertSame(merge(bottom, a), a);
          assertSame(merge(a, bottom), a);
        }),
      );
    });

    it('leaves both arguments of a merge as they were', () => {
      holds(
        fc.property(states(2), ([a = bottom, b = bottom]) => {
          const before = [encode(lattice, a), encode(lattice, b)];
          merge(a, b);
          assert.deepEqual([encode(lattice, a), encode(lattice, b)], before);
        }),
      );
    });

    it('only grows: after an operation a state holds all it held, and the delta', () => {
      holds(
        fc.property(history, ({ steps }) => {
          for (const { before, after, delta } of steps) {
            assertSame(merge(before, after), after);
            assertSame(merge(delta, after), after);
          }
        }),
      );
    });

    it('reaches by any order and repetition of its deltas what it reaches by whole states', () => {
      const shuffled = history.chain((made) =>
        fc.record({
          made: fc.constant(made),
          order: fc
            .tuple(fc.shuffledSubarray([...made.deltas]), fc.shuffledSubarray([...made.deltas], deltasOf(made)))
            .map((parts) => parts.flat()),
        }),
      );
      holds(fc.property(shuffled, ({ made, order }) => assertSame(mergeAll(order), mergeAll(made.replicas))));
    });

    it('decodes what it encoded, to the same state', () => {
      holds(
        fc.property(states(1), ([a = bottom]) => {
          const bytes = encode(lattice, a);
          const decoded = decode(lattice, bytes);
          assertSame(decoded, a);
          assert.ok(equalStates(lattice, decoded, a));
        }),
      );
    });

    it('encodes states as the same bytes exactly when they are the same', () => {
      holds(
        fc.property(states(2), ([a = bottom, b = bottom]) => {
          const sameBytes = Buffer.compare(encode(lattice, a), encode(lattice, b)) === 0;
          assert.equal(sameBytes, merge(a, b) === a && merge(b, a) === b);
        }),
      );
    });

    it('refuses every truncation and any byte after the end', () => {
      holds(
        fc.property(states(1), fc.nat(255), ([a = bottom], extra) => {
          const bytes = encode(lattice, a);
          for (let length = 0; length < bytes.length; length++) {
            assert.throws(() => decode(lattice, bytes.subarray(0, length)), DecodeError);
          }
          assert.throws(() => decode(lattice, Uint8Array.of(...bytes, extra)), DecodeError);
        }),
      );
    });

    it('refuses a damaged encoding, or takes it for the one state whose encoding it is', () => {
      const damage = fc.record({ at: fc.nat(), value: fc.nat(255) });
      holds(
        fc.property(states(1), fc.array(damage, { minLength: 1, maxLength: 3 }), ([a = bottom], changes) => {
          const bytes = encode(lattice, a);
          for (const { at, value } of changes) bytes[at % bytes.length] = value;
          const damaged = decodeOrRefuse(lattice, bytes);
          if (damaged === undefined) return;
          assertSame(merge(a, damaged), merge(damaged, a));
          assertSame(merge(merge(a, damaged), damaged), merge(a, damaged));
        }),
      );
    });

    it('refuses random bytes, or takes them for the one state whose encoding they are', () => {
      const small = fc.uint8Array({ max: 3, maxLength: 80 });
      holds(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), small), (bytes) => void decodeOrRefuse(lattice, bytes)),
      );
    });

    it('reads one state and leaves what follows it', () => {
      holds(
        fc.property(states(2), ([a = bottom, b = bottom]) => {
          const reader = new Reader(Uint8Array.of(...encode(lattice, a), ...encode(lattice, b)));
          assertSame(lattice.read(reader, 'first'), a);
          assertSame(lattice.read(reader, 'second'), b);
        }),
      );
    });
  });
}

function deltasOf<S>({ deltas }: History<S>): { minLength: number } {
  return { minLength: deltas.length };
}

/** The state, whose encoding is checked to be `bytes`; undefined when they were refused as a {@link DecodeError}. */
function decodeOrRefuse<S>(lattice: Lattice<S>, bytes: Uint8Array): S | undefined {
  let state: S;
  try {
    state = decode(lattice, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  assert.deepEqual(encode(lattice, state), bytes);
  return state;
}
