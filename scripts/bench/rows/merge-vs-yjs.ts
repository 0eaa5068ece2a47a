/**
 * `merge-vs-yjs` and `merge-vs-yjs-bytes`: a block's life merged from its deltas, as a record and as a Yjs map with one
 * key per node.
 *
 * The work is a block's life in a cluster of three: one node announces the witness, the two others come to hold it, one
 * of them claims the block and reports Success. The replica receives these five deltas encoded, as they come from the
 * network, each with the block it is about, and ends with the block's whole state. Both sides carry the same fields,
 * signatures included, and neither checks them. In the Yjs document each node owns one key, whose value is its entry
 * (witness, holds, lease, result); hashes and signatures are Uint8Arrays there, so nothing is longer for being hex.
 */

import * as Y from 'yjs';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { encodeRecord, readKeyedRecord, writeKeyedRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, mergeRecords, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { Holders } from '../../../crdt/block/holders.ts';
import type { SignedResult } from '../../../crdt/block/result.ts';
import type { WitnessAnnouncement } from '../../../crdt/block/witness.ts';
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

function lifeOf(key: BlockKey, [generator, holder, other]: readonly NodeId[]): BlockLife {
  if (generator === undefined || holder === undefined || other === undefined) return { key, deltas: [] };
  const stamp = { wallMs: 1_757_002_317_000 + key.number, counter: 0 };
  const stateRoot = blake3Hash(hashToBytes(key.hash));
  const witness: WitnessAnnouncement = {
    author: generator,
    state: 'Completed',
    payloadDigest: blake3Hash(bytes(`payload ${key.number}`)),
    payloadBytes: 13_698,
    parentHash: blake3Hash(bytes(`parent ${key.number}`)),
    preStateRoot: blake3Hash(bytes(`state ${key.number}`)),
    lockTimeSeconds: 1_757_002_317n,
    blobIds: [],
    signature: signature(key, 'witness'),
  };
  const lease: Lease = {
    epoch: 1,
    holder,
    stamp,
    durationMs: 30_000,
    renewals: 0,
    renewedAfterMs: 0,
    released: false,
    signature: signature(key, 'claim'),
  };
  const result: SignedResult = {
    node: holder,
    verdict: 'success',
    stateRoot,
    epoch: 1,
    sequence: 1,
    stamp,
    signature: signature(key, 'result'),
  };
  const holds = (node: NodeId): Holders => [{ node, dot: 1, live: true }];
  const parts: readonly Partial<BlockRecord>[] = [
    { witnesses: [witness], holders: holds(generator) },
    { holders: holds(holder) },
    { holders: holds(other) },
    { lease },
    { results: [result] },
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
    const author = authorOf(delta);
    let doc = docs.get(author);
    if (doc === undefined) {
      doc = new Y.Doc();
      docs.set(author, doc);
    }
    const before = Y.encodeStateVector(doc);
    const nodes = doc.getMap<Record<string, unknown>>('nodes');
    nodes.set(author, { ...nodes.get(author), ...yjsEntry(delta) });
    const writer = new Writer().varint(key.number).hash(key.hash);
    return writer.fixed(Y.encodeStateAsUpdate(doc, before)).finish();
  });
  return { key, updates };
}

function authorOf({ lease, results, witnesses, holders }: BlockRecord): NodeId {
  const author = lease?.holder ?? results[0]?.node ?? witnesses[0]?.author ?? holders[0]?.node;
  if (author === undefined) throw new Error('a delta has an author');
  return author;
}

function yjsEntry({ lease, results: [result], witnesses: [witness], holders }: BlockRecord): Record<string, unknown> {
  const entry: Record<string, unknown> = {};
  if (holders.length > 0) entry['holds'] = true;
  if (witness !== undefined) {
    const { state, payloadBytes, lockTimeSeconds, blobIds } = witness;
    entry['witness'] = {
      state,
      payloadDigest: hashToBytes(witness.payloadDigest),
      payloadBytes,
      parentHash: hashToBytes(witness.parentHash),
      preStateRoot: hashToBytes(witness.preStateRoot),
      lockTimeSeconds: Number(lockTimeSeconds),
      blobIds,
      signature: witness.signature,
    };
  }
  if (lease !== undefined) {
    const { epoch, stamp, durationMs, renewals, renewedAfterMs, released } = lease;
    entry['lease'] = { epoch, ...stamp, durationMs, renewals, renewedAfterMs, released, signature: lease.signature };
  }
  if (result !== undefined) {
    const { verdict, stateRoot, epoch, sequence, stamp } = result;
    entry['result'] = {
      verdict,
      stateRoot: hashToBytes(stateRoot),
      epoch,
      sequence,
      ...stamp,
      signature: result.signature,
    };
    // As the record drops it.
    entry['lease'] = null;
  }
  return entry;
}

/** Reads the block that an update is about. */
function splitYjsUpdate(update: Uint8Array): { id: string; rest: Uint8Array } {
  const reader = new Reader(update);
  const key = { number: reader.varint('number'), hash: reader.hash('hash') };
  return { id: blockId(key), rest: update.subarray(reader.offset) };
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
  for (const { updates } of encoded) {
    for (const update of updates) {
      const { id, rest } = splitYjsUpdate(update);
      let doc = replica.get(id);
      if (doc === undefined) {
        doc = new Y.Doc();
        replica.set(id, doc);
      }
      Y.applyUpdate(doc, rest);
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
