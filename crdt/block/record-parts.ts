/**
 * The parts of a block record as bytes, their 32-byte values named by index: what a record on its own and a record in a
 * group have in common. Grammar: docs/protocol.md.
 *
 * Invariant: one state has one encoding. A part that is empty is not written, and its bit says so; lists come in the one
 * order that the lattice gives them, and nothing comes beside what supersedes it.
 */

import { IdTable, type IdReader, type IdWriter } from '../codec/id-table.ts';
import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import { compareText, type Hash32, type NodeId } from '../ids.ts';
import { readLease, writeLease, type Lease } from '../lease/lease.ts';
import { HOLDERS_MAX, readHolder, writeHolder, type HolderEntry } from './holders.ts';
import { BLOB_IDS_MAX, hasSuccess, type BlockRecord } from './record.ts';
import { isCanonicalResults, readResult, RESULTS_MAX, writeResult, type Results } from './result.ts';
import { compareAnnouncements, readAnnouncement, WITNESS_ANNOUNCEMENTS_MAX, writeAnnouncement } from './witness.ts';

/** Bits of the byte that says which parts follow, in the order in which they do. */
const HAS_RESULTS = 1;
const HAS_LEASE = 2;
const HAS_WITNESSES = 4;
const HAS_GENERATION = 8;
const HAS_HOLDERS = 16;
const HAS_BLOB_IDS = 32;
/** Nothing follows for it, and no lease, announcement or holder comes beside it. */
const IS_SETTLED = 64;
const WHICH_MAX = 127;
const ABSORBED_BY_SETTLING = HAS_LEASE | HAS_WITNESSES | HAS_GENERATION | HAS_HOLDERS;

const NONE: readonly never[] = [];

/** The table of all that `records` refer to, and of `blockHashes`. */
export function tableOf(records: readonly BlockRecord[], blockHashes: readonly Hash32[]): IdTable {
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

/** How many indexes into the table the parts of `record` hold. */
export function referencesOf({ results, lease, witnesses, generation, holders }: BlockRecord): number {
  const leases = (lease === undefined ? 0 : 1) + (generation === undefined ? 0 : 1);
  return 2 * results.length + 4 * witnesses.length + holders.length + leases;
}

/** Precondition: `ids`, if it is a table, was made by {@link tableOf} of this record, and perhaps of others. */
export function writeParts(writer: Writer, record: BlockRecord, ids: IdWriter): void {
  const { results, lease, witnesses, generation, holders, blobIds, settled } = record;
  writer.u8(
    (results.length > 0 ? HAS_RESULTS : 0) |
      (lease === undefined ? 0 : HAS_LEASE) |
      (witnesses.length > 0 ? HAS_WITNESSES : 0) |
      (generation === undefined ? 0 : HAS_GENERATION) |
      (holders.length > 0 ? HAS_HOLDERS : 0) |
      (blobIds.length > 0 ? HAS_BLOB_IDS : 0) |
      (settled ? IS_SETTLED : 0),
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

/** Throws `DecodeError` for anything that {@link writeParts} does not write. */
export function readParts(reader: Reader, ids: IdReader): BlockRecord {
  const start = reader.offset;
  const which = reader.u8('record parts');
  if (which > WHICH_MAX) throw reader.fail('ERR_BAD_ENUM', 'record parts', `0 to ${WHICH_MAX}`, `${which}`, start);
  const has = (part: number): boolean => (which & part) !== 0;
  const settled = has(IS_SETTLED);
  if (settled && has(ABSORBED_BY_SETTLING)) {
    throw reader.fail('ERR_NOT_CANONICAL', 'record parts', 'results and blob ids alone when settled', 'others', start);
  }

  const results = has(HAS_RESULTS) ? readResults(reader, ids) : NONE;
  const lease = has(HAS_LEASE) ? readLeaseUnless(hasSuccess(results), reader, 'lease', ids) : undefined;
  const witnesses = has(HAS_WITNESSES)
    ? readSorted(reader, 'witnesses', WITNESS_ANNOUNCEMENTS_MAX, compareAnnouncements, () =>
        readAnnouncement(reader, ids),
      )
    : NONE;
  const generation = has(HAS_GENERATION) ? readLeaseUnless(witnesses.length > 0, reader, 'generation', ids) : undefined;
  const holders = has(HAS_HOLDERS)
    ? readSorted(reader, 'holders', HOLDERS_MAX, compareHolders, () => readHolder(reader, ids))
    : NONE;
  const blobIds = has(HAS_BLOB_IDS)
    ? readSorted(reader, 'blob ids', BLOB_IDS_MAX, compareText, () => reader.hash('blob id'))
    : NONE;
  return { results, lease, witnesses, generation, holders, blobIds, settled };
}

function readResults(reader: Reader, ids: IdReader): Results {
  const start = reader.offset;
  const count = readCount(reader, 'results', RESULTS_MAX);
  const results: Results = Array.from({ length: count }, () => readResult(reader, ids));
  if (!isCanonicalResults(results)) {
    throw reader.fail('ERR_NOT_CANONICAL', 'results', 'sorted, undisplaced entries', 'others', start);
  }
  return results;
}

function readLeaseUnless(superseded: boolean, reader: Reader, field: string, ids: IdReader): Lease {
  if (superseded) throw reader.fail('ERR_NOT_CANONICAL', field, 'none beside what supersedes it', 'one');
  return readLease(reader, field, ids);
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

/** How many entries follow: at least one, since an empty list is not written. */
function readCount(reader: Reader, field: string, countMax: number): number {
  const start = reader.offset;
  const count = reader.varint(`${field} count`, countMax);
  if (count === 0) throw reader.fail('ERR_NOT_CANONICAL', `${field} count`, 'at least 1', '0', start);
  return count;
}

function compareHolders(a: HolderEntry, b: HolderEntry): number {
  return compareText(a.node, b.node);
}
