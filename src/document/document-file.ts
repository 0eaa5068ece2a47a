/**
 * The bytes of the file that keeps the cluster document: the whole of it as one update, and behind it what came since.
 *
 * ```
 * file     = "DRFTDOC1" *entry
 * entry    = u32(length) checksum update: length bytes      u32 big endian; checksum: the first 16 bytes of BLAKE3(update)
 * ```
 *
 * Invariant: an entry is read whole and unchanged or not at all. Order and number mean nothing: to apply an update is to merge it.
 */

import { equalBytes } from '../../crdt/bytes.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { DriftlockError, type DecodeError } from '../../crdt/errors.ts';
import { blake3 } from '../../crdt/hash.ts';
import { DOCUMENT_FRAME_BYTES_MAX } from '../../net/document/limits.ts';

const MAGIC = Buffer.from('DRFTDOC');
const VERSION = '1';
const FILE_HEADER: Uint8Array = Buffer.concat([MAGIC, Buffer.from(VERSION)]);
const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 16;
const ENTRY_HEADER_BYTES = LENGTH_BYTES + CHECKSUM_BYTES;
/** The largest document and as much again behind it, which is when it is written anew. */
export const DOCUMENT_FILE_BYTES_MAX = 3 * DOCUMENT_FRAME_BYTES_MAX;

export interface DocumentFileContent {
  readonly updates: readonly Uint8Array[];
  /** There is nothing behind the last good entry, and a header in front: more can be appended. */
  readonly isWhole: boolean;
  /** What makes the rest worth keeping for people: it is not merely the beginning of an entry that a crash cut short. */
  readonly damage: DecodeError | undefined;
}

/** A file that holds `update` and nothing else. */
export function encodeDocumentFile(update: Uint8Array): Uint8Array {
  return new Writer(FILE_HEADER.length + ENTRY_HEADER_BYTES + update.length)
    .fixed(FILE_HEADER)
    .fixed(encodeDocumentEntry(update))
    .finish();
}

export function encodeDocumentEntry(update: Uint8Array): Uint8Array {
  return new Writer(ENTRY_HEADER_BYTES + update.length)
    .uintBE(update.length, LENGTH_BYTES)
    .fixed(checksumOf(update))
    .fixed(update)
    .finish();
}

/**
 * What can be read of a file, up to the first entry that is not good. Throws `ERR_UNKNOWN_VERSION`, which names `source`, when a
 * later driftlock wrote it: what is not understood must not be dropped.
 */
export function decodeDocumentFile(bytes: Uint8Array, source: string): DocumentFileContent {
  const reader = new Reader(bytes);
  if (bytes.length < FILE_HEADER.length) return { updates: [], isWhole: false, damage: undefined };
  const header = reader.fixed('header', FILE_HEADER.length);
  if (!equalBytes(header, FILE_HEADER)) {
    checkVersion(header, source);
    const damage = reader.fail('ERR_BAD_MAGIC', source, 'a cluster document', 'something else', 0);
    return { updates: [], isWhole: false, damage };
  }
  const updates: Uint8Array[] = [];
  for (;;) {
    const start = reader.offset;
    if (reader.remaining === 0) return { updates, isWhole: true, damage: undefined };
    if (reader.remaining < ENTRY_HEADER_BYTES) return { updates, isWhole: false, damage: undefined };
    const length = reader.uintBE('entry length', LENGTH_BYTES);
    const checksum = reader.fixed('entry checksum', CHECKSUM_BYTES);
    if (length > reader.remaining) return { updates, isWhole: false, damage: undefined };
    const update = reader.fixed('entry', length);
    if (!equalBytes(checksum, checksumOf(update))) {
      const damage = reader.fail('ERR_BAD_CHECKSUM', source, 'the checksum of its bytes', 'another', start);
      return { updates, isWhole: false, damage };
    }
    updates.push(update);
  }
}

function checkVersion(header: Uint8Array, source: string): void {
  const found = String.fromCharCode(header[MAGIC.length] ?? 0);
  if (!equalBytes(header.subarray(0, MAGIC.length), MAGIC) || !/[0-9A-Za-z]/.test(found)) return;
  throw new DriftlockError('ERR_UNKNOWN_VERSION', {
    argument: source,
    expected: `a cluster document of version ${VERSION}`,
    found: `version ${found}`,
  });
}

function checksumOf(update: Uint8Array): Uint8Array {
  return blake3(update).subarray(0, CHECKSUM_BYTES);
}
