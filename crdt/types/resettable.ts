/**
 * A counter, register or grow-only set that can be reset: any resettable lattice, with its history kept as one
 * contribution of each node under a dot.
 *
 * Invariant: the value is the merge of the contributions that no reset has observed. An update puts the node's own
 * contribution, grown, under a new dot. A concurrent update therefore wins over a reset, and brings back what its own
 * node had contributed since that node last saw a reset, but nobody else's contribution.
 *
 * Almeida et al. 2018 (causal types over DotFun).
 */

import type { NodeId } from '../ids.ts';
import { contextOf, nextDot } from './causal-context.ts';
import { dotFun, type DotFun } from './dot-fun.ts';
import { causalType, type Causal, type CausalType } from './dot-store.ts';
import type { ResettableLattice } from './lattice.ts';

export type Resettable<V> = Causal<DotFun<V>>;

export interface ResettableType<V> extends CausalType<DotFun<V>> {
  /**
   * The delta by which `node` changes the value; `change` gets the value and returns its delta.
   * Precondition: `state` holds all that `node` did before.
   */
  readonly update: (state: Resettable<V>, node: NodeId, change: (value: V) => V) => Resettable<V>;
  /** The delta that undoes all updates `state` has seen. */
  readonly reset: (state: Resettable<V>) => Resettable<V>;
  readonly value: (state: Resettable<V>) => V;
}

export function resettable<V>(values: ResettableLattice<V>): ResettableType<V> {
  const mergeAll = (contributions: DotFun<V>): V =>
    contributions.reduce((merged, { value }) => values.merge(merged, value), values.bottom);

  return {
    ...causalType(dotFun(values)),
    update(state, node, change) {
      const own = state.store.filter((contribution) => contribution.node === node);
      const dot = nextDot(state.context, node);
      const value = values.merge(mergeAll(own), change(mergeAll(state.store)));
      return { store: [{ ...dot, value }], context: contextOf([...own, dot]) };
    },
    reset: (state) => ({ store: [], context: contextOf(state.store) }),
    value: (state) => mergeAll(state.store),
  };
}
