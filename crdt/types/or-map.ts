/**
 * Observed-remove map: keys with CRDTs as values, in which an update wins over a concurrent remove of its key.
 *
 * A value is any causal type: an OR-set, another OR-map, or a counter, register or grow-only set made `resettable`.
 * Removing a key resets its value: all that the remover had seen of it is gone, and what it had not seen stays. A key
 * is there exactly while its value holds a dot, so a set that becomes empty takes its key with it.
 *
 * Invariant: all values share the map's context, so a key that was removed and comes back never uses a dot twice.
 * Almeida et al. 2018 (ORMap).
 */

import { contextOf } from './causal-context.ts';
import { causalType, type Causal, type CausalType } from './dot-store.ts';
import { dotMap, type DotMap } from './dot-map.ts';
import type { ElementCodec } from './element.ts';
import { sortedEntries } from './pointwise.ts';

export type OrMap<K, S> = Causal<DotMap<K, S>>;

export interface OrMapType<K, S> extends CausalType<DotMap<K, S>> {
  /**
   * The delta of a change to the value of `key`: `change` gets the value (the bottom one under an absent key) and
   * returns a delta of it, made by mutators of its type. It must not return the merged value: beside the context of the
   * whole map that would say that every other key was removed.
   */
  readonly update: (state: OrMap<K, S>, key: K, change: (value: Causal<S>) => Causal<S>) => OrMap<K, S>;
  /** The delta that removes `key` and resets its value, as far as `state` has seen it. */
  readonly remove: (state: OrMap<K, S>, key: K) => OrMap<K, S>;
  /** The value of `key`, to be read by its type; undefined when the key is absent. */
  readonly get: (state: OrMap<K, S>, key: K) => Causal<S> | undefined;
  /** The keys in canonical order. */
  readonly keys: (state: OrMap<K, S>) => K[];
}

export function orMap<K, S>(codec: ElementCodec<K>, values: CausalType<S>): OrMapType<K, S> {
  const inner = values.dotStore;
  const storeOf = (state: OrMap<K, S>, key: K): S => state.store.get(codec.key(key))?.store ?? inner.empty;

  return {
    ...causalType(dotMap(codec, inner)),
    update(state, key, change) {
      const { store, context } = change({ store: storeOf(state, key), context: state.context });
      return { store: inner.isEmpty(store) ? new Map() : new Map([[codec.key(key), { key, store }]]), context };
    },
    remove: (state, key) => ({ store: new Map(), context: contextOf(inner.dots(storeOf(state, key))) }),
    get(state, key) {
      const entry = state.store.get(codec.key(key));
      return entry === undefined ? undefined : { store: entry.store, context: state.context };
    },
    keys: (state) => sortedEntries(state.store).map(([, { key }]) => key),
  };
}
