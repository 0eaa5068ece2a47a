/**
 * The bytes of one file of the journal.
 *
 * ```
 * segment = magic "DRFTJNL1", entry*
 * entry   = mark "JNLE", length u32, keyed record: length bytes, fingerprint: 16 bytes      integers big endian
 * ```
 * The keyed record is the canonical encoding of docs/protocol.md, so its checksum is the record's fingerprint.
 *
 * Invariant: an entry is read whole and unchanged or not at all, and a damaged one costs no other: its end is where the
 * next entry begins that checks out. Nothing depends on the order or number of entries, since to replay one is to
 * merge a record.
 */

import {
  FINGERPRINT_BYTES,
  fingerprintFromBytes,
  fingerprintToBytes,
  type Fingerprint,
} from '../../crdt/block/fingerprint.ts';
import {
  readKeyedRecord,
  RECORD_BYTES_MAX,
  writeKeyedRecord,
  type KeyedRecord,
} from '../../crdt/block/record-codec.ts';
import { equalBytes } from '../../crdt/bytes.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { DriftlockError, isFailure } from '../../crdt/errors.ts';
import { blake3 } from '../../crdt/hash.ts';

const MAGIC = Buffer.from('DRFTJNL');
const VERSION = '1';
/** What every segment begins with. The last character is the version of the layout. */
export const SEGMENT_HEADER: Uint8Array = Buffer.concat([MAGIC, Buffer.from(VERSION)]);

const MARK = Buffer.from('JNLE');
const LENGTH_BYTES = 4;
const ENTRY_HEADER_BYTES = MARK.length + LENGTH_BYTES;
/** A block's number takes at most 8 bytes, its hash 32. */
const KEYED_RECORD_BYTES_MAX = 40 + RECORD_BYTES_MAX;
export const ENTRY_BYTES_MAX = ENTRY_HEADER_BYTES + KEYED_RECORD_BYTES_MAX + FINGERPRINT_BYTES;

export interface SegmentEntry {
  readonly keyed: KeyedRecord;
  readonly fingerprint: Fingerprint;
}

export interface SegmentContent {
  readonly entries: readonly SegmentEntry[];
  /** Parts in front of a good entry that are none themselves: the disk did not keep them. */
  readonly damage: readonly { readonly offset: number; readonly sizeBytes: number }[];
  /** Bytes behind the last good entry: a write that a crash or a full disk cut short, which nobody was told of. */
  readonly tornBytes: number;
}

/** `fingerprint` is that of `keyed`. */
export function encodeEntry(keyed: KeyedRecord, fingerprint: Fingerprint): Uint8Array {
  const payload = new Writer();
  writeKeyedRecord(payload, keyed);
  return new Writer(ENTRY_HEADER_BYTES + payload.length + FINGERPRINT_BYTES)
    .fixed(MARK)
    .uintBE(payload.length, LENGTH_BYTES)
    .fixed(payload.finish())
    .fixed(fingerprintToBytes(fingerprint))
    .finish();
}

/**
 * Everything that can be read of a segment, however damaged. Throws `ERR_UNKNOWN_VERSION`, which names `source`, when a
 * later driftlock wrote it or a record in it: what is not understood must not be dropped.
 */
export function decodeSegment(bytes: Uint8Array, source: string): SegmentContent {
  checkVersion(bytes, source);
  const entries: SegmentEntry[] = [];
  const damage: { offset: number; sizeBytes: number }[] = [];
  const isHeaderGood = equalBytes(bytes.subarray(0, SEGMENT_HEADER.length), SEGMENT_HEADER);
  let goodEnd = isHeaderGood ? SEGMENT_HEADER.length : 0;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(MARK, goodEnd); at >= 0;) {
    const read = readEntry(buffer, at, source);
    if (read === undefined) {
      at = buffer.indexOf(MARK, at + 1);
      continue;
    }
    if (at > goodEnd) damage.push({ offset: goodEnd, sizeBytes: at - goodEnd });
    entries.push(read.entry);
    goodEnd = read.endOffset;
    at = buffer.indexOf(MARK, goodEnd);
  }
  return { entries, damage, tornBytes: bytes.length - goodEnd };
}

function checkVersion(bytes: Uint8Array, source: string): void {
  const version = bytes[MAGIC.length];
  if (version === undefined || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return;
  const found = String.fromCharCode(version);
  if (found === VERSION || !/[0-9A-Za-z]/.test(found)) return;
  throw new DriftlockError('ERR_UNKNOWN_VERSION', {
    argument: source,
    expected: `a journal of version ${VERSION}`,
    found: `version ${found}`,
  });
}

/** The entry that begins at `offset`, unless its checksum says that it is none. */
function readEntry(
  buffer: Buffer,
  offset: number,
  source: string,
): { entry: SegmentEntry; endOffset: number } | undefined {
  const start = offset + ENTRY_HEADER_BYTES;
  if (start > buffer.length) return undefined;
  const length = buffer.readUInt32BE(offset + MARK.length);
  const endOffset = start + length + FINGERPRINT_BYTES;
  if (length > KEYED_RECORD_BYTES_MAX || endOffset > buffer.length) return undefined;
  const payload = buffer.subarray(start, start + length);
  const checksum = buffer.subarray(start + length, endOffset);
  if (!equalBytes(blake3(payload).subarray(0, FINGERPRINT_BYTES), checksum)) return undefined;
  const keyed = readPayload(payload, source, offset);
  return keyed && { entry: { keyed, fingerprint: fingerprintFromBytes(checksum) }, endOffset };
}

function readPayload(payload: Uint8Array, source: string, offset: number): KeyedRecord | undefined {
  const reader = new Reader(payload);
  try {
    const keyed = readKeyedRecord(reader);
    reader.end('journal entry');
    return keyed;
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (!isFailure(error, 'ERR_UNKNOWN_VERSION')) return undefined;
    throw new DriftlockError(
      'ERR_UNKNOWN_VERSION',
      { argument: `${source}, entry at byte ${offset}`, expected: error.expected, found: error.found },
      { cause: error },
    );
  }
}
