/**
 * Observed-remove set in which an add wins over a concurrent remove, without tombstones.
 *
 * Invariant: an element is in the set exactly while some dot of an add is that no remove has observed. Adding again
 * replaces the dots of the element that were seen, so an element keeps one dot for each concurrent add, and a set that
 * was emptied costs a few bytes for each node that ever added.
 *
 * Bieniusa et al.: "An optimized conflict-free replicated set", INRIA 8083, 2012; deltas after Almeida et al. 2018.
 */

import type { NodeId } from '../ids.ts';
import { contextOf, nextDot } from './causal-context.ts';
import { causalType, type Causal, type CausalType } from './dot-store.ts';
import { dotSet, type DotSet } from './dot-fun.ts';
import { dotMap, type DotMap } from './dot-map.ts';
import type { ElementCodec } from './element.ts';
import { sortedEntries } from './pointwise.ts';

export type OrSet<T> = Causal<DotMap<T, DotSet>>;

export interface OrSetType<T> extends CausalType<DotMap<T, DotSet>> {
  /** The delta by which `node` adds `value`. Precondition: `state` holds all that `node` did before. */
  readonly add: (state: OrSet<T>, node: NodeId, value: T) => OrSet<T>;
  /** The delta that removes `value` as far as `state` has seen it added. */
  readonly remove: (state: OrSet<T>, value: T) => OrSet<T>;
  readonly has: (state: OrSet<T>, value: T) => boolean;
  /** The elements in canonical order. */
  readonly values: (state: OrSet<T>) => T[];
}

export function orSet<T>(codec: ElementCodec<T>): OrSetType<T> {
  const dotsOf = (state: OrSet<T>, value: T): DotSet => state.store.get(codec.key(value))?.store ?? dotSet.empty;

  return {
    ...causalType(dotMap(codec, dotSet)),
    add(state, node, value) {
      const dot = nextDot(state.context, node);
      return {
        store: new Map([[codec.key(value), { key: value, store: [dot] }]]),
        context: contextOf([...dotsOf(state, value), dot]),
      };
    },
    remove: (state, value) => ({ store: new Map(), context: contextOf(dotsOf(state, value)) }),
    has: (state, value) => state.store.has(codec.key(value)),
    values: (state) => sortedEntries(state.store).map(([, { key }]) => key),
  };
}
