/**
 * `StateData = hash, data`: the envelope of every `.v` and `.w`.
 *
 * Invariant: a payload that comes out of {@link decodeStateData} has the BLAKE3 that the envelope states. Bytes behind the
 * envelope are not looked at: readers of the format ignore them, and driftlock keeps its trailer there.
 */

import { blake3Hash } from '../../crdt/hash.ts';
import { DecodeError } from '../../crdt/errors.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import { BINCODE_HASH_BYTES, BincodeReader, BincodeWriter, U64_BYTES } from './bincode.ts';

/** What comes in front of the payload: its hash and its length. */
export const STATE_DATA_HEADER_BYTES = BINCODE_HASH_BYTES + U64_BYTES;

export interface StateData {
  /** A view that shares memory with the file's bytes; it starts at {@link STATE_DATA_HEADER_BYTES}. */
  readonly payload: Uint8Array;
  /** Where the envelope ends: the offset of the first byte behind it. */
  readonly endOffset: number;
}

/**
 * The payload at the beginning of a file's `bytes`. Throws a `DecodeError` that names `source`: `ERR_BAD_CHECKSUM` when the
 * payload is not what was hashed, `ERR_OVER_LIMIT` when it claims more than `payloadBytesMax`.
 */
export function decodeStateData(bytes: Uint8Array, source: string, payloadBytesMax: number): StateData {
  const reader = new BincodeReader(bytes, source);
  const expected = reader.hash('hash');
  const payload = reader.bytes('data', payloadBytesMax);
  checkPayloadHash(source, expected, blake3Hash(payload));
  return { payload, endOffset: reader.offset };
}

/** What the header in front of a payload says, and that alone. Throws as {@link decodeStateData} does. */
export function decodeStateDataHeader(
  bytes: Uint8Array,
  source: string,
  payloadBytesMax: number,
): { readonly hash: Hash32; readonly payloadBytes: number } {
  const reader = new BincodeReader(bytes, source);
  return { hash: reader.hash('hash'), payloadBytes: reader.length('data', payloadBytesMax) };
}

export function encodeStateDataHeader(hash: Hash32, payloadBytes: number): Uint8Array {
  return new BincodeWriter(STATE_DATA_HEADER_BYTES).hash(hash).safeInteger(payloadBytes).finish();
}

export function checkPayloadHash(source: string, expected: Hash32, found: Hash32): void {
  if (found === expected) return;
  throw new DecodeError('ERR_BAD_CHECKSUM', {
    argument: `${source}: data`,
    expected: `BLAKE3 ${expected}`,
    found,
    offset: STATE_DATA_HEADER_BYTES,
  });
}

/** The envelope around a payload that comes in parts: each is hashed in place and copied once. */
export function encodeStateData(...parts: readonly Uint8Array[]): Uint8Array {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const writer = new BincodeWriter(STATE_DATA_HEADER_BYTES + payloadBytes);
  writer.fixed(encodeStateDataHeader(blake3Hash(...parts), payloadBytes));
  for (const part of parts) writer.fixed(part);
  return writer.finish();
}
