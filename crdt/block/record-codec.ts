/**
 * The canonical encoding of a block record: what trailers hold, what travels, and what fingerprints are taken of.
 *
 * Invariant: one state has one encoding. The decoder accepts that encoding alone, so decode∘encode and encode∘decode
 * are both the identity, and two nodes with one state have one fingerprint. Grammar: docs/protocol.md.
 */

import { Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import { IdTable, IdTableReader } from '../codec/id-table.ts';
import { compareText, type BlockKey, type Hash32, type NodeId } from '../ids.ts';
import { readLease, writeLease, type Lease } from '../lease/lease.ts';
import { HOLDERS_MAX, readHolder, writeHolder, type Holders } from './holders.ts';
import { BLOB_IDS_MAX, hasSuccess, type BlockRecord } from './record.ts';
import { isCanonicalResults, readResult, RESULTS_MAX, writeResult, type Results } from './result.ts';
import { compareAnnouncements, readAnnouncement, WITNESS_ANNOUNCEMENTS_MAX, writeAnnouncement } from './witness.ts';

export const RECORD_VERSION = 1;
/** No record is larger: what its lists may hold at most, rounded up. */
export const RECORD_BYTES_MAX = 512 * 1024;
/**
 * The values that the largest record refers to: a node and a root a result, an author and three hashes an announcement,
 * a node a holder, and the lease's. A generation lease has no announcements beside it.
 */
export const ID_TABLE_ENTRIES_MAX = 2 * RESULTS_MAX + 4 * WITNESS_ANNOUNCEMENTS_MAX + HOLDERS_MAX + 1;

const HAS_LEASE = 1;
const HAS_GENERATION = 2;

export function encodeRecord(record: BlockRecord): Uint8Array {
  const writer = new Writer();
  writeRecord(writer, record);
  return writer.finish();
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
  writer.varint(key.number).hash(key.hash);
  writeRecord(writer, record);
}

export function readKeyedRecord(reader: Reader): KeyedRecord {
  const number = reader.varint('block number');
  const hash = reader.hash('block hash');
  return { key: { number, hash }, record: readRecord(reader) };
}

function writeRecord(writer: Writer, record: BlockRecord): void {
  const ids = collectIds(record);
  writer.u8(RECORD_VERSION);
  ids.write(writer);
  writer.u8((record.lease === undefined ? 0 : HAS_LEASE) | (record.generation === undefined ? 0 : HAS_GENERATION));
  writer.varint(record.results.length);
  for (const result of record.results) writeResult(writer, result, ids);
  if (record.lease !== undefined) writeLease(writer, record.lease, ids);
  writer.varint(record.witnesses.length);
  for (const witness of record.witnesses) writeAnnouncement(writer, witness, ids);
  if (record.generation !== undefined) writeLease(writer, record.generation, ids);
  writer.varint(record.holders.length);
  for (const holder of record.holders) writeHolder(writer, holder, ids);
  writer.varint(record.blobIds.length);
  for (const blobId of record.blobIds) writer.hash(blobId);
}

function collectIds(record: BlockRecord): IdTable {
  const nodes: NodeId[] = [];
  const hashes: Hash32[] = [];
  for (const result of record.results) {
    nodes.push(result.node);
    hashes.push(result.stateRoot);
  }
  for (const witness of record.witnesses) {
    nodes.push(witness.author);
    hashes.push(witness.payloadDigest, witness.parentHash, witness.preStateRoot);
  }
  for (const holder of record.holders) nodes.push(holder.node);
  if (record.lease !== undefined) nodes.push(record.lease.holder);
  if (record.generation !== undefined) nodes.push(record.generation.holder);
  return new IdTable(nodes, hashes);
}

function readRecord(reader: Reader): BlockRecord {
  const start = reader.offset;
  const version = reader.u8('record version');
  if (version !== RECORD_VERSION) {
    throw reader.fail('ERR_UNKNOWN_VERSION', 'record version', `${RECORD_VERSION}`, `${version}`, start);
  }
  const ids = new IdTableReader(reader, ID_TABLE_ENTRIES_MAX);
  const flagsAt = reader.offset;
  const flags = reader.u8('record flags');
  if (flags > (HAS_LEASE | HAS_GENERATION)) {
    throw reader.fail('ERR_BAD_ENUM', 'record flags', '0 to 3', `${flags}`, flagsAt);
  }
  const results = readResults(reader, ids);
  const lease = (flags & HAS_LEASE) === 0 ? undefined : readUnneeded(reader, 'lease', ids, hasSuccess(results));
  const witnesses = readSorted(reader, 'witnesses', WITNESS_ANNOUNCEMENTS_MAX, compareAnnouncements, () =>
    readAnnouncement(reader, ids),
  );
  const generation =
    (flags & HAS_GENERATION) === 0 ? undefined : readUnneeded(reader, 'generation', ids, witnesses.length > 0);
  const holders: Holders = readSorted(
    reader,
    'holders',
    HOLDERS_MAX,
    (a, b) => compareText(a.node, b.node),
    () => readHolder(reader, ids),
  );
  const blobIds = readSorted(reader, 'blob ids', BLOB_IDS_MAX, compareText, () => reader.hash('blob id'));
  ids.end(reader);
  return { results, lease, witnesses, generation, holders, blobIds };
}

function readResults(reader: Reader, ids: IdTableReader): Results {
  const start = reader.offset;
  const count = reader.varint('results count', RESULTS_MAX);
  const results: Results = Array.from({ length: count }, () => readResult(reader, ids));
  if (!isCanonicalResults(results)) {
    throw reader.fail('ERR_NOT_CANONICAL', 'results', 'sorted, undisplaced entries', 'others', start);
  }
  return results;
}

function readUnneeded(reader: Reader, field: string, ids: IdTableReader, superseded: boolean): Lease {
  const start = reader.offset;
  const lease = readLease(reader, field, ids);
  if (superseded) throw reader.fail('ERR_NOT_CANONICAL', field, 'none beside what ends it', 'one', start);
  return lease;
}

function readSorted<T>(
  reader: Reader,
  field: string,
  countMax: number,
  compare: (a: T, b: T) => number,
  read: () => T,
): readonly T[] {
  const count = reader.varint(`${field} count`, countMax);
  const entries: T[] = [];
  for (let at = 0; at < count; at++) {
    const start = reader.offset;
    const entry = read();
    const before = entries[at - 1];
    if (before !== undefined && compare(before, entry) >= 0) {
      throw reader.fail('ERR_NOT_CANONICAL', field, 'ascending order without repeats', 'another order', start);
    }
    entries.push(entry);
  }
  return entries;
}
