/**
 * Which nodes store the block's `.w`: an OR-set without tombstones in which a node only ever adds itself.
 *
 * Invariant: this is the optimised OR-set restricted to self-adds. A node's dots are 1, 2, 3, …; only its latest can be
 * live, so the causal context and the live dot of a node are one counter and one bit. An add makes the next dot; a
 * remove marks the dot that it saw; an add concurrent with a remove survives, for its dot is a later one.
 *
 * Bieniusa, Zawirski, Preguiça, Shapiro, Baquero, Balegas, Duarte: "An optimized conflict-free replicated set", 2012.
 */

import type { IdReader, IdWriter } from '../codec/id-table.ts';
import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import { compareText, type NodeId } from '../ids.ts';

export interface HolderEntry {
  readonly node: NodeId;
  /** The node's latest dot. */
  readonly dot: number;
  /** Whether that dot has not been removed. */
  readonly live: boolean;
}

/** Sorted by node, one entry each. */
export type Holders = readonly HolderEntry[];

export const HOLDERS_MAX = 512;
/** Four thousand million adds of one node. Entries are unsigned, so a liar can claim that a node has used them up. */
const DOT_MAX = 2 ** 32 - 1;

export function joinHolders(a: Holders, b: Holders): Holders {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const byNode = new Map<NodeId, HolderEntry>();
  for (const entry of [...a, ...b]) {
    const known = byNode.get(entry.node);
    byNode.set(entry.node, known === undefined ? entry : joinEntries(known, entry));
  }
  return [...byNode.values()].sort((x, y) => compareText(x.node, y.node)).slice(0, HOLDERS_MAX);
}

function joinEntries(a: HolderEntry, b: HolderEntry): HolderEntry {
  if (a.dot !== b.dot) return a.dot > b.dot ? a : b;
  return a.live ? b : a;
}

/** The delta by which `node` adds itself; empty when it is in the set already, or has no dot left to add itself by. */
export function addHolder(holders: Holders, node: NodeId): Holders {
  const entry = holders.find((candidate) => candidate.node === node);
  if (entry?.live === true || entry?.dot === DOT_MAX) return [];
  return [{ node, dot: (entry?.dot ?? 0) + 1, live: true }];
}

/** The delta that takes `node` out, as far as its adds have been seen; empty when it is not in the set. */
export function removeHolder(holders: Holders, node: NodeId): Holders {
  const entry = holders.find((candidate) => candidate.node === node);
  return entry?.live === true ? [{ ...entry, live: false }] : [];
}

export function liveHolders(holders: Holders): readonly NodeId[] {
  return holders.filter((entry) => entry.live).map((entry) => entry.node);
}

export function writeHolder(writer: Writer, entry: HolderEntry, ids: IdWriter): void {
  ids.node(writer, entry.node);
  writer.varint(entry.dot * 2 + (entry.live ? 1 : 0));
}

export function readHolder(reader: Reader, ids: IdReader): HolderEntry {
  const node = ids.node(reader, 'holder');
  const start = reader.offset;
  const packed = reader.varint('holder dot', DOT_MAX * 2 + 1);
  if (packed < 2) throw reader.fail('ERR_OUT_OF_RANGE', 'holder dot', 'at least 1', '0', start);
  return { node, dot: Math.floor(packed / 2), live: packed % 2 === 1 };
}
