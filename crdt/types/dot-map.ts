/**
 * The dot store of keys, each with a dot store of its own.
 *
 * Invariant: no key has an empty store, so a key is there exactly while some dot of it is.
 * Almeida et al. 2018: DotMap.
 */

import type { CausalContext } from './causal-context.ts';
import type { DotStore } from './dot-store.ts';
import type { ElementCodec } from './element.ts';
import { readEntries, writeEntries } from './pointwise.ts';

/** Keys of one map, elements of one set. */
export const DOT_MAP_KEYS_MAX = 65_536;

export interface DotMapEntry<K, S> {
  readonly key: K;
  readonly store: S;
}

/** The codec's key → the key itself and its store. */
export type DotMap<K, S> = ReadonlyMap<string, DotMapEntry<K, S>>;

export function dotMap<K, S>(keys: ElementCodec<K>, inner: DotStore<S>): DotStore<DotMap<K, S>> {
  function join(a: DotMap<K, S>, seenWithA: CausalContext, b: DotMap<K, S>, seenWithB: CausalContext): DotMap<K, S> {
    let joined: Map<string, DotMapEntry<K, S>> | undefined;
    const settle = (id: string, key: K, mine: S, theirs: S): void => {
      const store = inner.join(mine, seenWithA, theirs, seenWithB);
      if (store === mine) return;
      joined ??= new Map(a);
      if (inner.isEmpty(store)) joined.delete(id);
      else joined.set(id, { key, store });
    };
    for (const [id, { key, store }] of a) settle(id, key, store, b.get(id)?.store ?? inner.empty);
    for (const [id, { key, store }] of b) if (!a.has(id)) settle(id, key, inner.empty, store);
    return joined ?? a;
  }

  return {
    empty: new Map(),
    isEmpty: (store) => store.size === 0,
    *dots(store) {
      for (const entry of store.values()) yield* inner.dots(entry.store);
    },
    join,
    write(writer, store, table) {
      writeEntries(writer, 'keys', DOT_MAP_KEYS_MAX, store, (_, entry) => {
        keys.write(writer, entry.key);
        inner.write(writer, entry.store, table);
      });
    },
    read: (reader, field, table) =>
      readEntries(reader, `${field} keys`, DOT_MAP_KEYS_MAX, () => {
        const key = keys.read(reader, `${field} key`);
        const start = reader.offset;
        const store = inner.read(reader, `${field} entry`, table);
        if (inner.isEmpty(store)) {
          throw reader.fail('ERR_NOT_CANONICAL', `${field} entry`, 'at least one dot', 'none', start);
        }
        return [keys.key(key), { key, store }];
      }),
  };
}
