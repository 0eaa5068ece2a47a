/**
 * Turns: what one side says before the other answers, and how it is cut into frames.
 *
 * Invariant: the frames of a turn stay within `RECONCILE_FRAME_BYTES_MAX` each and `TURN_BYTES_MAX` together, at least
 * one is sent, and only the last one ends the turn. Records that do not fit are left out, and the turn says so. They are
 * read from the view when their frame is made, so a slow reader costs one frame of memory, not a turn of it.
 */

import { encodeKeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { encodeFrame, encodeRecordsFrame, RECORDS_HEADER_BYTES_MAX, type Message, type TurnEnd } from './frame.ts';
import { RECONCILE_FRAME_BYTES_TARGET, TURN_BYTES_MAX } from './limits.ts';
import type { ReconcileView } from './view.ts';

export interface Turn {
  /** All but records. */
  readonly messages: readonly Message[];
  /** Blocks whose records are given, in the order of sending. */
  readonly gives: readonly BlockKey[];
  readonly end: Exclude<TurnEnd, 'goes-on'>;
  /** Whether its sender knows of something that this session has no room for. */
  readonly more: boolean;
}

/** A frame as it goes to the stream. */
export interface OutgoingFrame {
  readonly bytes: Uint8Array;
  /** How many records it holds, and how many of its bytes they take. */
  readonly records: number;
  readonly recordBytes: number;
  readonly end: TurnEnd;
  readonly more: boolean;
}

type Encode = (end: TurnEnd, more: boolean) => OutgoingFrame;

/** The frames of `turn`, made one by one while they are asked for. */
export function* framesOf(turn: Turn, view: ReconcileView): Generator<OutgoingFrame, void> {
  const budget = { bytesLeft: TURN_BYTES_MAX, leftOut: false };
  // One frame is held back, so that the last one can be marked as such.
  let held: Encode | undefined;
  for (const encode of encodersOf(turn, view, budget)) {
    if (held !== undefined) {
      const frame = held('goes-on', false);
      budget.bytesLeft -= frame.bytes.length;
      yield frame;
    }
    held = encode;
  }
  yield (held ?? recordsEncoder([]))(turn.end, turn.more || budget.leftOut);
}

interface Budget {
  bytesLeft: number;
  leftOut: boolean;
}

function* encodersOf(turn: Turn, view: ReconcileView, budget: Budget): Generator<Encode, void> {
  for (const message of turn.messages) {
    yield (end, more) => ({ bytes: encodeFrame({ message, end, more }), records: 0, recordBytes: 0, end, more });
  }
  let filled: Uint8Array[] = [];
  let filledBytes = 0;
  for (const key of turn.gives) {
    const record = view.record(key);
    if (record === undefined) continue;
    const bytes = encodeKeyedRecord({ key, record });
    if (filled.length > 0 && filledBytes + bytes.length > RECONCILE_FRAME_BYTES_TARGET) {
      yield recordsEncoder(filled);
      filled = [];
      filledBytes = 0;
    }
    // The frame that is held back has not been paid for: it is at most as long as a target, or a single record.
    if (filledBytes + bytes.length > budget.bytesLeft - HELD_BYTES_MAX) {
      budget.leftOut = true;
      break;
    }
    filled.push(bytes);
    filledBytes += bytes.length;
  }
  if (filled.length > 0) yield recordsEncoder(filled);
}

/** A frame that is held back, and the header of the one behind it. */
const HELD_BYTES_MAX = 1024 * 1024 + RECORDS_HEADER_BYTES_MAX;

function recordsEncoder(records: readonly Uint8Array[]): Encode {
  return (end, more) => ({
    bytes: encodeRecordsFrame(records, end, more),
    records: records.length,
    recordBytes: records.reduce((sum, record) => sum + record.length, 0),
    end,
    more,
  });
}
