/**
 * What the messages of reconciliation are made of, to and from bytes.
 *
 * Invariant: one value has one encoding: bounds drop the trailing zeros of their fingerprint, padding bits are zero, and
 * a range is not empty.
 */

import { FINGERPRINT_BYTES, fingerprintFromBytes, fingerprintToBytes } from '../../crdt/block/fingerprint.ts';
import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { Reader } from '../../crdt/codec/reader.ts';
import type { Writer } from '../../crdt/codec/writer.ts';
import { compareItems, END, type Item, type ItemId, type ItemRange, type RangeSummary } from './index/item.ts';
import { SYMBOL_WORDS } from './sketch/coded-symbols.ts';
import { ESTIMATOR_COUNTERS } from './sketch/estimator.ts';

/** A range as its sender shows it. */
export interface ShownRange extends RangeSummary {
  readonly range: ItemRange;
  /** The estimator's counters; undefined where items are to be found by cutting ranges. */
  readonly counters: Int16Array | undefined;
}

const ID_BYTES = 8;
const WORD_BYTES = 4;
const COUNTER_BYTES = 2;

export function writeList<Entry>(
  writer: Writer,
  entries: readonly Entry[],
  write: (writer: Writer, entry: Entry) => void,
): void {
  writer.varint(entries.length);
  for (const entry of entries) write(writer, entry);
}

export function readList<Entry>(
  reader: Reader,
  field: string,
  countMax: number,
  read: (reader: Reader) => Entry,
): readonly Entry[] {
  const count = reader.varint(field, countMax);
  const entries: Entry[] = [];
  for (let at = 0; at < count; at++) entries.push(read(reader));
  return entries;
}

export function writeFingerprint(writer: Writer, fingerprint: Fingerprint): void {
  writer.fixed(fingerprintToBytes(fingerprint));
}

export function readFingerprint(reader: Reader, field: string): Fingerprint {
  return fingerprintFromBytes(reader.fixed(field, FINGERPRINT_BYTES));
}

/** A block number, or none. */
export function writeOptional(writer: Writer, number: number | undefined): void {
  writer.u8(number === undefined ? 0 : 1);
  if (number !== undefined) writer.varint(number);
}

export function readOptional(reader: Reader, field: string): number | undefined {
  return readFlag(reader, field) ? reader.varint(field) : undefined;
}

function readFlag(reader: Reader, field: string): boolean {
  const start = reader.offset;
  const flag = reader.u8(field);
  if (flag > 1) throw reader.fail('ERR_BAD_ENUM', field, '0 or 1', `${flag}`, start);
  return flag === 1;
}

export function writeItem(writer: Writer, { number, fingerprint }: Item): void {
  writer.varint(number);
  writeFingerprint(writer, fingerprint);
}

export function readItem(reader: Reader): Item {
  const number = reader.varint('item number');
  return { number, fingerprint: readFingerprint(reader, 'item fingerprint') };
}

/** 0 for the end of all items; else 1 + the bytes of the fingerprint without trailing zeros, the number, and those bytes. */
function writeBound(writer: Writer, bound: Item): void {
  if (bound.number === END.number) {
    writer.u8(0);
    return;
  }
  const bytes = fingerprintToBytes(bound.fingerprint);
  const length = bytes.findLastIndex((byte) => byte !== 0) + 1;
  writer
    .u8(1 + length)
    .varint(bound.number)
    .fixed(bytes.subarray(0, length));
}

function readBound(reader: Reader): Item {
  const start = reader.offset;
  const tag = reader.u8('bound');
  if (tag === 0) return END;
  const length = tag - 1;
  if (length > FINGERPRINT_BYTES) throw reader.fail('ERR_OVER_LIMIT', 'bound', '0 to 17', `${tag}`, start);
  const number = reader.varint('bound number');
  const prefix = reader.fixed('bound fingerprint', length);
  if (length > 0 && prefix[length - 1] === 0) {
    throw reader.fail('ERR_NOT_CANONICAL', 'bound fingerprint', 'no trailing zero', 'one', start);
  }
  const bytes = new Uint8Array(FINGERPRINT_BYTES);
  bytes.set(prefix);
  return { number, fingerprint: fingerprintFromBytes(bytes) };
}

export function writeRange(writer: Writer, { from, to }: ItemRange): void {
  writeBound(writer, from);
  writeBound(writer, to);
}

export function readRange(reader: Reader): ItemRange {
  const start = reader.offset;
  const from = readBound(reader);
  const to = readBound(reader);
  if (compareItems(from, to) < 0) return { from, to };
  throw reader.fail('ERR_OUT_OF_RANGE', 'range', 'a beginning before its end', 'an empty range', start);
}

export function writeShown(writer: Writer, { range, count, sum, counters }: ShownRange): void {
  writeRange(writer, range);
  writer.varint(count);
  writeFingerprint(writer, sum);
  writer.u8(counters === undefined ? 0 : 1);
  for (const counter of counters ?? []) writer.uintBE(counter & 0xffff, COUNTER_BYTES);
}

export function readShown(reader: Reader): ShownRange {
  const range = readRange(reader);
  const count = reader.varint('range count');
  const sum = readFingerprint(reader, 'range sum');
  if (!readFlag(reader, 'range counters')) return { range, count, sum, counters: undefined };
  const counters = new Int16Array(ESTIMATOR_COUNTERS);
  for (let at = 0; at < counters.length; at++) counters[at] = reader.uintBE('range counter', COUNTER_BYTES);
  return { range, count, sum, counters };
}

export function writeSymbols(writer: Writer, symbols: Uint32Array): void {
  writer.varint(symbols.length / SYMBOL_WORDS);
  for (const word of symbols) writer.uintBE(word, WORD_BYTES);
}

/** At least one symbol. */
export function readSymbols(reader: Reader, countMax: number): Uint32Array {
  const start = reader.offset;
  const count = reader.varint('symbol count', countMax);
  if (count === 0) throw reader.fail('ERR_OUT_OF_RANGE', 'symbol count', 'at least 1', '0', start);
  const bytes = reader.fixed('symbols', count * SYMBOL_WORDS * WORD_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: count * SYMBOL_WORDS }, (_, at) => view.getUint32(at * WORD_BYTES));
}

export function writeId(writer: Writer, id: ItemId): void {
  const bytes = new Uint8Array(ID_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, id);
  writer.fixed(bytes);
}

export function readId(reader: Reader): ItemId {
  const bytes = reader.fixed('item id', ID_BYTES);
  return new DataView(bytes.buffer, bytes.byteOffset, ID_BYTES).getBigUint64(0);
}

/** A count and as many bits, the first one highest in the first byte. */
export function writeBits(writer: Writer, bits: readonly boolean[]): void {
  writer.varint(bits.length);
  for (let start = 0; start < bits.length; start += 8) {
    let byte = 0;
    for (let at = 0; at < 8; at++) byte = byte * 2 + (bits[start + at] === true ? 1 : 0);
    writer.u8(byte);
  }
}

export function readBits(reader: Reader, countMax: number): readonly boolean[] {
  const count = reader.varint('bit count', countMax);
  const start = reader.offset;
  const bytes = reader.fixed('bits', Math.ceil(count / 8));
  const bits = Array.from(
    { length: 8 * bytes.length },
    (_, at) => (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1,
  );
  if (bits.lastIndexOf(true) >= count) {
    throw reader.fail('ERR_NOT_CANONICAL', 'bits', 'zeros behind the last', 'a one', start);
  }
  return bits.slice(0, count);
}
