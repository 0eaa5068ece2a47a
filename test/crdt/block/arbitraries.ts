/**
 * Random block records. Everything is drawn from small pools, so that the same node, epoch, stamp, root and signature
 * meet again and again and every tie of the lattice is tried.
 *
 * Invariant: a generated record is a merge of deltas that members can sign and send: equivocating authors and liars
 * about holders included. Signatures are not real; one signature on two contents is part of the pool on purpose.
 */

import fc from 'fast-check';
import type { HolderEntry } from '../../../crdt/block/holders.ts';
import { EMPTY_RECORD, mergeRecords, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { SignedResult, Verdict } from '../../../crdt/block/result.ts';
import type { WitnessAnnouncement, WitnessState } from '../../../crdt/block/witness.ts';
import type { HlcStamp } from '../../../crdt/hlc.ts';
import { nodeId, ZERO_HASH, type BlockKey, type Hash32, type NodeId } from '../../../crdt/ids.ts';
import { EPOCH_MAX, LEASE_DURATION_MS_MAX, type Lease } from '../../../crdt/lease/lease.ts';

/** Node number `n`; the order of nodes is the order of their numbers. */
export function nodeOf(n: number): NodeId {
  return nodeId(`a0${n.toString(16).padStart(62, '0')}`);
}

/** Hash number `n`; the order of hashes is the order of their numbers. */
export function hashOf(n: number): Hash32 {
  return `0xb0${n.toString(16).padStart(62, '0')}`;
}

export function signatureOf(n: number): Uint8Array {
  return new Uint8Array(64).fill(n);
}

export const KEY: BlockKey = { number: 3_080, hash: hashOf(9_000) };

export function stampOf(wallMs: number, counter = 0): HlcStamp {
  return { wallMs, counter };
}

/** A Success of node 1 under epoch 1, except for `parts`. */
export function resultWith(parts: Partial<SignedResult>): SignedResult {
  return {
    node: nodeOf(1),
    verdict: 'success',
    stateRoot: hashOf(1),
    epoch: 1,
    sequence: 1,
    stamp: stampOf(1_000),
    signature: signatureOf(1),
    ...parts,
  };
}

/** A claim by node 1 under epoch 1, except for `parts`. */
export function leaseWith(parts: Partial<Lease>): Lease {
  return {
    epoch: 1,
    holder: nodeOf(1),
    stamp: stampOf(1_000),
    durationMs: 30_000,
    renewals: 0,
    renewedAfterMs: 0,
    released: false,
    signature: signatureOf(1),
    ...parts,
  };
}

/** A `Witnessed` payload announced by node 1, except for `parts`. */
export function announcementWith(parts: Partial<WitnessAnnouncement>): WitnessAnnouncement {
  return {
    author: nodeOf(1),
    state: 'Witnessed',
    payloadDigest: hashOf(11),
    payloadBytes: 14_000,
    parentHash: hashOf(12),
    preStateRoot: hashOf(13),
    lockTimeSeconds: 0n,
    blobIds: [],
    signature: signatureOf(1),
    ...parts,
  };
}

/** `fc.record` whose objects have the usual prototype, which `assert.deepEqual` compares. */
export function plain<T>(fields: { [Name in keyof T]: fc.Arbitrary<T[Name]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

export const arbitraryNode = fc.integer({ min: 1, max: 4 }).map(nodeOf);
const root = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }).map(hashOf) }, fc.constant(ZERO_HASH));
const stamp = plain({
  wallMs: fc.constantFrom(0, 1_000, 1_001, 2 ** 48 - 1),
  counter: fc.constantFrom(0, 1, 65_535),
});
const signature = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1, 2).map(signatureOf) },
  fc.uint8Array({ minLength: 64, maxLength: 64 }),
);
const blobId = fc.integer({ min: 21, max: 25 }).map(hashOf);
const verdict = fc.constantFrom<Verdict>('failed', 'success');
const state = fc.constantFrom<WitnessState>('Witnessed', 'Verifying', 'UploadingStep1', 'UploadingStep2', 'Completed');

export const arbitraryResult: fc.Arbitrary<SignedResult> = plain({
  node: arbitraryNode,
  verdict,
  stateRoot: root,
  epoch: fc.constantFrom(0, 1, 2, EPOCH_MAX),
  sequence: fc.integer({ min: 1, max: 3 }),
  stamp,
  signature,
});

export const arbitraryLease: fc.Arbitrary<Lease> = plain({
  epoch: fc.constantFrom(1, 2, 3, EPOCH_MAX),
  holder: arbitraryNode,
  stamp,
  durationMs: fc.constantFrom(0, 30_000, 60_000, LEASE_DURATION_MS_MAX),
  renewals: fc.integer({ min: 0, max: 2 }),
  renewedAfterMs: fc.constantFrom(0, 10_000, 2 ** 32 - 1),
  released: fc.boolean(),
  signature,
});

export const arbitraryAnnouncement: fc.Arbitrary<WitnessAnnouncement> = plain({
  author: arbitraryNode,
  state,
  payloadDigest: fc.constantFrom(hashOf(11), hashOf(12)),
  payloadBytes: fc.constantFrom(0, 14_000, 256 * 1024 * 1024),
  parentHash: fc.constantFrom(hashOf(12), hashOf(13)),
  preStateRoot: fc.constantFrom(hashOf(1), hashOf(13)),
  lockTimeSeconds: fc.constantFrom(0n, 1_700_000_000n, 2n ** 64n - 1n),
  blobIds: fc.array(blobId, { maxLength: 3 }),
  signature,
});

export const arbitraryHolder: fc.Arbitrary<HolderEntry> = plain({
  node: arbitraryNode,
  dot: fc.constantFrom(1, 2, 3, 2 ** 32 - 1),
  live: fc.boolean(),
});

/** One thing that happened to a block: what a node signs and gossips at once. */
export const arbitraryDelta: fc.Arbitrary<BlockRecord> = fc.oneof(
  { weight: 4, arbitrary: arbitraryResult.map((result) => recordOf({ results: [result] })) },
  { weight: 3, arbitrary: arbitraryLease.map((lease) => recordOf({ lease })) },
  { weight: 3, arbitrary: arbitraryAnnouncement.map((witness) => recordOf({ witnesses: [witness] })) },
  { weight: 1, arbitrary: arbitraryLease.map((generation) => recordOf({ generation })) },
  { weight: 3, arbitrary: arbitraryHolder.map((holder) => recordOf({ holders: [holder] })) },
  { weight: 1, arbitrary: blobId.map((id) => recordOf({ blobIds: [id] })) },
  { weight: 1, arbitrary: fc.constant(recordOf({ settled: true })) },
);

export function mergeAll(deltas: readonly BlockRecord[]): BlockRecord {
  return deltas.reduce(mergeRecords, EMPTY_RECORD);
}

export const arbitraryRecord: fc.Arbitrary<BlockRecord> = fc.array(arbitraryDelta, { maxLength: 16 }).map(mergeAll);

/** A record of failures only, so that a lease stays in it. */
export const arbitraryUnfinishedRecord: fc.Arbitrary<BlockRecord> = fc
  .array(
    arbitraryDelta.filter((delta) => !delta.settled && delta.results.every((result) => result.verdict === 'failed')),
    { maxLength: 16 },
  )
  .map(mergeAll);
