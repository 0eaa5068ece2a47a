/**
 * Records that travel together. They share one id table, which holds their block hashes too: in a batch of deltas the
 * same few nodes come up in every one, and one block's hash is the parent hash of the next. That saves 17 % of the bytes
 * of results, 21 % of claims and 24 % of announcements.
 *
 * Invariant: the same records in the same order have one encoding, and the decoder accepts that one alone. A group has
 * no version of its own: the message that carries it has one. Grammar: docs/protocol.md.
 */

import { IdTableReader } from '../codec/id-table.ts';
import type { Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import type { KeyedRecord } from './record-codec.ts';
import { readParts, referencesOf, tableOf, writeParts } from './record-parts.ts';

/** As many as indexes of two bytes can name: 512 KiB, twice what a gossip message takes. */
export const GROUP_ID_TABLE_ENTRIES_MAX = 2 ** 14;

/**
 * Keeps the order, and keeps records of one block apart. Precondition: they refer to GROUP_ID_TABLE_ENTRIES_MAX values
 * at most.
 */
export function writeRecordGroup(writer: Writer, group: readonly KeyedRecord[]): void {
  const ids = tableOf(
    group.map(({ record }) => record),
    group.map(({ key }) => key.hash),
  );
  ids.write(writer);
  writer.varint(group.length);
  for (const { key, record } of group) {
    writer.varint(key.number);
    ids.hash(writer, key.hash);
    writeParts(writer, record, ids);
  }
}

/**
 * At most `recordsMax` records, in the order in which they were written. Throws `DecodeError` for anything that
 * {@link writeRecordGroup} does not write.
 */
export function readRecordGroup(reader: Reader, recordsMax: number): KeyedRecord[] {
  const ids = new IdTableReader(reader, GROUP_ID_TABLE_ENTRIES_MAX);
  const count = reader.varint('record count', recordsMax);
  const group: KeyedRecord[] = [];
  for (let at = 0; at < count; at++) {
    const number = reader.varint('block number');
    const hash = ids.hash(reader, 'block hash');
    group.push({ key: { number, hash }, record: readParts(reader, ids) });
  }
  ids.end(reader);
  return group;
}

/** Of the table size and the record count, which a group has but once. */
const COUNTS_BYTES_MIN = 1 + 1;

/**
 * What a record adds to a group at most, in bytes, whatever else is in it: what it takes with a table of its own, and
 * for each index a second byte, which it may need in a larger one.
 */
export function groupedBytesMax(keyed: KeyedRecord): number {
  const alone = new Writer();
  writeRecordGroup(alone, [keyed]);
  const indexes = referencesOf(keyed.record) + 1;
  return alone.length - COUNTS_BYTES_MIN + indexes;
}
