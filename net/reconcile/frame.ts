/**
 * The frames of reconciliation. Each holds entries of one kind, and says whether its sender's turn goes on after it.
 * Grammar: docs/protocol.md.
 *
 * Invariant: a frame that does not end its turn is not empty, so the number of frames in a turn is bounded by its bytes.
 */

import { FINGERPRINT_BYTES, fingerprintFromBytes, fingerprintToBytes } from '../../crdt/block/fingerprint.ts';
import { readKeyedRecord, writeKeyedRecord, type KeyedRecord } from '../../crdt/block/record-codec.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { readVersion } from '../framing/version.ts';
import { ITEMS_PER_SESSION_MAX, RANGES_LISTED_MAX, RANGES_PER_SESSION_MAX } from './limits.ts';
import { RANGE_INDEX_MAX, type RangeDigest, type ReconcileItem } from './view.ts';

export const RECONCILE_VERSION = 1;

/** In the order of their wire tags. */
const TURN_ENDS = ['goes-on', 'complete', 'more-next-session'] as const;
/**
 * What comes after a frame: more of this turn; the other side's turn; or that, and something that this session had no
 * room for.
 */
export type TurnEnd = (typeof TURN_ENDS)[number];

/** What the entries of each kind of frame are. */
export interface FrameEntries {
  /** The sender's ranges. */
  readonly ranges: RangeDigest;
  /** Indexes of ranges in which the two sides differ. */
  readonly differing: number;
  /** The sender's blocks in the differing ranges. */
  readonly items: ReconcileItem;
  /** Blocks whose records the sender asks for. */
  readonly wants: BlockKey;
  readonly records: KeyedRecord;
}
export type FrameKind = keyof FrameEntries;

export interface FrameOf<Kind extends FrameKind> {
  readonly kind: Kind;
  readonly end: TurnEnd;
  readonly entries: readonly FrameEntries[Kind][];
}
export type Frame = { [Kind in FrameKind]: FrameOf<Kind> }[FrameKind];

interface EntryCodec<Entry> {
  readonly countMax: number;
  write(writer: Writer, entry: Entry): void;
  read(reader: Reader): Entry;
}

/** In the order of their wire tags, from 1. */
const KINDS = ['ranges', 'differing', 'items', 'wants', 'records'] as const satisfies readonly FrameKind[];

const CODECS: { readonly [Kind in FrameKind]: EntryCodec<FrameEntries[Kind]> } = {
  ranges: {
    countMax: RANGES_LISTED_MAX,
    write: (writer, { index, count, digest }) =>
      void writer.varint(index).varint(count).fixed(fingerprintToBytes(digest)),
    read: readRange,
  },
  differing: {
    countMax: RANGES_PER_SESSION_MAX,
    write: (writer, index) => void writer.varint(index),
    read: (reader) => reader.varint('differing range', RANGE_INDEX_MAX),
  },
  items: {
    countMax: ITEMS_PER_SESSION_MAX,
    write: (writer, { key, fingerprint }) => {
      writeKey(writer, key);
      writer.fixed(fingerprintToBytes(fingerprint));
    },
    read: (reader) => ({
      key: readKey(reader),
      fingerprint: fingerprintFromBytes(reader.fixed('item fingerprint', FINGERPRINT_BYTES)),
    }),
  },
  wants: { countMax: ITEMS_PER_SESSION_MAX, write: writeKey, read: readKey },
  records: { countMax: ITEMS_PER_SESSION_MAX, write: writeKeyedRecord, read: readKeyedRecord },
};

/** How many entries of `kind` one turn may hold. */
export function entriesMax(kind: FrameKind): number {
  return CODECS[kind].countMax;
}

export function encodeEntry<Kind extends FrameKind>(kind: Kind, entry: FrameEntries[Kind]): Uint8Array {
  const writer = new Writer();
  CODECS[kind].write(writer, entry);
  return writer.finish();
}

/** Version, kind, end and the count of entries, which takes 1 to 3 bytes. */
export const FRAME_HEADER_BYTES_MAX = 6;

/** A frame of entries that {@link encodeEntry} has written. */
export function encodeFrame(kind: FrameKind, end: TurnEnd, entries: readonly Uint8Array[]): Uint8Array {
  const bodyBytes = entries.reduce((sum, entry) => sum + entry.length, 0);
  const writer = new Writer(FRAME_HEADER_BYTES_MAX + bodyBytes);
  writer
    .u8(RECONCILE_VERSION)
    .u8(KINDS.indexOf(kind) + 1)
    .u8(TURN_ENDS.indexOf(end))
    .varint(entries.length);
  for (const entry of entries) writer.fixed(entry);
  return writer.finish();
}

/** Throws `DecodeError` for anything that {@link encodeFrame} does not write. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new Reader(bytes);
  readVersion(reader, 'reconcile frame', RECONCILE_VERSION);
  const kindAt = reader.offset;
  const tag = reader.u8('frame kind');
  const kind = KINDS[tag - 1];
  if (kind === undefined) throw reader.fail('ERR_BAD_ENUM', 'frame kind', '1 to 5', `${tag}`, kindAt);
  const frame = readEntries(reader, kind);
  reader.end('reconcile frame');
  return frame;
}

function readEntries(reader: Reader, kind: FrameKind): Frame {
  const end = readTurnEnd(reader);
  switch (kind) {
    case 'ranges':
      return { kind, end, entries: readList(reader, end, CODECS[kind]) };
    case 'differing':
      return { kind, end, entries: readList(reader, end, CODECS[kind]) };
    case 'items':
      return { kind, end, entries: readList(reader, end, CODECS[kind]) };
    case 'wants':
      return { kind, end, entries: readList(reader, end, CODECS[kind]) };
    default:
      return { kind, end, entries: readList(reader, end, CODECS[kind]) };
  }
}

function readTurnEnd(reader: Reader): TurnEnd {
  const start = reader.offset;
  const tag = reader.u8('frame end');
  const end = TURN_ENDS[tag];
  if (end === undefined) throw reader.fail('ERR_BAD_ENUM', 'frame end', '0 to 2', `${tag}`, start);
  return end;
}

function readList<Entry>(reader: Reader, end: TurnEnd, codec: EntryCodec<Entry>): readonly Entry[] {
  const start = reader.offset;
  const count = reader.varint('frame entry count', codec.countMax);
  if (count === 0 && end === 'goes-on') {
    throw reader.fail('ERR_NOT_CANONICAL', 'frame entry count', 'at least 1 in a turn that goes on', '0', start);
  }
  const entries: Entry[] = [];
  for (let at = 0; at < count; at++) entries.push(codec.read(reader));
  return entries;
}

function readRange(reader: Reader): RangeDigest {
  const index = reader.varint('range index', RANGE_INDEX_MAX);
  const countAt = reader.offset;
  const count = reader.varint('range count');
  if (count === 0) throw reader.fail('ERR_OUT_OF_RANGE', 'range count', 'at least 1', '0', countAt);
  return { index, count, digest: fingerprintFromBytes(reader.fixed('range digest', FINGERPRINT_BYTES)) };
}

function writeKey(writer: Writer, key: BlockKey): void {
  writer.varint(key.number).hash(key.hash);
}

function readKey(reader: Reader): BlockKey {
  const number = reader.varint('block number');
  return { number, hash: reader.hash('block hash') };
}
