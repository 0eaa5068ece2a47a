/**
 * The results of a block: what each node found when it validated it.
 *
 * Invariant: a node's entries are written by that node alone (they carry its signature), and joining is commutative,
 * associative and idempotent. A node's Success is final: its Failed entries give way to it. Two Success roots of one
 * node are both kept, since two programs beside one directory may disagree; a third adds nothing to the evidence.
 */

import { compareBytes } from '../bytes.ts';
import type { IdReader, IdWriter } from '../codec/id-table.ts';
import type { Reader } from '../codec/reader.ts';
import { readSignature, writeSignature } from '../codec/signature.ts';
import type { Writer } from '../codec/writer.ts';
import { compareStamps, readStamp, writeStamp, type HlcStamp } from '../hlc.ts';
import { compareText, type Hash32, type NodeId } from '../ids.ts';
import { EPOCH_MAX } from '../lease/lease.ts';

export type Verdict = 'failed' | 'success';

export interface SignedResult {
  readonly node: NodeId;
  readonly verdict: Verdict;
  /** The root the validator arrived at; `ZERO_HASH` when a failure has none. */
  readonly stateRoot: Hash32;
  /** The epoch of the lease it worked under; 0 when it worked without one. */
  readonly epoch: number;
  /** Counts this node's results for this block, from 1. */
  readonly sequence: number;
  /** When it was signed. Information only: nothing is decided by it. */
  readonly stamp: HlcStamp;
  /** The node's Ed25519 signature over the block and all of the above. */
  readonly signature: Uint8Array;
}

/** Sorted by node, then by state root. */
export type Results = readonly SignedResult[];

/** Twice the largest cluster: two entries a node. */
export const RESULTS_MAX = 1024;
/** Two different roots prove that a node contradicts itself. */
export const ROOTS_PER_NODE_MAX = 2;
const SEQUENCE_MAX = 2 ** 32 - 1;

/** Joins two canonical lists. */
export function joinResults(a: Results, b: Results): Results {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const joined: SignedResult[] = [];
  let atA = 0;
  let atB = 0;
  while (atA < a.length || atB < b.length) {
    const node = smallerNode(a[atA], b[atB]);
    const fromA = atA;
    const fromB = atB;
    while (a[atA]?.node === node) atA++;
    while (b[atB]?.node === node) atB++;
    joined.push(...joinOneNode(a, fromA, atA, b, fromB, atB));
  }
  return joined.length > RESULTS_MAX ? successFirst(joined) : joined;
}

/**
 * What stays of a list past its limit: Success before Failed, so that no number of failures pushes a Success out. As an
 * entry's place only ever moves back when others arrive, cutting commutes with joining.
 */
function successFirst(results: Results): Results {
  const successes = results.filter((result) => result.verdict === 'success').slice(0, RESULTS_MAX);
  const failures = results.filter((result) => result.verdict === 'failed').slice(0, RESULTS_MAX - successes.length);
  return [...successes, ...failures].sort(compareResults);
}

function smallerNode(a: SignedResult | undefined, b: SignedResult | undefined): NodeId | undefined {
  if (a === undefined) return b?.node;
  return b === undefined || a.node < b.node ? a.node : b.node;
}

function joinOneNode(a: Results, fromA: number, toA: number, b: Results, fromB: number, toB: number): Results {
  if (fromA === toA) return b.slice(fromB, toB);
  if (fromB === toB) return a.slice(fromA, toA);
  const both = [...a.slice(fromA, toA), ...b.slice(fromB, toB)];
  const successes = both.filter((result) => result.verdict === 'success');
  if (successes.length === 0) return [both.reduce(later)];
  const byRoot = new Map<Hash32, SignedResult>();
  for (const result of successes) {
    const known = byRoot.get(result.stateRoot);
    byRoot.set(result.stateRoot, known === undefined ? result : later(known, result));
  }
  return [...byRoot.values()].sort((x, y) => compareText(x.stateRoot, y.stateRoot)).slice(0, ROOTS_PER_NODE_MAX);
}

/** The later of two results of one node with one verdict: higher epoch, then the author's own sequence; total by content. */
function later(a: SignedResult, b: SignedResult): SignedResult {
  const order =
    a.epoch - b.epoch ||
    a.sequence - b.sequence ||
    compareText(a.stateRoot, b.stateRoot) ||
    compareStamps(a.stamp, b.stamp) ||
    compareBytes(a.signature, b.signature);
  return order >= 0 ? a : b;
}

/** The order of entries in a record. */
export function compareResults(a: SignedResult, b: SignedResult): number {
  return compareText(a.node, b.node) || compareText(a.stateRoot, b.stateRoot);
}

/** Whether `results` is what {@link joinResults} would make of it: sorted, and no entry that another one displaces. */
export function isCanonicalResults(results: Results): boolean {
  for (let at = 1; at < results.length; at++) {
    const [before, entry] = [results[at - 1], results[at]];
    if (before === undefined || entry === undefined || compareResults(before, entry) >= 0) return false;
    if (before.node !== entry.node) continue;
    if (before.verdict === 'failed' || entry.verdict === 'failed') return false;
    if (results[at - ROOTS_PER_NODE_MAX]?.node === entry.node) return false;
  }
  return true;
}

/** Everything but the node and the signature, in a fixed order. Part of the signed message. */
export function writeResultTerms(writer: Writer, result: Omit<SignedResult, 'signature'>): void {
  writer.u8(result.verdict === 'success' ? 1 : 0).hash(result.stateRoot);
  writer.varint(result.epoch).varint(result.sequence);
  writeStamp(writer, result.stamp);
}

export function writeResult(writer: Writer, result: SignedResult, ids: IdWriter): void {
  ids.node(writer, result.node);
  writer.u8(result.verdict === 'success' ? 1 : 0);
  ids.hash(writer, result.stateRoot);
  writer.varint(result.epoch).varint(result.sequence);
  writeStamp(writer, result.stamp);
  writeSignature(writer, result.signature);
}

export function readResult(reader: Reader, ids: IdReader): SignedResult {
  const node = ids.node(reader, 'result node');
  const verdictAt = reader.offset;
  const verdict = reader.u8('result verdict');
  if (verdict > 1) throw reader.fail('ERR_BAD_ENUM', 'result verdict', '0 or 1', `${verdict}`, verdictAt);
  return {
    node,
    verdict: verdict === 1 ? 'success' : 'failed',
    stateRoot: ids.hash(reader, 'result state root'),
    epoch: reader.varint('result epoch', EPOCH_MAX),
    sequence: reader.varint('result sequence', SEQUENCE_MAX),
    stamp: readStamp(reader, 'result stamp'),
    signature: readSignature(reader, 'result signature'),
  };
}
