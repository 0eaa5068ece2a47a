/**
 * Random histories: three replicas of one CRDT that operate and exchange deltas, which arrive late, twice or never.
 *
 * Invariant: a node's own deltas are merged by itself at once, as every mutator requires.
 */

import fc from 'fast-check';
import { nodeId, type NodeId } from '../../../crdt/ids.ts';
import type { Lattice } from '../../../crdt/types/lattice.ts';

/** A type, and random operations on it. */
export interface Subject<S, Op> {
  readonly title: string;
  readonly lattice: Lattice<S>;
  readonly operation: fc.Arbitrary<Op>;
  /** The delta of `operation` by `node`; bottom when it does not apply. */
  readonly apply: (state: S, node: NodeId, operation: Op) => S;
}

export interface History<S> {
  /** What each replica holds at the end. */
  readonly replicas: readonly S[];
  /** The delta of every operation, in the order they were made. */
  readonly deltas: readonly S[];
  /** The author's state before and after each operation. */
  readonly steps: readonly { readonly before: S; readonly after: S; readonly delta: S }[];
}

type Event<Op> =
  | { readonly kind: 'operate'; readonly at: number; readonly operation: Op }
  | { readonly kind: 'deliver'; readonly at: number; readonly which: number };

export const REPLICAS = 3;
export const NODES: readonly NodeId[] = ['a1', '2b', 'c3'].map((byte) => nodeId(byte.repeat(32)));

/** The id of replica `at`. */
export function nodeAt(at: number): NodeId {
  const node = NODES[at];
  if (node === undefined) throw new RangeError(`no replica ${at}`);
  return node;
}

export function histories<S, Op>(subject: Subject<S, Op>): fc.Arbitrary<History<S>> {
  const at = fc.nat({ max: REPLICAS - 1 });
  const event: fc.Arbitrary<Event<Op>> = fc.oneof(
    fc.record({ kind: fc.constant('operate' as const), at, operation: subject.operation }),
    fc.record({ kind: fc.constant('deliver' as const), at, which: fc.nat({ max: 9 }) }),
  );
  return fc.array(event, { maxLength: 30, size: 'medium' }).map((events) => play(subject, events));
}

function play<S, Op>({ lattice, apply }: Subject<S, Op>, events: readonly Event<Op>[]): History<S> {
  const replicas: S[] = Array.from({ length: REPLICAS }, () => lattice.bottom);
  const steps: { before: S; after: S; delta: S }[] = [];
  for (const event of events) {
    const before = replicas[event.at] ?? lattice.bottom;
    if (event.kind === 'operate') {
      const delta = apply(before, nodeAt(event.at), event.operation);
      const after = lattice.merge(before, delta);
      steps.push({ before, after, delta });
      replicas[event.at] = after;
    } else {
      const step = steps[event.which % Math.max(1, steps.length)];
      if (step !== undefined) replicas[event.at] = lattice.merge(before, step.delta);
    }
  }
  return { replicas, steps, deltas: steps.map(({ delta }) => delta) };
}
