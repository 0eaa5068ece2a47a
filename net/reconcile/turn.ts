/**
 * Turns: what one side says before the other answers, and how it is cut into frames.
 *
 * Invariant: the frames of a turn stay within `RECONCILE_FRAME_BYTES_MAX` each and `TURN_BYTES_MAX` together, at least
 * one is sent, and only the last one ends the turn. What does not fit is left out, and the turn says so. Records and
 * items are read from the view when their frame is made, so a slow reader costs one frame of memory, not a turn of it.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { compareBlockKeys, type BlockKey } from '../../crdt/ids.ts';
import { encodeEntry, encodeFrame, entriesMax, FRAME_HEADER_BYTES_MAX } from './frame.ts';
import type { FrameEntries, FrameKind, TurnEnd } from './frame.ts';
import { RECONCILE_FRAME_BYTES_TARGET, TURN_BYTES_MAX } from './limits.ts';
import type { RangeDigest, ReconcileItem, ReconcileView } from './view.ts';

/** `more`: whether there is something that this session has no room for, as far as its sender knows. */
export type Turn =
  | { readonly kind: 'ranges'; readonly ranges: readonly RangeDigest[]; readonly more: boolean }
  | { readonly kind: 'items'; readonly differing: readonly number[]; readonly more: boolean }
  | {
      readonly kind: 'records';
      /** Ascending. */
      readonly wants: readonly BlockKey[];
      /** In the order in which their records are to be sent. */
      readonly gives: readonly BlockKey[];
      readonly more: boolean;
    };

/** A frame as it goes to the stream. */
export interface OutgoingFrame {
  readonly bytes: Uint8Array;
  /** How many records it holds. */
  readonly records: number;
  readonly end: TurnEnd;
}

/** The frames of `turn`, made one by one while they are asked for. */
export function* framesOf(turn: Turn, view: ReconcileView): Generator<OutgoingFrame, void> {
  const budget: Budget = { bytesLeft: TURN_BYTES_MAX, leftOut: false };
  // One frame is held back, so that the last one can be marked as such.
  let held: Filled | undefined;
  for (const filled of fillTurn(turn, view, budget)) {
    if (held !== undefined) yield outgoing(held, 'goes-on');
    held = filled;
  }
  const end = turn.more || budget.leftOut ? 'more-next-session' : 'complete';
  yield outgoing(held ?? { kind: KIND_OF_EMPTY[turn.kind], entries: [] }, end);
}

const KIND_OF_EMPTY = { ranges: 'ranges', items: 'differing', records: 'records' } as const;

/** What is left of a turn's limits. */
interface Budget {
  bytesLeft: number;
  leftOut: boolean;
}

interface Filled {
  readonly kind: FrameKind;
  readonly entries: readonly Uint8Array[];
}

function* fillTurn(turn: Turn, view: ReconcileView, budget: Budget): Generator<Filled, void> {
  switch (turn.kind) {
    case 'ranges':
      yield* fillFrames('ranges', turn.ranges, budget);
      break;
    case 'items':
      yield* fillFrames('differing', turn.differing, budget);
      yield* fillFrames('items', itemsOf(turn.differing, view), budget);
      break;
    case 'records':
      yield* fillFrames('wants', turn.wants, budget);
      yield* fillFrames('records', recordsOf(turn.gives, view), budget);
      break;
  }
}

function* fillFrames<Kind extends FrameKind>(
  kind: Kind,
  entries: Iterable<FrameEntries[Kind]>,
  budget: Budget,
): Generator<Filled, void> {
  let filled: Uint8Array[] = [];
  let filledBytes = 0;
  let count = 0;
  for (const entry of entries) {
    const bytes = encodeEntry(kind, entry);
    if (filled.length > 0 && filledBytes + bytes.length > RECONCILE_FRAME_BYTES_TARGET) {
      yield { kind, entries: filled };
      filled = [];
    }
    if (filled.length === 0) {
      filledBytes = FRAME_HEADER_BYTES_MAX;
      budget.bytesLeft -= FRAME_HEADER_BYTES_MAX;
    }
    if (count === entriesMax(kind) || bytes.length > budget.bytesLeft) {
      budget.leftOut = true;
      break;
    }
    filled.push(bytes);
    filledBytes += bytes.length;
    budget.bytesLeft -= bytes.length;
    count++;
  }
  if (filled.length > 0) yield { kind, entries: filled };
}

function outgoing({ kind, entries }: Filled, end: TurnEnd): OutgoingFrame {
  return { bytes: encodeFrame(kind, end, entries), records: kind === 'records' ? entries.length : 0, end };
}

function* itemsOf(indexes: readonly number[], view: ReconcileView): Generator<ReconcileItem> {
  for (const index of indexes) yield* [...view.items(index)].sort((a, b) => compareBlockKeys(a.key, b.key));
}

function* recordsOf(keys: readonly BlockKey[], view: ReconcileView): Generator<KeyedRecord> {
  for (const key of keys) {
    const record = view.record(key);
    if (record !== undefined) yield { key, record };
  }
}
