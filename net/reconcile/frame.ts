/**
 * The frames of reconciliation: one message each, and whether its sender's turn goes on after it. Grammar:
 * docs/protocol.md.
 *
 * Invariant: one message has one encoding, and the decoder accepts that one alone.
 */

import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import { readKeyedRecord, writeKeyedRecord, type KeyedRecord } from '../../crdt/block/record-codec.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { readVersion } from '../framing/version.ts';
import type { Item, ItemId, ItemRange } from './index/item.ts';
import { IDS_PER_TURN_MAX, LIST_ITEMS_MAX, SKETCH_SYMBOLS_MAX, SUMMARIES_PER_FRAME_MAX } from './limits.ts';
import {
  readBits,
  readFingerprint,
  readId,
  readItem,
  readList,
  readOptional,
  readRange,
  readShown,
  readSymbols,
  writeBits,
  writeFingerprint,
  writeId,
  writeItem,
  writeList,
  writeOptional,
  writeRange,
  writeShown,
  writeSymbols,
  type ShownRange,
} from './frame-parts.ts';

export const RECONCILE_VERSION = 2;

/** In the order of their wire tags. */
const TURN_ENDS = ['goes-on', 'your-turn', 'finished'] as const;
/** What comes after a frame: more of this turn; the other side's turn; nothing. */
export type TurnEnd = (typeof TURN_ENDS)[number];

/** How a session opens, on either side. */
export interface Hello {
  readonly kind: 'hello';
  /** The lowest block number that the sender keeps. */
  readonly lowestKept: number;
  readonly nextUnfinished: number | undefined;
  /** The highest block number; undefined when the sender holds nothing. */
  readonly tip: number | undefined;
  /** Of all that the sender holds. */
  readonly count: number;
  readonly sum: Fingerprint;
}

export type Message =
  | Hello
  /** What the sender holds in these ranges. */
  | { readonly kind: 'summaries'; readonly ranges: readonly ShownRange[] }
  /** Every item that the sender holds in the range. */
  | { readonly kind: 'list'; readonly range: ItemRange; readonly items: readonly Item[] }
  /** Coded symbols of what the sender holds in the range, from symbol `first` on. */
  | { readonly kind: 'sketch'; readonly range: ItemRange; readonly first: number; readonly symbols: Uint32Array }
  /** The sketch of this range was too short: the sender asks for it up to `length` symbols. */
  | { readonly kind: 'more'; readonly range: ItemRange; readonly length: number }
  /** The sender asks for all records in the range. */
  | { readonly kind: 'ask'; readonly range: ItemRange }
  /** Items that the sender holds and the other side seems to lack. */
  | { readonly kind: 'offers'; readonly ids: readonly ItemId[] }
  /** The same by whole fingerprints, where ids may collide. */
  | { readonly kind: 'full-offers'; readonly fingerprints: readonly Fingerprint[] }
  /** Which of the last turn's offers are wanted, in their order. */
  | { readonly kind: 'accepts'; readonly wanted: readonly boolean[] }
  | { readonly kind: 'wants'; readonly ids: readonly ItemId[] }
  | { readonly kind: 'records'; readonly records: readonly KeyedRecord[] };
export type MessageKind = Message['kind'];
export type MessageOf<Kind extends MessageKind> = Extract<Message, { kind: Kind }>;

export interface Frame {
  readonly message: Message;
  readonly end: TurnEnd;
  /** Whether the sender knows of something that is left for another session. Only in the last frame of a turn. */
  readonly more: boolean;
}

/** In the order of their wire tags, from 1. */
const KINDS = [
  'hello',
  'summaries',
  'list',
  'sketch',
  'more',
  'ask',
  'offers',
  'full-offers',
  'accepts',
  'wants',
  'records',
] as const satisfies readonly MessageKind[];

/** Version, kind, end and the count of records. */
export const RECORDS_HEADER_BYTES_MAX = 6;
/** Of `end`, beside the turn's end in the low bits. */
const MORE_FLAG = 4;

export function encodeFrame({ message, end, more }: Frame): Uint8Array {
  const writer = startFrame(message.kind, end, more);
  writeMessage(writer, message);
  return writer.finish();
}

/** A frame of records that were encoded before. */
export function encodeRecordsFrame(records: readonly Uint8Array[], end: TurnEnd, more: boolean): Uint8Array {
  const writer = startFrame('records', end, more).varint(records.length);
  for (const record of records) writer.fixed(record);
  return writer.finish();
}

function startFrame(kind: MessageKind, end: TurnEnd, more: boolean): Writer {
  return new Writer()
    .u8(RECONCILE_VERSION)
    .u8(KINDS.indexOf(kind) + 1)
    .u8(TURN_ENDS.indexOf(end) + (more ? MORE_FLAG : 0));
}

function writeMessage(writer: Writer, message: Message): void {
  switch (message.kind) {
    case 'hello':
      writer.varint(message.lowestKept);
      writeOptional(writer, message.nextUnfinished);
      writeOptional(writer, message.tip);
      writer.varint(message.count);
      writeFingerprint(writer, message.sum);
      break;
    case 'summaries':
      writeList(writer, message.ranges, writeShown);
      break;
    case 'list':
      writeRange(writer, message.range);
      writeList(writer, message.items, writeItem);
      break;
    case 'sketch':
      writeRange(writer, message.range);
      writer.varint(message.first);
      writeSymbols(writer, message.symbols);
      break;
    case 'more':
      writeRange(writer, message.range);
      writer.varint(message.length);
      break;
    case 'ask':
      writeRange(writer, message.range);
      break;
    case 'accepts':
      writeBits(writer, message.wanted);
      break;
    case 'offers':
    case 'wants':
      writeList(writer, message.ids, writeId);
      break;
    case 'full-offers':
      writeList(writer, message.fingerprints, writeFingerprint);
      break;
    case 'records':
      writeList(writer, message.records, writeKeyedRecord);
      break;
  }
}

/** Throws `DecodeError` for anything that the encoders do not write. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new Reader(bytes);
  readVersion(reader, 'reconcile frame', RECONCILE_VERSION);
  const kindAt = reader.offset;
  const tag = reader.u8('frame kind');
  const kind = KINDS[tag - 1];
  if (kind === undefined) throw reader.fail('ERR_BAD_ENUM', 'frame kind', `1 to ${KINDS.length}`, `${tag}`, kindAt);
  const { end, more } = readEnd(reader);
  const message = readMessage(reader, kind);
  reader.end('reconcile frame');
  return { message, end, more };
}

function readEnd(reader: Reader): { readonly end: TurnEnd; readonly more: boolean } {
  const start = reader.offset;
  const tag = reader.u8('frame end');
  const end = TURN_ENDS[tag % MORE_FLAG];
  const more = tag >= MORE_FLAG;
  if (end === undefined || tag >= 2 * MORE_FLAG || (more && end === 'goes-on')) {
    throw reader.fail('ERR_BAD_ENUM', 'frame end', '0 to 2, 5 or 6', `${tag}`, start);
  }
  return { end, more };
}

function readMessage(reader: Reader, kind: MessageKind): Message {
  switch (kind) {
    case 'hello':
      return {
        kind,
        lowestKept: reader.varint('lowest block kept'),
        nextUnfinished: readOptional(reader, 'next unfinished block'),
        tip: readOptional(reader, 'highest block'),
        count: reader.varint('record count'),
        sum: readFingerprint(reader, 'sum of all records'),
      };
    case 'summaries':
      return { kind, ranges: readList(reader, 'summary count', SUMMARIES_PER_FRAME_MAX, readShown) };
    case 'list': {
      const range = readRange(reader);
      return { kind, range, items: readList(reader, 'list length', LIST_ITEMS_MAX, readItem) };
    }
    case 'sketch': {
      const range = readRange(reader);
      const first = reader.varint('first symbol', SKETCH_SYMBOLS_MAX - 1);
      return { kind, range, first, symbols: readSymbols(reader, SKETCH_SYMBOLS_MAX - first) };
    }
    case 'more':
      return { kind, range: readRange(reader), length: reader.varint('sketch length', SKETCH_SYMBOLS_MAX) };
    case 'ask':
      return { kind, range: readRange(reader) };
    case 'offers':
    case 'wants':
      return { kind, ids: readList(reader, 'id count', IDS_PER_TURN_MAX, readId) };
    case 'full-offers':
      return {
        kind,
        fingerprints: readList(reader, 'offer count', IDS_PER_TURN_MAX, (each) => readFingerprint(each, 'offer')),
      };
    case 'accepts':
      return { kind, wanted: readBits(reader, IDS_PER_TURN_MAX) };
    default:
      return { kind, records: readList(reader, 'record count', IDS_PER_TURN_MAX, readKeyedRecord) };
  }
}
