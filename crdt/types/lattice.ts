/**
 * A state-based CRDT as driftlock has them: a join-semilattice with a bottom and one canonical encoding.
 *
 * Laws, for all states of one lattice (`test/crdt/types/laws.ts` checks them on every type): `merge` is commutative,
 * associative and idempotent, and `bottom` is its identity; equal states have equal bytes, whatever their history;
 * `read` accepts exactly what `write` makes. States are immutable plain data. A mutator returns a *delta*, itself a
 * state, to be merged into the local state and sent to others; deltas may be lost, repeated and reordered as long as
 * every replica receives each of them in the end, alone or inside a larger state.
 *
 * Shapiro, Preguiça, Baquero, Zawirski: "A comprehensive study of Convergent and Commutative Replicated Data Types",
 * INRIA 7506, 2011. Almeida, Shoker, Baquero: "Delta State Replicated Data Types", JPDC 111, 2018.
 */

import { Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';

export interface Lattice<S> {
  /** The state before any operation. */
  readonly bottom: S;
  /** The least state that holds both. Returns `a` itself when `b` adds nothing, so `merge(a, b) === a` tells stale news. */
  readonly merge: (a: S, b: S) => S;
  /** Throws `ERR_OVER_LIMIT` for a state that `read` would refuse. */
  readonly write: (writer: Writer, state: S) => void;
  /** `field` names the state in a `DecodeError`. */
  readonly read: (reader: Reader, field: string) => S;
}

/**
 * A lattice whose history may be cut into parts that are forgotten one by one: an operation on a replica that has
 * forgotten some part yields a delta that stays right beside that part. It does not hold for types that name their
 * operations by position in their own history (dots, escrow rows): after a reset they would use a name twice.
 */
export interface ResettableLattice<S> extends Lattice<S> {
  readonly resettable: true;
}

export function encode<S>(lattice: Lattice<S>, state: S): Uint8Array {
  const writer = new Writer();
  lattice.write(writer, state);
  return writer.finish();
}

/** Throws `DecodeError` unless `bytes` are what {@link encode} makes of some state. `what` names it in the error. */
export function decode<S>(lattice: Lattice<S>, bytes: Uint8Array, what = 'state'): S {
  const reader = new Reader(bytes);
  const state = lattice.read(reader, what);
  reader.end(what);
  return state;
}

/** Whether two states are the same, judged by their canonical encoding. */
export function equalStates<S>(lattice: Lattice<S>, a: S, b: S): boolean {
  if (a === b) return true;
  const [left, right] = [encode(lattice, a), encode(lattice, b)];
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
