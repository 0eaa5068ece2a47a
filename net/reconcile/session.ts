/**
 * A reconciliation session as step functions: a frame goes in, a new state and what to do come out. No I/O.
 *
 * ```
 * initiator                          responder
 * ranges       ───────────────────▶             its ranges' digests
 *              ◀───────────────────  items      the ranges in which the two differ, and what the responder holds there
 * records      ───────────────────▶             what the responder lacks; what the initiator asks for
 *              ◀───────────────────  records    what was asked for; after it, everything that was sent has been taken in
 * ```
 *
 * The session ends after the second turn when no range differs: one message each way. Turns alternate strictly, and a
 * side answers only when the other's turn is over, so neither can block the other by not reading.
 *
 * Invariant: after a session in which no frame left something for another one, each side has been given all records that the other had when it
 * began. Records travel whole and merge, so it does not matter what either side learns meanwhile.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { blockId, compareBlockKeys, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import { blameForBytes, PeerMisbehaved } from '../framing/peer-misbehaved.ts';
import { chooseRanges, compareItems, listRanges } from './compare.ts';
import { decodeFrame, entriesMax, type Frame, type FrameKind, type TurnEnd } from './frame.ts';
import { TURN_BYTES_MAX } from './limits.ts';
import type { Turn } from './turn.ts';
import { rangeOf, type RangeDigest, type ReconcileItem, type ReconcileView } from './view.ts';

/** A list as it arrived, frame by frame: appending copies no entries. */
type Chunks<T> = readonly (readonly T[])[];

/** What a side waits for, and what has arrived of it. `turnBytes`: the length of the frames of this turn so far. */
export type SessionState =
  | { readonly awaits: 'ranges'; readonly turnBytes: number; readonly ranges: Chunks<RangeDigest> }
  | {
      readonly awaits: 'items';
      readonly turnBytes: number;
      /** Undefined before they have arrived. */
      readonly differing: ReadonlySet<number> | undefined;
      readonly items: Chunks<ReconcileItem>;
    }
  | {
      /** The records that the initiator gives unasked, after what it asks for. */
      readonly awaits: 'gifts';
      readonly turnBytes: number;
      readonly differing: ReadonlySet<number>;
      readonly wants: Chunks<BlockKey>;
      readonly lastGift: BlockKey | undefined;
    }
  | {
      /** The records that the initiator asked for. */
      readonly awaits: 'wanted';
      readonly turnBytes: number;
      readonly wanted: ReadonlySet<BlockId>;
      readonly last: BlockKey | undefined;
    }
  | { readonly awaits: 'nothing'; readonly turnBytes: number };

export interface SessionStart {
  readonly state: SessionState;
  readonly send: Turn;
}

export interface SessionStep {
  readonly state: SessionState;
  /** Records that arrived. Their signatures were not checked. */
  readonly take: readonly KeyedRecord[];
  /** The answer, if the other side's turn is over. Send it after `take` has been taken in. */
  readonly send: Turn | undefined;
  /** Whether the session is over once `send` has been sent. */
  readonly done: boolean;
  /** Whether the other side has something that is left for another session. */
  readonly more: boolean;
}

/** The initiator's beginning. */
export function startSession(view: ReconcileView): SessionStart {
  const { ranges, more } = listRanges(view);
  return {
    state: { awaits: 'items', turnBytes: 0, differing: undefined, items: [] },
    send: { kind: 'ranges', ranges, more },
  };
}

/** The responder's beginning. */
export function acceptSession(): SessionState {
  return { awaits: 'ranges', turnBytes: 0, ranges: [] };
}

/** Takes in a frame of the other side. Throws `PeerMisbehaved` for one that does not decode, is out of turn or over a limit. */
export function step(state: SessionState, bytes: Uint8Array, view: ReconcileView): SessionStep {
  const frame = blameForBytes(() => decodeFrame(bytes));
  const turnBytes = state.turnBytes + bytes.length;
  if (turnBytes > TURN_BYTES_MAX) throw misbehaved('turn', `at most ${TURN_BYTES_MAX} bytes`, `${turnBytes}`);
  const next = advance({ ...state, turnBytes }, frame, view);
  return { take: [], send: undefined, done: false, more: frame.end === 'more-next-session', ...next };
}

type Advance = Pick<SessionStep, 'state'> & Partial<Omit<SessionStep, 'more'>>;

const FINISHED: SessionState = { awaits: 'nothing', turnBytes: 0 };

function advance(state: SessionState, frame: Frame, view: ReconcileView): Advance {
  switch (state.awaits) {
    case 'ranges':
      return takeRanges(state, frame, view);
    case 'items':
      return takeItems(state, frame, view);
    case 'gifts':
      return takeGifts(state, frame);
    case 'wanted':
      return takeWanted(state, frame);
    default:
      throw misbehaved('frame', 'none after the end of the session', frame.kind);
  }
}

type StateOf<Awaits extends SessionState['awaits']> = Extract<SessionState, { awaits: Awaits }>;

function takeRanges(state: StateOf<'ranges'>, frame: Frame, view: ReconcileView): Advance {
  if (frame.kind !== 'ranges') throw outOfTurn(frame, 'ranges');
  const ranges = append(state.ranges, frame, (a, b) => a.index - b.index);
  if (frame.end === 'goes-on') return { state: { ...state, ranges } };
  const theirs = { ranges: ranges.flat(), more: frame.end === 'more-next-session' };
  const { indexes, more } = chooseRanges(view.ranges(), theirs);
  const send: Turn = { kind: 'items', differing: indexes, more };
  if (indexes.length === 0) return { state: FINISHED, send, done: true };
  return {
    state: { awaits: 'gifts', turnBytes: 0, differing: new Set(indexes), wants: [], lastGift: undefined },
    send,
  };
}

function takeItems(state: StateOf<'items'>, frame: Frame, view: ReconcileView): Advance {
  const { differing } = state;
  if (differing === undefined) {
    if (frame.kind !== 'differing') throw outOfTurn(frame, 'differing');
    const [indexes = []] = append([], frame, (a, b) => a - b);
    return endItems({ ...state, differing: new Set(indexes) }, frame.end, view);
  }
  if (frame.kind !== 'items') throw outOfTurn(frame, 'items');
  const items = append(state.items, frame, (a, b) => compareBlockKeys(a.key, b.key));
  for (const { key } of frame.entries) checkRange(key, differing);
  return endItems({ ...state, differing, items }, frame.end, view);
}

function endItems(
  state: StateOf<'items'> & { readonly differing: ReadonlySet<number> },
  end: TurnEnd,
  view: ReconcileView,
): Advance {
  if (end === 'goes-on') return { state };
  if (state.differing.size === 0) return { state: FINISHED, done: true };
  const { gives, wants } = compareItems(view, [...state.differing], state.items.flat());
  return {
    state: { awaits: 'wanted', turnBytes: 0, wanted: new Set(wants.map(blockId)), last: undefined },
    send: { kind: 'records', wants, gives, more: false },
  };
}

function takeGifts(state: StateOf<'gifts'>, frame: Frame): Advance {
  if (frame.kind === 'wants' && state.lastGift === undefined) {
    const wants = append(state.wants, frame, compareBlockKeys);
    for (const key of frame.entries) checkRange(key, state.differing);
    return endGifts({ ...state, wants }, frame.end);
  }
  if (frame.kind !== 'records') throw outOfTurn(frame, state.lastGift === undefined ? 'wants or records' : 'records');
  for (const { key } of frame.entries) checkRange(key, state.differing);
  const lastGift = checkNewestFirst(frame.entries, state.lastGift);
  return { ...endGifts({ ...state, lastGift }, frame.end), take: frame.entries };
}

function endGifts(state: StateOf<'gifts'>, end: TurnEnd): Advance {
  if (end === 'goes-on') return { state };
  const gives = state.wants.flat().toReversed();
  return { state: FINISHED, send: { kind: 'records', wants: [], gives, more: false }, done: true };
}

function takeWanted(state: StateOf<'wanted'>, frame: Frame): Advance {
  if (frame.kind !== 'records') throw outOfTurn(frame, 'records');
  const unwanted = frame.entries.find(({ key }) => !state.wanted.has(blockId(key)));
  if (unwanted !== undefined) throw misbehaved('record', 'one that was asked for', blockId(unwanted.key));
  const last = checkNewestFirst(frame.entries, state.last);
  const done = frame.end !== 'goes-on';
  return { state: done ? FINISHED : { ...state, last }, take: frame.entries, done };
}

/** `chunks` and the frame's entries. They have to ascend strictly and stay within the limit of their kind. */
function append<T>(
  chunks: Chunks<T>,
  frame: { readonly kind: FrameKind; readonly entries: readonly T[] },
  compare: (a: T, b: T) => number,
): Chunks<T> {
  const countMax = entriesMax(frame.kind);
  const count = chunks.reduce((sum, chunk) => sum + chunk.length, frame.entries.length);
  if (count > countMax) throw misbehaved(frame.kind, `at most ${countMax} in a turn`, `${count}`);
  let before = chunks.at(-1)?.at(-1);
  for (const entry of frame.entries) {
    if (before !== undefined && compare(before, entry) >= 0) {
      throw misbehaved(frame.kind, 'ascending order without repeats', 'another order');
    }
    before = entry;
  }
  return frame.entries.length === 0 ? chunks : [...chunks, frame.entries];
}

/** The last key of `records`, which have to descend strictly from `last`. */
function checkNewestFirst(records: readonly KeyedRecord[], last: BlockKey | undefined): BlockKey | undefined {
  return records.reduce<BlockKey | undefined>((before, { key }) => {
    if (before !== undefined && compareBlockKeys(before, key) <= 0) {
      throw misbehaved('records', 'descending order without repeats', 'another order');
    }
    return key;
  }, last);
}

function checkRange(key: BlockKey, differing: ReadonlySet<number>): void {
  if (differing.has(rangeOf(key))) return;
  throw misbehaved('block', 'one in a range that differs', blockId(key));
}

function outOfTurn(frame: Frame, expected: string): PeerMisbehaved {
  return misbehaved('frame kind', expected, frame.kind);
}

function misbehaved(argument: string, expected: string, found: string): PeerMisbehaved {
  return new PeerMisbehaved({ argument, expected, found });
}
