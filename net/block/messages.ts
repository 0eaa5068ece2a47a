/**
 * The messages of the block protocol: which block, and what the peer knows of it. Grammar: docs/protocol.md.
 *
 * Invariant: each is one frame of at most its limit, decodes from nothing but what it encodes to, and a peer that knows nothing
 * of the block says so with an empty record.
 */

import { decodeRecord, encodeRecord, RECORD_BYTES_MAX } from '../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, isEmptyRecord, type BlockRecord } from '../../crdt/block/record.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { HASH_BYTES, hashFromBytes, hashToBytes, type BlockKey } from '../../crdt/ids.ts';
import { readVersion } from '../framing/version.ts';

export const BLOCK_PROTOCOL = '/driftlock/block/1';
export const BLOCK_VERSION = 1;
/** A version, a number of at most 8 bytes and a hash. */
export const BLOCK_REQUEST_BYTES_MAX = 1 + 8 + HASH_BYTES;
export const BLOCK_ANSWER_BYTES_MAX = 1 + RECORD_BYTES_MAX;

export function encodeBlockRequest({ number, hash }: BlockKey): Uint8Array {
  return new Writer(BLOCK_REQUEST_BYTES_MAX).u8(BLOCK_VERSION).varint(number).fixed(hashToBytes(hash)).finish();
}

/** Throws `DecodeError`. */
export function decodeBlockRequest(bytes: Uint8Array): BlockKey {
  const reader = new Reader(bytes);
  readVersion(reader, 'block request', BLOCK_VERSION);
  const number = reader.varint('block number');
  const hash = hashFromBytes(reader.fixed('block hash', HASH_BYTES));
  reader.end('block request');
  return { number, hash };
}

export function encodeBlockAnswer(record: BlockRecord): Uint8Array {
  const writer = new Writer().u8(BLOCK_VERSION);
  return isEmptyRecord(record) ? writer.finish() : writer.fixed(encodeRecord(record)).finish();
}

/** Throws `DecodeError`. The signatures in the record are not checked. */
export function decodeBlockAnswer(bytes: Uint8Array): BlockRecord {
  const reader = new Reader(bytes);
  readVersion(reader, 'block answer', BLOCK_VERSION);
  return bytes.length === reader.offset ? EMPTY_RECORD : decodeRecord(bytes.subarray(reader.offset));
}
