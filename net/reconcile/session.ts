/**
 * A reconciliation session as steps: a frame goes in, what to do comes out. No I/O.
 *
 * ```
 * initiator                                responder
 * hello         ──────────────────────▶                what I keep, and the sum of it
 *               ◀──────────────────────  hello         likewise; if they differ, summaries of ranges, with estimates
 * sketch, asks  ──────────────────────▶                a sketch as large as the difference; ranges that I have nothing in
 *               ◀──────────────────────  wants, offers what the sketch told me, and the records that were asked for
 * records, accepts ───────────────────▶
 *               ◀──────────────────────  records
 * ```
 *
 * Either side may answer with any message: ranges are cut again, sketches continued (see `answer.ts`). Turns alternate
 * strictly, and a side answers only when the other's turn is over, so neither can block the other by not reading.
 *
 * Invariants: a session ends after TURNS_MAX turns at the latest. Nothing arrives that was not asked for. Records travel
 * whole and merge, so it does not matter what either side learns meanwhile; what changes on the way is left to the next
 * session, as the digests then differ.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { blameForBytes } from '../framing/peer-misbehaved.ts';
import { Answerer } from './answer.ts';
import { blame } from './blame.ts';
import { decodeFrame, type Frame, type Hello, type Message } from './frame.ts';
import { boundAt, compareItems, END, type Item, type ItemRange } from './index/item.ts';
import { numberAfter } from './index/reconcile-index.ts';
import {
  IDS_PER_TURN_MAX,
  MESSAGES_PER_TURN_MAX,
  SKETCH_DIFFERENCES_MAX,
  SKETCHES_OPEN_MAX,
  SUMMARIES_PER_TURN_MAX,
  TURN_BYTES_MAX,
  TURNS_MAX,
} from './limits.ts';
import { pivotOf } from './order.ts';
import { Reply } from './reply.ts';
import type { Turn } from './turn.ts';
import { FETCH_EVERYTHING, type FetchClaims, type ReconcileView } from './view.ts';

export interface SessionStep {
  /** Records that arrived. Their signatures were not checked. */
  readonly take: readonly KeyedRecord[];
  /** The answer, if the other side's turn is over and wants one. Send it after `take` has been taken in. */
  readonly send: Turn | undefined;
  /** Whether the frame was the last of its turn. */
  readonly isTurnOver: boolean;
  /** Whether the session is over once `send` has been sent. */
  readonly done: boolean;
  /** Whether the other side has something that is left for another session. */
  readonly more: boolean;
}

type Opening = Exclude<Message, { kind: 'records' }>;

export class ReconcileSession {
  readonly #view: ReconcileView;
  readonly #claims: FetchClaims;
  readonly #isInitiator: boolean;
  readonly #answerer: Answerer;
  /** What both sides keep; undefined before the hellos. */
  #shared: ItemRange | undefined;
  /** Where each side's work begins: records for it are sorted by that. */
  #ourPivot: Item = END;
  #theirPivot: Item = END;
  /** What has arrived of their turn, how much of it, and as much of the answer as cannot wait. */
  #messages: Opening[] = [];
  #counts = newCounts();
  #reply: Reply;
  #turnBytes = 0;
  /** Turns of both sides so far. */
  #turns = 0;
  #expectsRecords = false;
  #isOver = false;

  constructor(view: ReconcileView, isInitiator: boolean, claims: FetchClaims = FETCH_EVERYTHING) {
    this.#view = view;
    this.#claims = claims;
    this.#isInitiator = isInitiator;
    this.#answerer = new Answerer(view, claims);
    this.#reply = new Reply(view);
  }

  /** The initiator's first turn. */
  open(): Turn {
    this.#turns++;
    return { messages: [this.#hello()], gives: [], end: 'your-turn', more: false };
  }

  /** Takes in a frame of the other side. Throws `PeerMisbehaved` for one that does not decode, is out of turn or over a limit. */
  receive(bytes: Uint8Array): SessionStep {
    if (this.#isOver) throw blame('frame', 'none after the end of the session', `${bytes.length} bytes`);
    this.#turnBytes += bytes.length;
    if (this.#turnBytes > TURN_BYTES_MAX) throw blame('turn', `at most ${TURN_BYTES_MAX} bytes`, `${this.#turnBytes}`);
    const { message, end, more } = blameForBytes(() => decodeFrame(bytes));
    const take = this.#take(message);
    if (end === 'goes-on') return { take, send: undefined, isTurnOver: false, done: false, more };
    this.#turns++;
    if (this.#turns > TURNS_MAX) throw blame('turns', `at most ${TURNS_MAX}`, 'more');
    const send = this.#endTurn(end);
    this.#isOver = send === undefined || send.end === 'finished';
    return { take, send, isTurnOver: true, done: this.#isOver, more };
  }

  #take(message: Frame['message']): readonly KeyedRecord[] {
    if (message.kind === 'records') {
      this.#checkRecords(message.records);
      return message.records;
    }
    const isFirst = this.#shared === undefined && this.#counts.messages === 0;
    if ((message.kind === 'hello') !== isFirst) throw blame('message', isFirst ? 'hello' : 'another', message.kind);
    if (message.kind === 'hello') this.#shared = this.#sharedWith(message);
    for (const range of rangesOf(message)) this.#checkRange(range);
    this.#count(message);
    // What is wanted is looked up before the records behind it in this turn change it.
    if (message.kind === 'wants') this.#answerer.answer(message, this.#reply);
    else this.#messages.push(message);
    return [];
  }

  #checkRecords(records: readonly KeyedRecord[]): void {
    const { from } = this.#shared ?? { from: END };
    for (const { key } of records) {
      const isExpected = this.#expectsRecords && key.number >= from.number;
      if (!isExpected) throw blame('record', 'one that was asked for', `block ${key.number}`);
    }
  }

  /** Lists may come in several messages; their limits are of the turn. */
  #count(message: Opening): void {
    const counts = this.#counts;
    counts.messages++;
    if (message.kind === 'summaries') counts.summaries += message.ranges.length;
    if (message.kind === 'sketch') counts.sketches++;
    if ('ids' in message) counts.ids += message.ids.length;
    if ('fingerprints' in message) counts.ids += message.fingerprints.length;
    checkLimit('messages', counts.messages, MESSAGES_PER_TURN_MAX);
    checkLimit('summaries', counts.summaries, SUMMARIES_PER_TURN_MAX);
    checkLimit('sketches', counts.sketches, SKETCHES_OPEN_MAX);
    checkLimit('ids', counts.ids, 2 * IDS_PER_TURN_MAX);
  }

  #endTurn(end: 'your-turn' | 'finished'): Turn | undefined {
    const messages = this.#messages;
    const reply = this.#reply;
    this.#messages = [];
    this.#reply = new Reply(this.#view);
    this.#counts = newCounts();
    this.#turnBytes = 0;
    if (end === 'finished') return undefined;
    let isEqual = false;
    for (const message of messages) {
      if (message.kind === 'hello') isEqual = this.#meet(message, reply);
      else this.#answerer.answer(message, reply);
    }
    this.#turns++;
    return this.#checked(reply.finish(this.#claims, this.#ourPivot, this.#theirPivot), reply, isEqual);
  }

  /** The turn as it is sent: with our hello before it if that is due, and without questions if it has to be the last. */
  #checked(turn: Turn, reply: Reply, isEqual: boolean): Turn {
    const isGreeting = !this.#isInitiator && this.#turns === 2;
    if (isGreeting) {
      const messages = [this.#hello(), ...turn.messages];
      return { ...turn, messages, end: isEqual ? 'finished' : 'your-turn' };
    }
    if (this.#turns >= TURNS_MAX) {
      const messages = turn.messages.filter(({ kind }) => kind === 'accepts');
      return { messages, gives: turn.gives, end: 'finished', more: true };
    }
    this.#answerer.sent(reply.offered);
    this.#expectsRecords = turn.messages.some(({ kind }) => kind === 'ask' || kind === 'wants' || kind === 'accepts');
    return turn;
  }

  /** What both sides keep. */
  #sharedWith(theirs: Hello): ItemRange {
    return { from: boundAt(Math.max(this.#view.lowestKept, theirs.lowestKept)), to: END };
  }

  #hello(): Hello {
    const { index, lowestKept, nextUnfinished } = this.#view;
    const { count, sum } = index.summary({ from: boundAt(lowestKept), to: END });
    return { kind: 'hello', lowestKept, nextUnfinished, tip: count === 0 ? undefined : index.tip, count, sum };
  }

  /** Both sides' hellos are known: what to look into. Returns whether there is nothing to look into. */
  #meet(theirs: Hello, reply: Reply): boolean {
    const { index, lowestKept, nextUnfinished } = this.#view;
    const shared = this.#sharedWith(theirs);
    const { from } = shared;
    this.#ourPivot = pivotOf(nextUnfinished, theirs.nextUnfinished);
    this.#theirPivot = pivotOf(theirs.nextUnfinished, nextUnfinished);
    const mine = index.summary(shared);
    // Their sum tells of the shared part alone only when that is all they keep.
    const isComparable = theirs.lowestKept >= lowestKept;
    if (isComparable && mine.count === theirs.count && mine.sum === theirs.sum) return true;

    const tip = index.tip ?? -1;
    const theirTip = theirs.tip ?? -1;
    const cut = numberAfter(Math.min(tip, theirTip));
    if (theirTip < tip) this.#answerer.showPieces({ from: compareItems(cut, from) > 0 ? cut : from, to: END }, reply);
    if (this.#isInitiator || compareItems(from, cut) >= 0) return false;

    const below = { from, to: cut };
    const shown = this.#answerer.shown(below, true);
    const isAllOfTheirs = isComparable && theirTip <= tip;
    if (isAllOfTheirs && shown.count === theirs.count && shown.sum === theirs.sum) return false;
    const isFarApart = isAllOfTheirs && Math.abs(shown.count - theirs.count) > SKETCH_DIFFERENCES_MAX;
    if (this.#claims.isBusy(below)) this.#answerer.goAround(below, reply);
    else if (isFarApart && shown.count > theirs.count) this.#answerer.cut(below, true, reply);
    else reply.show(shown);
    return false;
  }

  #checkRange(range: ItemRange): void {
    const { from } = this.#shared ?? { from: END };
    if (compareItems(range.from, from) < 0)
      throw blame('range', `one from block ${from.number} on`, `${range.from.number}`);
  }
}

function rangesOf(message: Opening): readonly ItemRange[] {
  if (message.kind === 'summaries') return message.ranges.map(({ range }) => range);
  return 'range' in message ? [message.range] : [];
}

function checkLimit(what: string, count: number, max: number): void {
  if (count > max) throw blame('turn', `at most ${max} ${what}`, `${count}`);
}

/** What has arrived in a turn. */
interface TurnCounts {
  messages: number;
  summaries: number;
  sketches: number;
  ids: number;
}

function newCounts(): TurnCounts {
  return { messages: 0, summaries: 0, sketches: 0, ids: 0 };
}
