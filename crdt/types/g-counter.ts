/**
 * Grow-only counter: how much each node has added, as far as one knows. Its value is the sum.
 *
 * Invariant: a node raises its own entry only, and no entry is 0, so the greatest entry per node is the latest.
 * Shapiro et al. 2011, specification 6; deltas after Almeida et al. 2018.
 */

import type { NodeId } from '../ids.ts';
import { CrdtError } from './crdt-error.ts';
import type { ResettableLattice } from './lattice.ts';
import { mergePointwise, readEntries, writeEntries } from './pointwise.ts';

/** Node → its total, 1…{@link COUNT_MAX}. */
export type GCounter = ReadonlyMap<NodeId, number>;

/** Nodes that ever counted. With {@link COUNT_MAX} it keeps every sum of a counter below 2^53, so sums are exact. */
export const COUNTER_NODES_MAX = 1024;
/** The most that one node can count. */
export const COUNT_MAX = 2 ** 43 - 1;

export interface GCounterType extends ResettableLattice<GCounter> {
  /** The delta by which `node` adds `amount` (an integer from 1). Throws `ERR_OUT_OF_RANGE` when it would pass {@link COUNT_MAX}. */
  readonly increment: (state: GCounter, node: NodeId, amount?: number) => GCounter;
  readonly value: (state: GCounter) => number;
}

export const gCounter: GCounterType = {
  resettable: true,
  bottom: new Map(),
  increment: (state, node, amount = 1) => new Map([[node, raisedCount(state.get(node) ?? 0, amount)]]),
  value: (state) => [...state.values()].reduce((sum, count) => sum + count, 0),
  merge: (a, b) => mergePointwise(a, b, Math.max),
  write(writer, state) {
    writeEntries(writer, 'counter nodes', COUNTER_NODES_MAX, state, (node, count) => writer.node(node).varint(count));
  },
  read(reader, field) {
    return readEntries(reader, `${field} nodes`, COUNTER_NODES_MAX, () => {
      const node = reader.node(`${field} node`);
      const start = reader.offset;
      const count = reader.varint(`${field} count`, COUNT_MAX);
      if (count === 0) throw reader.fail('ERR_NOT_CANONICAL', `${field} count`, 'at least 1', '0', start);
      return [node, count];
    });
  },
};

/** `count` + `amount`. Throws `ERR_OUT_OF_RANGE` unless `amount` is an integer from 1 and the sum is within {@link COUNT_MAX}. */
export function raisedCount(count: number, amount: number): number {
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > COUNT_MAX - count) {
    throw new CrdtError('ERR_OUT_OF_RANGE', {
      argument: 'amount',
      expected: `an integer in 1…${COUNT_MAX - count}`,
      found: `${amount}`,
    });
  }
  return count + amount;
}
