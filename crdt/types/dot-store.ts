/**
 * Causal CRDTs: a store of dotted content beside the causal context of all dots ever seen.
 *
 * Invariant: every dot in the store is in the context. A dot in the context but not in the store was removed; that is
 * the whole memory of a removal, so nothing removed leaves a tombstone. Joining keeps a dot that both hold, or that one
 * holds and the other has not seen. The stores are `dot-fun.ts` (leaves) and `dot-map.ts` (keys); what nests in one
 * map shares its context, so a key that was removed and comes back never uses a dot twice.
 *
 * Almeida, Shoker, Baquero: "Delta State Replicated Data Types", JPDC 111, 2018. Bieniusa et al.: "An
 * optimized conflict-free replicated set", INRIA 8083, 2012.
 */

import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import { compareText, type NodeId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import {
  EMPTY_CONTEXT,
  containsDot,
  mergeContexts,
  readContext,
  writeContext,
  type CausalContext,
  type Dot,
} from './causal-context.ts';
import type { Lattice } from './lattice.ts';

export interface DotStore<S> {
  readonly empty: S;
  readonly isEmpty: (store: S) => boolean;
  readonly dots: (store: S) => Iterable<Dot>;
  /** What remains of `a` and `b`, which were seen together with these contexts. Returns `a` itself when that is `a`. */
  readonly join: (a: S, seenWithA: CausalContext, b: S, seenWithB: CausalContext) => S;
  readonly write: (writer: Writer, store: S, table: DotTable) => void;
  readonly read: (reader: Reader, field: string, table: DotTable) => S;
}

export interface Causal<S> {
  readonly store: S;
  readonly context: CausalContext;
}

/** A lattice of {@link Causal} states that can also be the values of an OR-map. */
export interface CausalType<S> extends Lattice<Causal<S>> {
  readonly dotStore: DotStore<S>;
}

/** Writes a dot in two or three bytes: the context, written first, lists the nodes, and a dot gives its node's place. */
export class DotTable {
  readonly #context: CausalContext;
  readonly #nodes: readonly NodeId[];
  readonly #places: ReadonlyMap<NodeId, number>;

  constructor(context: CausalContext) {
    this.#context = context;
    this.#nodes = [...context.keys()].sort(compareText);
    this.#places = new Map(this.#nodes.map((node, place) => [node, place]));
  }

  write(writer: Writer, dot: Dot): void {
    const place = this.#places.get(dot.node);
    invariant(place !== undefined && containsDot(this.#context, dot), 'every dot in the store is in the context');
    writer.varint(place).varint(dot.counter);
  }

  /** Throws `ERR_OUT_OF_RANGE` for a dot that is not in the context. */
  read(reader: Reader, field: string): Dot {
    const start = reader.offset;
    const place = reader.varint(`${field} node`);
    const counter = reader.varint(`${field} counter`);
    const node = this.#nodes[place];
    if (node === undefined || counter === 0 || !containsDot(this.#context, { node, counter })) {
      throw reader.fail('ERR_OUT_OF_RANGE', field, 'a dot of the context', `node ${place}, counter ${counter}`, start);
    }
    return { node, counter };
  }
}

/** The lattice of `dotStore` with its context. */
export function causalType<S>(dotStore: DotStore<S>): CausalType<S> {
  return {
    dotStore,
    bottom: { store: dotStore.empty, context: EMPTY_CONTEXT },
    merge(a, b) {
      const store = dotStore.join(a.store, a.context, b.store, b.context);
      const context = mergeContexts(a.context, b.context);
      return store === a.store && context === a.context ? a : { store, context };
    },
    write(writer, { store, context }) {
      writeContext(writer, context);
      dotStore.write(writer, store, new DotTable(context));
    },
    read(reader, field) {
      const context = readContext(reader, `${field} context`);
      return { store: dotStore.read(reader, field, new DotTable(context)), context };
    },
  };
}
