/**
 * Fingerprints of records and of sets of records.
 *
 * Invariant: equal states have equal fingerprints, and the digest of a set is the sum of its fingerprints modulo 2^128,
 * so it does not depend on order and a changed record costs one subtraction and one addition, whatever the set's size.
 *
 * The incremental set hash of Bellare and Micciancio ("A new paradigm for collision-free hashing", EUROCRYPT 1997,
 * AdHash). With 128 bits it detects accidents and single forgeries; it is no commitment against a member who can
 * submit arbitrarily many crafted records, which each carry that member's signature.
 */

import { Writer } from '../codec/writer.ts';
import { blake3 } from '../hash.ts';
import type { BlockKey } from '../ids.ts';
import { encodeKeyedRecord, type KeyedRecord } from './record-codec.ts';

export const FINGERPRINT_BYTES = 16;

/** 128 bits of BLAKE3 over the block's key and its record, as an unsigned integer. */
export type Fingerprint = bigint;

const MODULUS_BITS = 128;
export const EMPTY_FINGERPRINT: Fingerprint = 0n;

export function fingerprintOf(keyed: KeyedRecord): Fingerprint {
  return fingerprintFromBytes(blake3(encodeKeyedRecord(keyed)).subarray(0, FINGERPRINT_BYTES));
}

/** {@link fingerprintOf} of a record in its canonical encoding. */
export function fingerprintOfEncoded(key: BlockKey, record: Uint8Array): Fingerprint {
  const keyBytes = new Writer().varint(key.number).hash(key.hash).finish();
  return fingerprintFromBytes(blake3(keyBytes, record).subarray(0, FINGERPRINT_BYTES));
}

export function addFingerprint(sum: Fingerprint, fingerprint: Fingerprint): Fingerprint {
  return BigInt.asUintN(MODULUS_BITS, sum + fingerprint);
}

export function subtractFingerprint(sum: Fingerprint, fingerprint: Fingerprint): Fingerprint {
  return BigInt.asUintN(MODULUS_BITS, sum - fingerprint);
}

/** Big-endian, 16 bytes. */
export function fingerprintToBytes(fingerprint: Fingerprint): Uint8Array {
  const bytes = new Uint8Array(FINGERPRINT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, fingerprint >> 64n);
  view.setBigUint64(8, BigInt.asUintN(64, fingerprint));
  return bytes;
}

export function fingerprintFromBytes(bytes: Uint8Array): Fingerprint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FINGERPRINT_BYTES);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

/** 32 hex digits, as shown to people. */
export function formatFingerprint(fingerprint: Fingerprint): string {
  return fingerprint.toString(16).padStart(2 * FINGERPRINT_BYTES, '0');
}
