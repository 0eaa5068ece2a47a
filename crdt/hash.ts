/**
 * The project's hash functions, and the only place that chooses who computes them.
 *
 * BLAKE3 comes from hash-wasm: 480 MB/s on 300 B and 820 MB/s on 16 MiB where @noble/hashes gives 43 and 57 on the same
 * machine. @noble/hashes gives keccak256 and keyed BLAKE3, and is the oracle for BLAKE3 in the tests.
 */

import { blake3 as keyed } from '@noble/hashes/blake3.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { createBLAKE3 } from 'hash-wasm';
import { hashFromBytes, type Hash32 } from './ids.ts';

/** One instance serves every whole-input call: each call starts and ends without a yield, so calls cannot interleave. */
const shared = await createBLAKE3();

/** BLAKE3 of `bytes`, 32 bytes. */
export function blake3(...parts: readonly Uint8Array[]): Uint8Array {
  shared.init();
  for (const part of parts) shared.update(part);
  return shared.digest('binary');
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

/**
 * Nothing here waits, so that what hashes a stream under a virtual clock depends on no real thread: one instance serves
 * all streams, and a stream that takes its turn after another loads its own state (2 kB) first.
 */
export function blake3Stream(): StreamingHash {
  let saved: Uint8Array | undefined;
  const stream: Suspendable = { suspend: () => void (saved = streaming.save()) };
  const resume = (): void => {
    if (current === stream) return;
    current?.suspend();
    current = stream;
    if (saved === undefined) streaming.init();
    else streaming.load(saved);
  };
  return {
    update: (bytes) => {
      resume();
      streaming.update(bytes);
    },
    digest: () => {
      resume();
      current = undefined;
      saved = undefined;
      return hashFromBytes(streaming.digest('binary'));
    },
  };
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

interface Suspendable {
  suspend(): void;
}

const streaming = await createBLAKE3();
/** The stream whose state the instance holds. */
let current: Suspendable | undefined;
