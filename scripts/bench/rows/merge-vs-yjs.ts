/**
 * `merge-vs-yjs` and `merge-vs-yjs-bytes`: a block's life merged from its deltas, as a record and as a Yjs map with one
 * key per node.
 *
 * The work is a block's life in a cluster of three: one node announces the witness, the two others come to hold it, one
 * of them claims the block and reports Success. The replica receives these five deltas encoded, each with the block it
 * is about, in batches of the same delta for 64 blocks, and ends with the blocks' whole states. Both sides carry the same fields,
 * signatures included, and neither checks them. In the Yjs document each node owns one key, whose value is its entry
 * (witness, holds, lease, result); hashes and signatures are Uint8Arrays there, so nothing is longer for being hex.
 */

import * as Y from 'yjs';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { readRecordGroup, writeRecordGroup } from '../../../crdt/block/record-group.ts';
import { EMPTY_RECORD, mergeRecords, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { Holders } from '../../../crdt/block/holders.ts';
import type { SignedResult } from '../../../crdt/block/result.ts';
import type { WitnessAnnouncement } from '../../../crdt/block/witness.ts';
import { blake3, blake3Hash } from '../../../crdt/hash.ts';
import { blockId, hashToBytes, nodeFromBytes, type BlockKey, type NodeId } from '../../../crdt/ids.ts';
import type { Lease } from '../../../crdt/lease/lease.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const BLOCKS = 1_920;
const BATCH_BLOCKS = 64;
const NODES = 3;
/** Deltas in a block's life. */
const STEPS = 5;

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
  const parts: readonly Partial<BlockRecord>[] = [
    { witnesses: [witness], holders: holds(generator) },
    { holders: holds(holder) },
    { holders: holds(other) },
    { lease },
    { results: [result] },
  ];
  return { key, deltas: parts.map((part) => recordOf(part)) };
}

function holds(node: NodeId): Holders {
  return [{ node, dot: 1, live: true }];
}

function bytes(text: string): Uint8Array {
  return blake3(new TextEncoder().encode(text));
}

function signature(key: BlockKey, of: string): Uint8Array {
  const half = bytes(`${blockId(key)} ${of}`);
  return new Uint8Array([...half, ...half]);
}

/** What travels: encoded batches, in order. */
type Batches = readonly Uint8Array[];

function encodeForUs(all: readonly BlockLife[]): Batches {
  return inBatches(all, (batch, step) => {
    const writer = new Writer();
    writeRecordGroup(
      writer,
      batch.map(({ key, deltas }) => ({ key, record: deltas[step] ?? EMPTY_RECORD })),
    );
    return writer.finish();
  });
}

function encodeForYjs(all: readonly BlockLife[]): Batches {
  const updates = new Map(all.map((life) => [life, yjsUpdates(life)]));
  return inBatches(all, (batch, step) => {
    const writer = new Writer();
    for (const life of batch) {
      writer
        .varint(life.key.number)
        .hash(life.key.hash)
        .bytes(updates.get(life)?.[step] ?? new Uint8Array());
    }
    return writer.finish();
  });
}

function inBatches(
  all: readonly BlockLife[],
  encode: (lives: readonly BlockLife[], step: number) => Uint8Array,
): Batches {
  const batches: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += BATCH_BLOCKS) {
    for (let step = 0; step < STEPS; step++) batches.push(encode(all.slice(at, at + BATCH_BLOCKS), step));
  }
  return batches;
}

/** Each node edits its own copy of the document, as separate machines do; an update is what one edit adds. */
function yjsUpdates({ deltas }: BlockLife): readonly Uint8Array[] {
  const docs = new Map<NodeId, Y.Doc>();
  return deltas.map((delta) => {
    const author = authorOf(delta);
    let doc = docs.get(author);
    if (doc === undefined) {
      doc = new Y.Doc();
      docs.set(author, doc);
    }
    const before = Y.encodeStateVector(doc);
    const nodes = doc.getMap<Record<string, unknown>>('nodes');
    nodes.set(author, { ...nodes.get(author), ...yjsEntry(delta) });
    return Y.encodeStateAsUpdate(doc, before);
  });
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

function mergeOurs(batches: Batches): Map<string, BlockRecord> {
  const replica = new Map<string, BlockRecord>();
  for (const batch of batches) {
    for (const { key, record } of readRecordGroup(new Reader(batch), BATCH_BLOCKS)) {
      const id = blockId(key);
      replica.set(id, mergeRecords(replica.get(id) ?? EMPTY_RECORD, record));
    }
  }
  return replica;
}

function mergeYjs(batches: Batches): Map<string, Y.Doc> {
  const replica = new Map<string, Y.Doc>();
  for (const batch of batches) {
    const reader = new Reader(batch);
    while (reader.remaining > 0) {
      const id = blockId({ number: reader.varint('number'), hash: reader.hash('hash') });
      let doc = replica.get(id);
      if (doc === undefined) {
        doc = new Y.Doc();
        replica.set(id, doc);
      }
      Y.applyUpdate(doc, reader.bytes('update', batch.length));
    }
  }
  return replica;
}

/** `merge` once over everything, in merges a second. */
function rate(batches: Batches, merge: (batches: Batches) => unknown): number {
  const start = performance.now();
  merge(batches);
  return (BLOCKS * STEPS * 1_000) / (performance.now() - start);
}

function totalBytes(parts: Iterable<Uint8Array>): number {
  let sum = 0;
  for (const part of parts) sum += part.length;
  return sum;
}

async function nothing(): Promise<void> {}

export const mergeVsYjs: BenchRow = {
  id: 'merge-vs-yjs',
  what: 'deltas decoded and merged: block records against one Yjs map per block with one key per node',
  unit: 'merges/s',
  ours: 'block records',
  against: 'one Yjs map a block',
  target: { kind: 'at-least', bound: 10 },
  pairs: 15,
  async prepare(): Promise<BenchWork> {
    const all = lives();
    const ours = encodeForUs(all);
    const theirs = encodeForYjs(all);
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
  ours: 'block records',
  against: 'one Yjs map a block',
  target: { kind: 'at-most', bound: 0.5 },
  pairs: 1,
  async prepare(): Promise<BenchWork> {
    const all = lives();
    const ours = encodeForUs(all);
    const theirs = encodeForYjs(all);
    const ourState = totalBytes([...mergeOurs(ours).values()].map(encodeRecord));
    const theirState = totalBytes([...mergeYjs(theirs).values()].map((doc) => Y.encodeStateAsUpdate(doc)));
    return {
      ours: async () => (totalBytes(ours) + ourState) / BLOCKS,
      against: async () => (totalBytes(theirs) + theirState) / BLOCKS,
      close: nothing,
    };
  },
};
