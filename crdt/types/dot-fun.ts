/**
 * The dot stores that hold dots themselves: sets of dots, and dots with a value each.
 *
 * Invariant: ascending order of dots, none twice. Almeida et al. 2018: DotSet and DotFun.
 */

import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import { compareDots, containsDot, type CausalContext, type Dot } from './causal-context.ts';
import type { DotStore, DotTable } from './dot-store.ts';
import type { ResettableLattice } from './lattice.ts';
import { writeCount } from './pointwise.ts';

/** Dots of one leaf: concurrent operations on one element, or nodes that contribute to one value. */
export const LEAF_DOTS_MAX = 1024;

export type DotSet = readonly Dot[];

export interface Dotted<V> extends Dot {
  readonly value: V;
}

export type DotFun<V> = readonly Dotted<V>[];

export const dotSet: DotStore<DotSet> = {
  empty: [],
  isEmpty: (store) => store.length === 0,
  dots: (store) => store,
  join: (a, seenWithA, b, seenWithB) => joinDots(a, seenWithA, b, seenWithB, (mine) => mine),
  write: (writer, store, table) => writeDots(writer, store, table, () => {}),
  read: (reader, field, table) => readDots(reader, field, table, (dot) => dot),
};

/**
 * A value for each dot. Values of one dot are merged, which matters only for a node that used a dot twice: the join is
 * a lattice even then.
 */
export function dotFun<V>(values: ResettableLattice<V>): DotStore<DotFun<V>> {
  return {
    empty: [],
    isEmpty: (store) => store.length === 0,
    dots: (store) => store,
    join: (a, seenWithA, b, seenWithB) =>
      joinDots(a, seenWithA, b, seenWithB, (mine, theirs) => {
        const value = values.merge(mine.value, theirs.value);
        return value === mine.value ? mine : { ...mine, value };
      }),
    write: (writer, store, table) => writeDots(writer, store, table, ({ value }) => values.write(writer, value)),
    read: (reader, field, table) =>
      readDots(reader, field, table, (dot) => ({ ...dot, value: values.read(reader, `${field} value`) })),
  };
}

/** One walk along both lists. */
function joinDots<D extends Dot>(
  a: readonly D[],
  seenWithA: CausalContext,
  b: readonly D[],
  seenWithB: CausalContext,
  meet: (mine: D, theirs: D) => D,
): readonly D[] {
  const joined: D[] = [];
  let atA = 0;
  let atB = 0;
  for (;;) {
    const [mine, theirs] = [a[atA], b[atB]];
    if (mine === undefined && theirs === undefined) break;
    const order = mine === undefined ? 1 : theirs === undefined ? -1 : compareDots(mine, theirs);
    if (order <= 0) atA++;
    if (order >= 0) atB++;
    if (mine !== undefined && theirs !== undefined && order === 0) joined.push(meet(mine, theirs));
    else if (mine !== undefined && order < 0 && !containsDot(seenWithB, mine)) joined.push(mine);
    else if (theirs !== undefined && order > 0 && !containsDot(seenWithA, theirs)) joined.push(theirs);
  }
  return joined.length === a.length && joined.every((dot, at) => dot === a[at]) ? a : joined;
}

function writeDots<D extends Dot>(
  writer: Writer,
  store: readonly D[],
  table: DotTable,
  writeValue: (dotted: D) => void,
): void {
  writeCount(writer, 'dots', store.length, LEAF_DOTS_MAX);
  for (const dotted of store) {
    table.write(writer, dotted);
    writeValue(dotted);
  }
}

function readDots<D extends Dot>(
  reader: Reader,
  field: string,
  table: DotTable,
  readValue: (dot: Dot) => D,
): readonly D[] {
  const store: D[] = [];
  for (let left = reader.varint(`${field} dots`, LEAF_DOTS_MAX); left > 0; left--) {
    const start = reader.offset;
    const dot = table.read(reader, `${field} dot`);
    const previous = store.at(-1);
    if (previous !== undefined && compareDots(previous, dot) >= 0) {
      throw reader.fail('ERR_NOT_CANONICAL', `${field} dot`, 'dots in ascending order', 'one out of order', start);
    }
    store.push(readValue(dot));
  }
  return store;
}
