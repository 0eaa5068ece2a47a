/**
 * Grow-only set.
 *
 * Invariant: an element, once in, is never out; merging is union. Shapiro et al. 2011, specification 11.
 */

import type { ElementCodec } from './element.ts';
import type { ResettableLattice } from './lattice.ts';
import { mergePointwise, readEntries, sortedEntries, writeEntries } from './pointwise.ts';

/** The codec's key → the element. */
export type GSet<T> = ReadonlyMap<string, T>;

/** Elements of one set. */
export const GSET_ELEMENTS_MAX = 65_536;

export interface GSetType<T> extends ResettableLattice<GSet<T>> {
  /** The delta that puts `values` in. */
  readonly add: (...values: readonly T[]) => GSet<T>;
  readonly has: (state: GSet<T>, value: T) => boolean;
  /** The elements in canonical order. */
  readonly values: (state: GSet<T>) => T[];
}

export function gSet<T>(codec: ElementCodec<T>): GSetType<T> {
  return {
    resettable: true,
    bottom: new Map(),
    add: (...values) => new Map(values.map((value) => [codec.key(value), value])),
    has: (state, value) => state.has(codec.key(value)),
    values: (state) => sortedEntries(state).map(([, value]) => value),
    merge: (a, b) => mergePointwise(a, b, (mine) => mine),
    write(writer, state) {
      writeEntries(writer, 'set elements', GSET_ELEMENTS_MAX, state, (_, value) => codec.write(writer, value));
    },
    read: (reader, field) =>
      readEntries(reader, `${field} elements`, GSET_ELEMENTS_MAX, () => {
        const value = codec.read(reader, `${field} element`);
        return [codec.key(value), value];
      }),
  };
}
