/**
 * `StateData = hash, data`: the envelope of every `.v` and `.w`.
 *
 * Invariant: a payload that comes out of {@link decodeStateData} has the BLAKE3 that the envelope states. Bytes behind the
 * envelope are not looked at: readers of the format ignore them, and driftlock keeps its trailer there.
 */

import { blake3Hash } from '../../crdt/hash.ts';
import { DecodeError } from '../../crdt/errors.ts';
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
  const found = blake3Hash(payload);
  if (found !== expected) {
    throw new DecodeError('ERR_BAD_CHECKSUM', {
      argument: `${source}: data`,
      expected: `BLAKE3 ${expected}`,
      found,
      offset: STATE_DATA_HEADER_BYTES,
    });
  }
  return { payload, endOffset: reader.offset };
}

/** The envelope around a payload that comes in parts: each is hashed in place and copied once. */
export function encodeStateData(...parts: readonly Uint8Array[]): Uint8Array {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const writer = new BincodeWriter(STATE_DATA_HEADER_BYTES + payloadBytes);
  writer.hash(blake3Hash(...parts)).safeInteger(payloadBytes);
  for (const part of parts) writer.fixed(part);
  return writer.finish();
}
