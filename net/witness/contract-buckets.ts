/**
 * Which contracts two nodes do not share: hashes in 256 buckets by their first byte, and a digest of each bucket. Equal
 * sets cost 2 kB; a difference costs the hashes of its bucket.
 *
 * Invariant: pure; the digest of a bucket depends on the set alone. Eight bytes of it are enough: a collision hides a
 * difference until the next contract falls into that bucket, and lets nothing wrong in.
 */

import { equalBytes } from '../../crdt/bytes.ts';
import { blake3 } from '../../crdt/hash.ts';
import { HASH_BYTES, hashFromBytes, hashToBytes, type Hash32 } from '../../crdt/ids.ts';
import { PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import { CONTRACT_BUCKET_HASHES_MAX, CONTRACT_BUCKETS } from './limits.ts';

const DIGEST_BYTES = 8;

/** The hashes of each bucket, sorted; at most `CONTRACT_BUCKET_HASHES_MAX` of one. */
export function bucketsOf(contracts: Iterable<Hash32>): readonly (readonly Hash32[])[] {
  const buckets: Hash32[][] = Array.from({ length: CONTRACT_BUCKETS }, () => []);
  for (const contract of contracts) buckets[hashToBytes(contract)[0] ?? 0]?.push(contract);
  return buckets.map((bucket) => bucket.sort().slice(0, CONTRACT_BUCKET_HASHES_MAX));
}

export function encodeHashes(contracts: readonly Hash32[]): Uint8Array {
  const bytes = new Uint8Array(contracts.length * HASH_BYTES);
  for (const [at, contract] of contracts.entries()) bytes.set(hashToBytes(contract), at * HASH_BYTES);
  return bytes;
}

/** Throws `PeerMisbehaved` for what is no list of at most `CONTRACT_BUCKET_HASHES_MAX` hashes. */
export function decodeHashes(bytes: Uint8Array): readonly Hash32[] {
  if (bytes.length % HASH_BYTES !== 0 || bytes.length > CONTRACT_BUCKET_HASHES_MAX * HASH_BYTES) {
    const expected = `at most ${CONTRACT_BUCKET_HASHES_MAX} hashes`;
    throw new PeerMisbehaved({ argument: 'contract hashes', expected, found: `${bytes.length} bytes` });
  }
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) =>
    hashFromBytes(bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
  );
}

/** The digests of all buckets, in order. */
export function encodeBuckets(buckets: readonly (readonly Hash32[])[]): Uint8Array {
  const bytes = new Uint8Array(CONTRACT_BUCKETS * DIGEST_BYTES);
  for (const [at, bucket] of buckets.entries()) {
    bytes.set(blake3(encodeHashes(bucket)).subarray(0, DIGEST_BYTES), at * DIGEST_BYTES);
  }
  return bytes;
}

/** The buckets in which `theirs` differs from `ours`, both as encoded. Throws `PeerMisbehaved`. */
export function differingBuckets(ours: Uint8Array, theirs: Uint8Array): readonly number[] {
  if (theirs.length !== CONTRACT_BUCKETS * DIGEST_BYTES) {
    const expected = `${CONTRACT_BUCKETS * DIGEST_BYTES} bytes`;
    throw new PeerMisbehaved({ argument: 'contract buckets', expected, found: `${theirs.length}` });
  }
  if (equalBytes(ours, theirs)) return [];
  const differing: number[] = [];
  for (let bucket = 0; bucket < CONTRACT_BUCKETS; bucket++) {
    const [from, to] = [bucket * DIGEST_BYTES, (bucket + 1) * DIGEST_BYTES];
    if (!equalBytes(ours.subarray(from, to), theirs.subarray(from, to))) differing.push(bucket);
  }
  return differing;
}
