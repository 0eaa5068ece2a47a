/**
 * The messages of the witness protocol: one request, one answer, then the raw payload. Both have a fixed length, so
 * nothing has to be framed. Grammar: docs/protocol.md.
 */

import { WITNESS_PAYLOAD_BYTES_MAX } from '../../crdt/block/witness.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { HASH_BYTES, type Hash32 } from '../../crdt/ids.ts';
import { readVersion } from '../framing/version.ts';

export const WITNESS_PROTOCOL = '/driftlock/witness/1';
export const WITNESS_VERSION = 1;
const SIZE_BYTES = 4;
export const WITNESS_REQUEST_BYTES = 1 + HASH_BYTES;
export const WITNESS_ANSWER_BYTES = 1 + 1 + SIZE_BYTES;

/** In the order of their wire tags. */
const STATUSES = ['found', 'not-found', 'busy'] as const;

export type WitnessAnswer =
  /** The payload follows. */
  | { readonly status: 'found'; readonly payloadBytes: number }
  | { readonly status: 'not-found' }
  /** As many transfers as this node serves at once are under way. */
  | { readonly status: 'busy' };

export function encodeWitnessRequest(payloadDigest: Hash32): Uint8Array {
  return new Writer(WITNESS_REQUEST_BYTES).u8(WITNESS_VERSION).hash(payloadDigest).finish();
}

/** The digest that is asked for. Throws `DecodeError`. */
export function decodeWitnessRequest(bytes: Uint8Array): Hash32 {
  const reader = new Reader(bytes);
  readVersion(reader, 'witness request', WITNESS_VERSION);
  const payloadDigest = reader.hash('witness request digest');
  reader.end('witness request');
  return payloadDigest;
}

export function encodeWitnessAnswer(answer: WitnessAnswer): Uint8Array {
  const payloadBytes = answer.status === 'found' ? answer.payloadBytes : 0;
  return new Writer(WITNESS_ANSWER_BYTES)
    .u8(WITNESS_VERSION)
    .u8(STATUSES.indexOf(answer.status))
    .uintBE(payloadBytes, SIZE_BYTES)
    .finish();
}

/** Throws `DecodeError`; `ERR_OVER_LIMIT` for a size beyond `WITNESS_PAYLOAD_BYTES_MAX`. */
export function decodeWitnessAnswer(bytes: Uint8Array): WitnessAnswer {
  const reader = new Reader(bytes);
  readVersion(reader, 'witness answer', WITNESS_VERSION);
  const statusAt = reader.offset;
  const tag = reader.u8('witness answer status');
  const status = STATUSES[tag];
  if (status === undefined) throw reader.fail('ERR_BAD_ENUM', 'witness answer status', '0 to 2', `${tag}`, statusAt);
  const sizeAt = reader.offset;
  const payloadBytes = reader.uintBE('witness answer size', SIZE_BYTES);
  reader.end('witness answer');
  const payloadBytesMax = status === 'found' ? WITNESS_PAYLOAD_BYTES_MAX : 0;
  if (payloadBytes > payloadBytesMax) {
    throw reader.fail('ERR_OVER_LIMIT', 'witness answer size', `at most ${payloadBytesMax}`, `${payloadBytes}`, sizeAt);
  }
  return status === 'found' ? { status, payloadBytes } : { status };
}
