/**
 * The canonical encoding of a block record: what trailers hold, what fingerprints are taken of, and what reconciliation
 * moves.
 *
 * Invariant: one state has one encoding. The decoder accepts that encoding alone, so decode∘encode and encode∘decode
 * are both the identity, and two nodes with one state have one fingerprint. Grammar: docs/protocol.md.
 *
 * A record is encoded once, however often it is asked for: a record that arrives is fingerprinted, journaled, written and sent
 * on, 15 µs each. It must therefore never be changed.
 */

import { IdTableReader } from '../codec/id-table.ts';
import { Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import type { BlockKey } from '../ids.ts';
import { HOLDERS_MAX } from './holders.ts';
import { readParts, tableOf, writeParts } from './record-parts.ts';
import type { BlockRecord } from './record.ts';
import { RESULTS_MAX } from './result.ts';
import { WITNESS_ANNOUNCEMENTS_MAX } from './witness.ts';

export const RECORD_VERSION = 1;
/** No record is larger: what its lists may hold at most, rounded up. */
export const RECORD_BYTES_MAX = 512 * 1024;
/**
 * The values that the largest record refers to: a node and a root a result, an author and three hashes an announcement,
 * a node a holder, and the lease's. A generation lease has no announcements beside it.
 */
export const ID_TABLE_ENTRIES_MAX = 2 * RESULTS_MAX + 4 * WITNESS_ANNOUNCEMENTS_MAX + HOLDERS_MAX + 1;

/** Of the records that are alive. */
const encodings = new WeakMap<BlockRecord, Uint8Array>();

export function encodeRecord(record: BlockRecord): Uint8Array {
  return encodingOf(record).slice();
}

/** Throws `DecodeError` for anything that {@link encodeRecord} does not write. */
export function decodeRecord(bytes: Uint8Array): BlockRecord {
  const reader = new Reader(bytes);
  const record = readRecord(reader);
  reader.end('record');
  return record;
}

/** A record (or a delta of one) and the block it is about. */
export interface KeyedRecord {
  readonly key: BlockKey;
  readonly record: BlockRecord;
}

export function writeKeyedRecord(writer: Writer, { key, record }: KeyedRecord): void {
  writer.varint(key.number).hash(key.hash).fixed(encodingOf(record));
}

export function encodeKeyedRecord(keyed: KeyedRecord): Uint8Array {
  const writer = new Writer();
  writeKeyedRecord(writer, keyed);
  return writer.finish();
}

export function readKeyedRecord(reader: Reader): KeyedRecord {
  const number = reader.varint('block number');
  const hash = reader.hash('block hash');
  return { key: { number, hash }, record: readRecord(reader) };
}

/** Not to be given away: a byte that somebody changed would be in every later encoding. */
function encodingOf(record: BlockRecord): Uint8Array {
  const known = encodings.get(record);
  if (known !== undefined) return known;
  const ids = tableOf([record], []);
  const writer = new Writer().u8(RECORD_VERSION);
  ids.write(writer);
  writeParts(writer, record, ids);
  const bytes = writer.finish();
  encodings.set(record, bytes);
  return bytes;
}

function readRecord(reader: Reader): BlockRecord {
  const start = reader.offset;
  const version = reader.u8('record version');
  if (version !== RECORD_VERSION) {
    throw reader.fail('ERR_UNKNOWN_VERSION', 'record version', `${RECORD_VERSION}`, `${version}`, start);
  }
  const ids = new IdTableReader(reader, ID_TABLE_ENTRIES_MAX);
  const record = readParts(reader, ids);
  ids.end(reader);
  encodings.set(record, reader.readSince(start));
  return record;
}
