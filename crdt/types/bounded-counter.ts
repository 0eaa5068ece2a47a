/**
 * Counter that never falls below zero though nobody coordinates: an escrow of rights to take.
 *
 * Adding grants rights to the adder; taking spends one's own; rights can be sent to another node. Each node writes its
 * own row only, and spends only what its row and the rows of its senders cover. A counter with another bound K is one
 * that counts from K.
 *
 * Invariant: in every merge of deltas, in any order, no node has spent or sent more than it was granted and received,
 * so every replica's value is at least 0 at all times. For that a delta carries the author's row and the row of every
 * node its rights came through: what is spent never arrives before what covers it.
 *
 * Balegas et al.: "Extending Eventually Consistent Cloud Databases for Enforcing Numeric Invariants", SRDS 2015.
 */

import type { NodeId } from '../ids.ts';
import { CrdtError } from './crdt-error.ts';
import { COUNTER_NODES_MAX, COUNT_MAX, gCounter, raisedCount, type GCounter } from './g-counter.ts';
import type { Lattice } from './lattice.ts';
import { mergePointwise, readEntries, writeEntries } from './pointwise.ts';

/** What one node did; every part only grows. */
export interface EscrowRow {
  readonly granted: number;
  readonly spent: number;
  /** Receiver → rights sent to it. */
  readonly sent: GCounter;
}

export type BoundedCounter = ReadonlyMap<NodeId, EscrowRow>;

export interface BoundedCounterType extends Lattice<BoundedCounter> {
  /** The delta by which `node` adds `amount` (an integer from 1) and is granted as many rights. Throws `ERR_OUT_OF_RANGE`. */
  readonly increment: (state: BoundedCounter, node: NodeId, amount?: number) => BoundedCounter;
  /** The delta by which `node` takes `amount`. Throws `ERR_NO_RIGHTS` when it holds fewer rights, or `ERR_OUT_OF_RANGE`. */
  readonly decrement: (state: BoundedCounter, node: NodeId, amount?: number) => BoundedCounter;
  /** The delta by which `from` hands `amount` rights to `to`. Throws `ERR_NO_RIGHTS` or `ERR_OUT_OF_RANGE`. */
  readonly transfer: (state: BoundedCounter, from: NodeId, to: NodeId, amount: number) => BoundedCounter;
  /** How much `node` may take: exact for oneself save rights still on their way, for others as far as one knows. */
  readonly rights: (state: BoundedCounter, node: NodeId) => number;
  readonly value: (state: BoundedCounter) => number;
}

const EMPTY_ROW: EscrowRow = { granted: 0, spent: 0, sent: gCounter.bottom };

export const boundedCounter: BoundedCounterType = {
  bottom: new Map(),
  increment(state, node, amount = 1) {
    const row = rowOf(state, node);
    return supported(state, node, { ...row, granted: raisedCount(row.granted, amount) });
  },
  decrement(state, node, amount = 1) {
    const row = rowOf(state, node);
    const spent = raisedCount(row.spent, amount);
    requireRights(state, node, amount);
    return supported(state, node, { ...row, spent });
  },
  transfer(state, from, to, amount) {
    if (from === to) {
      throw new CrdtError('ERR_OUT_OF_RANGE', { argument: 'to', expected: 'another node', found: 'the sender itself' });
    }
    const row = rowOf(state, from);
    const increased = gCounter.increment(row.sent, to, amount);
    requireRights(state, from, amount);
    return supported(state, from, { ...row, sent: gCounter.merge(row.sent, increased) });
  },
  rights: rightsOf,
  value: (state) => [...state.values()].reduce((sum, row) => sum + row.granted - row.spent, 0),
  merge: (a, b) => mergePointwise(a, b, mergeRows),
  write(writer, state) {
    writeEntries(writer, 'escrow rows', COUNTER_NODES_MAX, state, (node, row) => {
      writer.node(node).varint(row.granted).varint(row.spent);
      gCounter.write(writer, row.sent);
    });
  },
  read: (reader, field) =>
    readEntries(reader, `${field} rows`, COUNTER_NODES_MAX, () => {
      const node = reader.node(`${field} node`);
      const start = reader.offset;
      const granted = reader.varint(`${field} granted`, COUNT_MAX);
      const spent = reader.varint(`${field} spent`, COUNT_MAX);
      const sent = gCounter.read(reader, `${field} sent`);
      if (granted === 0 && spent === 0 && sent.size === 0) {
        throw reader.fail('ERR_NOT_CANONICAL', `${field} row`, 'rows that hold something', 'an empty one', start);
      }
      return [node, { granted, spent, sent }];
    }),
};

function rowOf(state: BoundedCounter, node: NodeId): EscrowRow {
  return state.get(node) ?? EMPTY_ROW;
}

function rightsOf(state: BoundedCounter, node: NodeId): number {
  const own = rowOf(state, node);
  const received = [...state.values()].reduce((sum, row) => sum + (row.sent.get(node) ?? 0), 0);
  return own.granted + received - own.spent - gCounter.value(own.sent);
}

function requireRights(state: BoundedCounter, node: NodeId, amount: number): void {
  const held = rightsOf(state, node);
  if (amount <= held) return;
  throw new CrdtError('ERR_NO_RIGHTS', { argument: 'amount', expected: `at most ${held} rights`, found: `${amount}` });
}

/** The delta of `node`'s new row: that row, and the rows of all nodes from which rights came to `node`, however far back. */
function supported(state: BoundedCounter, node: NodeId, row: EscrowRow): BoundedCounter {
  const delta = new Map([[node, row]]);
  const unvisited: NodeId[] = [node];
  for (let receiver = unvisited.pop(); receiver !== undefined; receiver = unvisited.pop()) {
    for (const [sender, theirs] of state) {
      if (!theirs.sent.has(receiver) || delta.has(sender)) continue;
      delta.set(sender, theirs);
      unvisited.push(sender);
    }
  }
  return delta;
}

function mergeRows(a: EscrowRow, b: EscrowRow): EscrowRow {
  const granted = Math.max(a.granted, b.granted);
  const spent = Math.max(a.spent, b.spent);
  const sent = gCounter.merge(a.sent, b.sent);
  return granted === a.granted && spent === a.spent && sent === a.sent ? a : { granted, spent, sent };
}
