/**
 * Counter that goes both ways: what was added and what was taken away, each a grow-only counter.
 *
 * Invariant: both parts only grow, so merging them one by one loses no operation.
 * Shapiro et al. 2011, specification 7.
 */

import type { NodeId } from '../ids.ts';
import { gCounter, type GCounter } from './g-counter.ts';
import type { ResettableLattice } from './lattice.ts';

export interface PnCounter {
  readonly added: GCounter;
  readonly taken: GCounter;
}

export interface PnCounterType extends ResettableLattice<PnCounter> {
  /** The delta by which `node` adds `amount` (an integer from 1). Throws `ERR_OUT_OF_RANGE`. */
  readonly increment: (state: PnCounter, node: NodeId, amount?: number) => PnCounter;
  /** The delta by which `node` takes `amount` away. Throws `ERR_OUT_OF_RANGE`. */
  readonly decrement: (state: PnCounter, node: NodeId, amount?: number) => PnCounter;
  /** What was added less what was taken; exact, and possibly negative. */
  readonly value: (state: PnCounter) => number;
}

export const pnCounter: PnCounterType = {
  resettable: true,
  bottom: { added: gCounter.bottom, taken: gCounter.bottom },
  increment: (state, node, amount) => ({
    added: gCounter.increment(state.added, node, amount),
    taken: gCounter.bottom,
  }),
  decrement: (state, node, amount) => ({
    added: gCounter.bottom,
    taken: gCounter.increment(state.taken, node, amount),
  }),
  value: (state) => gCounter.value(state.added) - gCounter.value(state.taken),
  merge(a, b) {
    const added = gCounter.merge(a.added, b.added);
    const taken = gCounter.merge(a.taken, b.taken);
    return added === a.added && taken === a.taken ? a : { added, taken };
  },
  write(writer, state) {
    gCounter.write(writer, state.added);
    gCounter.write(writer, state.taken);
  },
  read: (reader, field) => ({
    added: gCounter.read(reader, `${field} added`),
    taken: gCounter.read(reader, `${field} taken`),
  }),
};
