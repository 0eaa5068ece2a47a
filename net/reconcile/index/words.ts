/**
 * Fingerprints as four 32-bit words in typed arrays, most significant first: an index of a million of them allocates
 * nothing per item, and a sum costs four additions.
 *
 * Invariant: arithmetic is modulo 2^128, as that of `crdt/block/fingerprint.ts`.
 */

import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';

export const FINGERPRINT_WORDS = 4;

const WORD_BITS = 32n;
const WORD_MASK = 0xffff_ffffn;

export function writeWords(target: Uint32Array, offset: number, fingerprint: Fingerprint): void {
  let rest = fingerprint;
  for (let at = offset + FINGERPRINT_WORDS - 1; at >= offset; at--) {
    target[at] = Number(rest & WORD_MASK);
    rest >>= WORD_BITS;
  }
}

/** The words of a fingerprint's 16 bytes. */
export function wordsOfBytes(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(FINGERPRINT_WORDS);
  for (let at = 0; at < FINGERPRINT_WORDS; at++) words[at] = wordAt(bytes, 4 * at);
  return words;
}

/** The 32 bits at `offset`, big-endian, as a signed integer. Without a view, which costs more than the reading. */
export function wordAt(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 24) | ((bytes[offset + 1] ?? 0) << 16);
  return high | ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0);
}

export function readWords(source: Uint32Array, offset: number): Fingerprint {
  let fingerprint = 0n;
  for (let at = offset; at < offset + FINGERPRINT_WORDS; at++) {
    fingerprint = (fingerprint << WORD_BITS) | BigInt(source[at] ?? 0);
  }
  return fingerprint;
}

/** `sum` += the words at `offset` of `words`. */
export function addWords(sum: Uint32Array, words: Uint32Array, offset: number): void {
  let carry = 0;
  for (let at = FINGERPRINT_WORDS - 1; at >= 0; at--) {
    const total = (sum[at] ?? 0) + (words[offset + at] ?? 0) + carry;
    sum[at] = total;
    carry = total > 0xffff_ffff ? 1 : 0;
  }
}

/** `sum` −= the words at `offset` of `words`. */
export function subtractWords(sum: Uint32Array, words: Uint32Array, offset: number): void {
  let borrow = 0;
  for (let at = FINGERPRINT_WORDS - 1; at >= 0; at--) {
    const total = (sum[at] ?? 0) - (words[offset + at] ?? 0) - borrow;
    sum[at] = total;
    borrow = total < 0 ? 1 : 0;
  }
}

export function compareWords(a: Uint32Array, aOffset: number, b: Uint32Array, bOffset: number): number {
  for (let at = 0; at < FINGERPRINT_WORDS; at++) {
    const difference = (a[aOffset + at] ?? 0) - (b[bOffset + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
