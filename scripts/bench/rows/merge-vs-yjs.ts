/**
 * `merge-vs-yjs` and `merge-vs-yjs-bytes`: a block's life merged from its deltas, as a record and as a Yjs map with one
 * key per node.
 *
 * The work: for each block, one node claims and renews its lease, then three nodes report their result. The replica
 * receives the five deltas encoded, as they come from the network, and ends with the block's whole state. Both sides
 * carry the same fields, signatures included, and neither checks them. In the Yjs document each node owns one key, whose
 * value is its entry; binary fields are Uint8Arrays, so nothing is written as hex.
 */

import * as Y from 'yjs';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { encodeRecord, readKeyedRecord, writeKeyedRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, mergeRecords, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { SignedResult } from '../../../crdt/block/result.ts';
import { blake3, blake3Hash } from '../../../crdt/hash.ts';
import { blockId, hashToBytes, nodeFromBytes, type BlockKey, type NodeId } from '../../../crdt/ids.ts';
import type { Lease } from '../../../crdt/lease/lease.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const BLOCKS = 2_000;
const NODES = 3;

interface BlockLife {
  readonly key: BlockKey;
  /** In the order in which they happened. */
  readonly deltas: readonly BlockRecord[];
}

function lives(): readonly BlockLife[] {
  const nodes = Array.from({ length: NODES }, (_, at) => nodeFromBytes(bytes(`node ${at}`)));
  return Array.from({ length: BLOCKS }, (_, at) =>
    lifeOf({ number: 3_080 + at, hash: blake3Hash(bytes(`${at}`)) }, nodes),
  );
}

function lifeOf(key: BlockKey, nodes: readonly NodeId[]): BlockLife {
  const [holder] = nodes;
  if (holder === undefined) return { key, deltas: [] };
  const stamp = { wallMs: 1_757_002_317_000 + key.number, counter: 0 };
  const claim: Lease = {
    epoch: 1,
    holder,
    stamp,
    durationMs: 30_000,
    renewals: 0,
    renewedAfterMs: 0,
    released: false,
    signature: signature(key, 'claim'),
  };
  const renewal: Lease = { ...claim, renewals: 1, renewedAfterMs: 14_700, signature: signature(key, 'renewal') };
  const stateRoot = blake3Hash(hashToBytes(key.hash));
  const results = nodes.map((node): SignedResult => {
    const signed = signature(key, node);
    return { node, verdict: 'success', stateRoot, epoch: 1, sequence: 1, stamp, signature: signed };
  });
  const parts: readonly Partial<BlockRecord>[] = [
    { lease: claim },
    { lease: renewal },
    ...results.map((result) => ({ results: [result] })),
  ];
  return { key, deltas: parts.map((part) => recordOf(part)) };
}

function bytes(text: string): Uint8Array {
  return blake3(new TextEncoder().encode(text));
}

function signature(key: BlockKey, of: string): Uint8Array {
  const half = bytes(`${blockId(key)} ${of}`);
  return new Uint8Array([...half, ...half]);
}

interface EncodedLife {
  readonly key: BlockKey;
  readonly updates: readonly Uint8Array[];
}

function encodeForUs({ key, deltas }: BlockLife): EncodedLife {
  const updates = deltas.map((record) => {
    const writer = new Writer();
    writeKeyedRecord(writer, { key, record });
    return writer.finish();
  });
  return { key, updates };
}

/** Each node edits its own copy of the document, as separate machines do; an update is what one edit adds. */
function encodeForYjs({ key, deltas }: BlockLife): EncodedLife {
  const docs = new Map<NodeId, Y.Doc>();
  const updates = deltas.map((delta) => {
    const author = delta.lease?.holder ?? delta.results[0]?.node;
    if (author === undefined) return new Uint8Array();
    let doc = docs.get(author);
    if (doc === undefined) {
      doc = new Y.Doc();
      docs.set(author, doc);
    }
    const before = Y.encodeStateVector(doc);
    doc.getMap('nodes').set(author, yjsEntry(delta));
    return Y.encodeStateAsUpdate(doc, before);
  });
  return { key, updates };
}

function yjsEntry({ lease, results: [result] }: BlockRecord): Record<string, unknown> {
  if (result !== undefined) {
    const { verdict, stateRoot, epoch, sequence, stamp } = result;
    const { wallMs, counter } = stamp;
    return {
      verdict,
      stateRoot: hashToBytes(stateRoot),
      epoch,
      sequence,
      wallMs,
      counter,
      signature: result.signature,
    };
  }
  if (lease === undefined) return {};
  const { epoch, stamp, durationMs, renewals, renewedAfterMs, released } = lease;
  const { wallMs, counter } = stamp;
  return { epoch, wallMs, counter, durationMs, renewals, renewedAfterMs, released, signature: lease.signature };
}

function mergeOurs(encoded: readonly EncodedLife[]): Map<string, BlockRecord> {
  const replica = new Map<string, BlockRecord>();
  for (const { updates } of encoded) {
    for (const update of updates) {
      const { key, record } = readKeyedRecord(new Reader(update));
      const id = blockId(key);
      replica.set(id, mergeRecords(replica.get(id) ?? EMPTY_RECORD, record));
    }
  }
  return replica;
}

function mergeYjs(encoded: readonly EncodedLife[]): Map<string, Y.Doc> {
  const replica = new Map<string, Y.Doc>();
  for (const { key, updates } of encoded) {
    const id = blockId(key);
    for (const update of updates) {
      let doc = replica.get(id);
      if (doc === undefined) {
        doc = new Y.Doc();
        replica.set(id, doc);
      }
      Y.applyUpdate(doc, update);
    }
  }
  return replica;
}

/** `merge` once over everything, in merges a second. */
function rate(encoded: readonly EncodedLife[], merge: (encoded: readonly EncodedLife[]) => unknown): number {
  const merges = encoded.reduce((sum, { updates }) => sum + updates.length, 0);
  const start = performance.now();
  merge(encoded);
  return (merges * 1_000) / (performance.now() - start);
}

function wireBytes(encoded: readonly EncodedLife[]): number {
  return encoded.reduce(
    (sum, { updates }) => sum + updates.reduce((bytesSum, update) => bytesSum + update.length, 0),
    0,
  );
}

async function nothing(): Promise<void> {}

export const mergeVsYjs: BenchRow = {
  id: 'merge-vs-yjs',
  what: 'deltas decoded and merged: block records against one Yjs map per block with one key per node',
  unit: 'merges/s',
  target: { kind: 'at-least', bound: 10 },
  pairs: 9,
  async prepare(): Promise<BenchWork> {
    const all = lives();
    const ours = all.map(encodeForUs);
    const theirs = all.map(encodeForYjs);
    return {
      ours: async () => rate(ours, mergeOurs),
      against: async () => rate(theirs, mergeYjs),
      close: nothing,
    };
  },
};

export const mergeVsYjsBytes: BenchRow = {
  id: 'merge-vs-yjs-bytes',
  what: 'bytes a block over its life: the deltas that travel and the state that is kept',
  unit: 'B/block',
  target: { kind: 'at-most', bound: 0.5 },
  pairs: 1,
  async prepare(): Promise<BenchWork> {
    const all = lives();
    const ours = all.map(encodeForUs);
    const theirs = all.map(encodeForYjs);
    const ourState = [...mergeOurs(ours).values()].reduce((sum, record) => sum + encodeRecord(record).length, 0);
    const theirState = [...mergeYjs(theirs).values()].reduce((sum, doc) => sum + Y.encodeStateAsUpdate(doc).length, 0);
    return {
      ours: async () => (wireBytes(ours) + ourState) / BLOCKS,
      against: async () => (wireBytes(theirs) + theirState) / BLOCKS,
      close: nothing,
    };
  },
};
