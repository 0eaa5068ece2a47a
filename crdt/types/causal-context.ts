/**
 * Dots and causal contexts: which operations a replica has seen, with no memory of what they were.
 *
 * A dot names one operation: the node that made it and that node's counter, from 1. A context is a version vector (all
 * dots of a node up to some counter) and a cloud of dots beyond it, so that deltas may arrive in any order.
 *
 * Invariants: the cloud holds no dot that the vector could absorb, so equal sets of dots are equal contexts; and a node
 * makes each dot once. The second is the caller's: a node that lost its state must come back under another id, or take
 * its state back from the others first.
 *
 * Almeida et al. 2018; Preguiça et al., "Dotted Version Vectors", arXiv:1011.5808, 2010.
 */

import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import { compareText, type NodeId } from '../ids.ts';
import { CrdtError } from './crdt-error.ts';
import { mergePointwise, readEntries, writeCount, writeEntries } from './pointwise.ts';

export interface Dot {
  readonly node: NodeId;
  /** 1…2^53 − 1. */
  readonly counter: number;
}

/** The dots of one node: all from 1 to `upTo`, and those `beyond`, ascending, each greater than `upTo` + 1. */
export interface SeenDots {
  readonly upTo: number;
  readonly beyond: readonly number[];
}

/** Nodes of which no dot was seen are absent. */
export type CausalContext = ReadonlyMap<NodeId, SeenDots>;

/** Nodes that ever made a dot. */
export const CONTEXT_NODES_MAX = 1024;
/** Dots of one node that wait beyond a gap. Whole states have none; gaps close when the missing delta or a state arrives. */
export const CLOUD_DOTS_MAX = 65_536;

export const EMPTY_CONTEXT: CausalContext = new Map();

const NONE_SEEN: SeenDots = { upTo: 0, beyond: [] };

/** Order of dots everywhere: by node, then by counter. */
export function compareDots(a: Dot, b: Dot): number {
  return compareText(a.node, b.node) || a.counter - b.counter;
}

export function containsDot(context: CausalContext, { node, counter }: Dot): boolean {
  const seen = context.get(node);
  if (seen === undefined) return false;
  return counter <= seen.upTo || containsSorted(seen.beyond, counter);
}

/** The dot of `node`'s next operation. Precondition: `context` holds all dots that `node` made. */
export function nextDot(context: CausalContext, node: NodeId): Dot {
  const seen = context.get(node) ?? NONE_SEEN;
  const counter = seen.beyond.at(-1) ?? seen.upTo;
  if (counter === Number.MAX_SAFE_INTEGER) {
    throw new CrdtError('ERR_OUT_OF_RANGE', {
      argument: 'dot counter',
      expected: 'fewer than 2^53 − 1 operations of a node',
      found: `${counter}`,
    });
  }
  return { node, counter: counter + 1 };
}

/** The context that holds exactly `dots`, which come in any order. */
export function contextOf(dots: Iterable<Dot>): CausalContext {
  const context = new Map<NodeId, SeenDots>();
  for (const [node, own] of Map.groupBy(dots, (dot) => dot.node)) {
    const counters = own.map(({ counter }) => counter);
    context.set(node, compact(0, counters));
  }
  return context;
}

/** All dots of both. Returns `a` itself when `b` adds none. */
export function mergeContexts(a: CausalContext, b: CausalContext): CausalContext {
  return mergePointwise(a, b, mergeSeen);
}

export function writeContext(writer: Writer, context: CausalContext): void {
  writeEntries(writer, 'context nodes', CONTEXT_NODES_MAX, context, (node, { upTo, beyond }) => {
    writer.node(node).varint(upTo);
    writeCount(writer, 'cloud dots', beyond.length, CLOUD_DOTS_MAX);
    let floor = upTo + 2;
    for (const counter of beyond) {
      writer.varint(counter - floor);
      floor = counter + 1;
    }
  });
}

/** Cloud dots are written as distances from the least counter possible, so every accepted cloud is in order and compact. */
export function readContext(reader: Reader, field: string): CausalContext {
  return readEntries(reader, `${field} nodes`, CONTEXT_NODES_MAX, () => {
    const node = reader.node(`${field} node`);
    const start = reader.offset;
    const upTo = reader.varint(`${field} counter`);
    const beyond: number[] = [];
    let floor = upTo + 2;
    for (let left = reader.varint(`${field} cloud dots`, CLOUD_DOTS_MAX); left > 0; left--) {
      const counter = floor + reader.varint(`${field} cloud dot`, Number.MAX_SAFE_INTEGER - floor);
      beyond.push(counter);
      floor = counter + 1;
    }
    if (upTo === 0 && beyond.length === 0) {
      throw reader.fail('ERR_NOT_CANONICAL', field, 'nodes with a dot only', 'a node with none', start);
    }
    return [node, { upTo, beyond }];
  });
}

function mergeSeen(a: SeenDots, b: SeenDots): SeenDots {
  if (b.upTo <= a.upTo && b.beyond.length === 0) return a;
  const merged = compact(Math.max(a.upTo, b.upTo), [...a.beyond, ...b.beyond]);
  // It holds all that `a` holds, so with as much in either part it is `a`.
  return merged.upTo === a.upTo && merged.beyond.length === a.beyond.length ? a : merged;
}

/** The canonical form of all dots from 1 to `upTo` and `counters`, which come in any order and may repeat. */
function compact(upTo: number, counters: readonly number[]): SeenDots {
  let absorbed = upTo;
  const beyond: number[] = [];
  for (const counter of [...counters].sort((x, y) => x - y)) {
    if (counter === absorbed + 1) absorbed = counter;
    else if (counter > absorbed && counter !== beyond.at(-1)) beyond.push(counter);
  }
  return { upTo: absorbed, beyond };
}

/** Bisection: a received cloud is as long as {@link CLOUD_DOTS_MAX}, and is asked once for every dot of a state. */
function containsSorted(ascending: readonly number[], sought: number): boolean {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = ascending[middle] ?? Infinity;
    if (found === sought) return true;
    if (found < sought) low = middle + 1;
    else high = middle;
  }
  return false;
}
