/**
 * The project's hash functions, and the only place that chooses who computes them.
 *
 * BLAKE3 comes from WebAssembly for what is short and from a native module, where there is one, for what is long (`blake3.ts`).
 * @noble/hashes gives keccak256 and keyed BLAKE3, and is the oracle for BLAKE3 in the tests.
 */

import { blake3 as keyed } from '@noble/hashes/blake3.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { nativeBlake3, wasmBlake3 } from './blake3.ts';
import { hashFromBytes, type Hash32 } from './ids.ts';

/** From here on the native module is the faster one: a call into it takes about 2 µs. */
const NATIVE_BYTES_MIN = 4_096;

const forLong = nativeBlake3 ?? wasmBlake3;

/** BLAKE3 of `bytes`, 32 bytes. */
export function blake3(...parts: readonly Uint8Array[]): Uint8Array {
  let lengthBytes = 0;
  for (const part of parts) lengthBytes += part.length;
  return (lengthBytes < NATIVE_BYTES_MIN ? wasmBlake3 : forLong).hash(parts);
}

export function blake3Hash(...parts: readonly Uint8Array[]): Hash32 {
  return hashFromBytes(blake3(...parts));
}

export function keccak256(bytes: Uint8Array): Hash32 {
  return hashFromBytes(keccak_256(bytes));
}

/** BLAKE3 over bytes that arrive in pieces. */
export interface StreamingHash {
  update(bytes: Uint8Array): void;
  /** The digest of all that was given since the last digest; the next update begins anew. */
  digest(): Hash32;
}

export function blake3Stream(): StreamingHash {
  const stream = forLong.stream();
  return { update: (bytes) => stream.update(bytes), digest: () => hashFromBytes(stream.digest()) };
}

/**
 * BLAKE3 in its keyed mode, under a key of 32 bytes. By @noble/hashes, which needs no instance for each key: for inputs of
 * some hundred kB at most.
 */
export function keyedBlake3(key: Uint8Array, ...parts: readonly Uint8Array[]): Hash32 {
  const hasher = keyed.create({ key });
  for (const part of parts) hasher.update(part);
  return hashFromBytes(hasher.digest());
}
