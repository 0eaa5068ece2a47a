/**
 * Maps that merge key by key, and the one way a map is written: a count, then the entries in ascending order of key.
 *
 * Invariant: a map read is a map that could have been written (no entry out of order or twice, none past the limit).
 * A map into a lattice is a lattice: Baquero, Almeida, Cunha, Ferreira: "Composition in State-based Replicated Data
 * Types", Bulletin of the EATCS 123, 2017.
 */

import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import { compareText, describeText } from '../ids.ts';
import { CrdtError } from './crdt-error.ts';

/** Joins where both have a key; `join` returns its first argument when the second adds nothing. Returns `a` likewise. */
export function mergePointwise<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  join: (mine: V, theirs: V) => V,
): ReadonlyMap<K, V> {
  let merged: Map<K, V> | undefined;
  for (const [key, theirs] of b) {
    const mine = a.get(key);
    const joined = mine === undefined ? theirs : join(mine, theirs);
    if (joined !== mine) (merged ??= new Map(a)).set(key, joined);
  }
  return merged ?? a;
}

/** Writes how many `field` follow. Throws `ERR_OVER_LIMIT` beyond `max`, which is what the reader would do. */
export function writeCount(writer: Writer, field: string, count: number, max: number): void {
  if (count > max) {
    throw new CrdtError('ERR_OVER_LIMIT', { argument: field, expected: `at most ${max}`, found: `${count}` });
  }
  writer.varint(count);
}

export function sortedEntries<K extends string, V>(map: ReadonlyMap<K, V>): [K, V][] {
  return [...map].sort(([a], [b]) => compareText(a, b));
}

export function writeEntries<K extends string, V>(
  writer: Writer,
  field: string,
  max: number,
  map: ReadonlyMap<K, V>,
  write: (key: K, value: V) => void,
): void {
  writeCount(writer, field, map.size, max);
  for (const [key, value] of sortedEntries(map)) write(key, value);
}

/** Reads what {@link writeEntries} wrote. Throws `ERR_OVER_LIMIT` or, on an entry out of order or repeated, `ERR_NOT_CANONICAL`. */
export function readEntries<K extends string, V>(
  reader: Reader,
  field: string,
  max: number,
  read: () => readonly [K, V],
): ReadonlyMap<K, V> {
  const map = new Map<K, V>();
  let previous: K | undefined;
  for (let left = reader.varint(`${field} count`, max); left > 0; left--) {
    const start = reader.offset;
    const [key, value] = read();
    if (previous !== undefined && compareText(previous, key) >= 0) {
      const expected = `an entry after ${describeText(previous)}`;
      throw reader.fail('ERR_NOT_CANONICAL', field, expected, describeText(key), start);
    }
    map.set(key, value);
    previous = key;
  }
  return map;
}
