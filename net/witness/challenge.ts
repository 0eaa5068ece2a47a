/**
 * Proof of storage: a node asks a holder for a keyed BLAKE3 over random ranges of the payload, under a key that nobody knew
 * before.
 *
 * Invariant: the answer depends on every byte of every range and on the nonce, so it cannot be kept from an earlier
 * challenge nor computed without the bytes. It shows that the holder has them or can get them in time, which for those
 * who fetch from it is the same.
 *
 * After Ateniese et al.: "Provable data possession at untrusted stores", CCS 2007, with the challenger holding a copy.
 */

import { keyedBlake3 } from '../../crdt/hash.ts';
import { hashFromBytes, hashToBytes, type Hash32 } from '../../crdt/ids.ts';
import type { RandomInteger } from '../clock.ts';
import { CHALLENGE_BYTES_MAX, CHALLENGE_RANGES_MAX } from './limits.ts';
import type { ByteRange, WitnessRequest } from './messages.ts';

export type ChallengeRequest = Extract<WitnessRequest, { kind: 'challenge' }>;

/** How much of a payload one challenge covers. */
export interface ChallengeSample {
  /** 1 … `CHALLENGE_RANGES_MAX`. */
  readonly ranges: number;
  /** Of each range; all together at most `CHALLENGE_BYTES_MAX`. */
  readonly rangeBytes: number;
}

/** Draws a nonce and ranges that lie within the payload. */
export function drawChallenge(
  payloadDigest: Hash32,
  payloadBytes: number,
  sample: ChallengeSample,
  random: RandomInteger,
): ChallengeRequest {
  const nonce = hashFromBytes(Uint8Array.from({ length: 32 }, () => random(256)));
  const count = Math.min(sample.ranges, CHALLENGE_RANGES_MAX);
  const lengthBytes = Math.min(sample.rangeBytes, payloadBytes, Math.floor(CHALLENGE_BYTES_MAX / count));
  const ranges: ByteRange[] = Array.from({ length: count }, () => ({
    offset: random(payloadBytes - lengthBytes + 1),
    lengthBytes,
  }));
  return { kind: 'challenge', payloadDigest, nonce, ranges };
}

/** Reads bytes of the payload; undefined when they are not there. */
export type ReadRange = (offset: number, lengthBytes: number) => Promise<Uint8Array | undefined>;

/** The proof, 32 bytes; undefined when a range cannot be read whole. */
export async function proveStorage(request: ChallengeRequest, read: ReadRange): Promise<Hash32 | undefined> {
  const parts = [hashToBytes(request.payloadDigest)];
  for (const { offset, lengthBytes } of request.ranges) {
    const bytes = await read(offset, lengthBytes);
    if (bytes === undefined || bytes.length < lengthBytes) return undefined;
    parts.push(bytes);
  }
  return keyedBlake3(hashToBytes(request.nonce), ...parts);
}
