/**
 * The canonical encoding of a block record: what trailers hold, what travels, and what fingerprints are taken of.
 *
 * Invariant: one state has one encoding. The decoder accepts that encoding alone, so decode∘encode and encode∘decode
 * are both the identity, and two nodes with one state have one fingerprint. Grammar: docs/protocol.md.
 */

import { Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import { IdTable, IdTableReader } from '../codec/id-table.ts';
import { compareText, HASH_BYTES, type BlockKey, type Hash32, type NodeId } from '../ids.ts';
import { readLease, writeLease, type Lease } from '../lease/lease.ts';
import { HOLDERS_MAX, readHolder, writeHolder, type HolderEntry } from './holders.ts';
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

/** Bits of the byte that says which parts follow; the others are empty. */
const HAS_RESULTS = 1;
const HAS_LEASE = 2;
const HAS_WITNESSES = 4;
const HAS_GENERATION = 8;
const HAS_HOLDERS = 16;
const HAS_BLOB_IDS = 32;
const PARTS_MAX = 63;

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

/** The block and its whole record: what fingerprints are taken of, and what reconciliation moves. */
export function writeKeyedRecord(writer: Writer, { key, record }: KeyedRecord): void {
  writer.varint(key.number).hash(key.hash);
  writeRecord(writer, record);
}

export function readKeyedRecord(reader: Reader): KeyedRecord {
  const number = reader.varint('block number');
  const hash = reader.hash('block hash');
  return { key: { number, hash }, record: readRecord(reader) };
}

/**
 * Records that travel together share one table: in a batch of deltas the same few nodes come up in every one, which
 * saves a fifth of its bytes.
 */
export function writeRecordGroup(writer: Writer, group: readonly KeyedRecord[]): void {
  const ids = tableOf(
    group.map(({ record }) => record),
    group.map(({ key }) => key.hash),
  );
  ids.write(writer);
  writer.varint(group.length);
  for (const { key, record } of group) {
    ids.hash(writer, key.hash);
    writer.varint(key.number);
    writeBody(writer, record, ids);
  }
}

/** At most `recordsMax` records, in the order in which they were written. */
export function readRecordGroup(reader: Reader, recordsMax: number): KeyedRecord[] {
  const ids = new IdTableReader(reader, Math.floor(reader.remaining / HASH_BYTES));
  const count = reader.varint('record count', recordsMax);
  const group: KeyedRecord[] = [];
  for (let at = 0; at < count; at++) {
    const hash = ids.hash(reader, 'block hash');
    const number = reader.varint('block number');
    group.push({ key: { number, hash }, record: readBody(reader, ids) });
  }
  ids.end(reader);
  return group;
}

/** What a record adds to a group at most, in bytes, whatever else is in it. */
export function groupedBytesMax(keyed: KeyedRecord): number {
  const writer = new Writer();
  writeKeyedRecord(writer, keyed);
  const { results, witnesses, holders } = keyed.record;
  const references = 2 * results.length + 4 * witnesses.length + holders.length + LEASES_MAX + 1;
  // An index may need three bytes in a large table where it needs one in the record's own.
  return writer.length + 2 * references;
}

const LEASES_MAX = 2;

function writeRecord(writer: Writer, record: BlockRecord): void {
  const ids = tableOf([record], []);
  writer.u8(RECORD_VERSION);
  ids.write(writer);
  writeBody(writer, record, ids);
}

function readRecord(reader: Reader): BlockRecord {
  const start = reader.offset;
  const version = reader.u8('record version');
  if (version !== RECORD_VERSION) {
    throw reader.fail('ERR_UNKNOWN_VERSION', 'record version', `${RECORD_VERSION}`, `${version}`, start);
  }
  const ids = new IdTableReader(reader, ID_TABLE_ENTRIES_MAX);
  const record = readBody(reader, ids);
  ids.end(reader);
  return record;
}

function writeBody(writer: Writer, record: BlockRecord, ids: IdTable): void {
  const { results, lease, witnesses, generation, holders, blobIds } = record;
  writer.u8(
    (results.length > 0 ? HAS_RESULTS : 0) |
      (lease === undefined ? 0 : HAS_LEASE) |
      (witnesses.length > 0 ? HAS_WITNESSES : 0) |
      (generation === undefined ? 0 : HAS_GENERATION) |
      (holders.length > 0 ? HAS_HOLDERS : 0) |
      (blobIds.length > 0 ? HAS_BLOB_IDS : 0),
  );
  writeList(writer, results, (result) => writeResult(writer, result, ids));
  if (lease !== undefined) writeLease(writer, lease, ids);
  writeList(writer, witnesses, (witness) => writeAnnouncement(writer, witness, ids));
  if (generation !== undefined) writeLease(writer, generation, ids);
  writeList(writer, holders, (holder) => writeHolder(writer, holder, ids));
  writeList(writer, blobIds, (blobId) => writer.hash(blobId));
}

function writeList<T>(writer: Writer, entries: readonly T[], write: (entry: T) => void): void {
  if (entries.length === 0) return;
  writer.varint(entries.length);
  for (const entry of entries) write(entry);
}

function tableOf(records: readonly BlockRecord[], blockHashes: readonly Hash32[]): IdTable {
  const nodes: NodeId[] = [];
  const hashes: Hash32[] = [...blockHashes];
  for (const record of records) {
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
  }
  return new IdTable(nodes, hashes);
}

function readBody(reader: Reader, ids: IdTableReader): BlockRecord {
  const partsAt = reader.offset;
  const parts = reader.u8('record parts');
  if (parts > PARTS_MAX) throw reader.fail('ERR_BAD_ENUM', 'record parts', `0 to ${PARTS_MAX}`, `${parts}`, partsAt);
  const results = (parts & HAS_RESULTS) === 0 ? NONE : readResults(reader, ids);
  const lease = (parts & HAS_LEASE) === 0 ? undefined : readUnneeded(reader, 'lease', ids, hasSuccess(results));
  const witnesses =
    (parts & HAS_WITNESSES) === 0
      ? NONE
      : readSorted(reader, 'witnesses', WITNESS_ANNOUNCEMENTS_MAX, compareAnnouncements, () =>
          readAnnouncement(reader, ids),
        );
  const generation =
    (parts & HAS_GENERATION) === 0 ? undefined : readUnneeded(reader, 'generation', ids, witnesses.length > 0);
  const holders =
    (parts & HAS_HOLDERS) === 0
      ? NONE
      : readSorted(reader, 'holders', HOLDERS_MAX, compareHolders, () => readHolder(reader, ids));
  const blobIds =
    (parts & HAS_BLOB_IDS) === 0
      ? NONE
      : readSorted(reader, 'blob ids', BLOB_IDS_MAX, compareText, () => reader.hash('blob id'));
  return { results, lease, witnesses, generation, holders, blobIds };
}

const NONE: readonly never[] = [];

function compareHolders(a: HolderEntry, b: HolderEntry): number {
  return compareText(a.node, b.node);
}

/** How many entries follow: at least one, since an empty list is not written. */
function readCount(reader: Reader, field: string, countMax: number): number {
  const start = reader.offset;
  const count = reader.varint(`${field} count`, countMax);
  if (count === 0) throw reader.fail('ERR_NOT_CANONICAL', `${field} count`, 'at least 1', '0', start);
  return count;
}

function readResults(reader: Reader, ids: IdTableReader): Results {
  const start = reader.offset;
  const count = readCount(reader, 'results', RESULTS_MAX);
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
  const count = readCount(reader, field, countMax);
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
