/**
 * The answer to a turn while it is put together, within the limits of a turn.
 *
 * Invariant: what has no room is left out and the turn says so; it is found again by the next session.
 */

import type { BlockKey } from '../../crdt/ids.ts';
import type { Message } from './frame.ts';
import type { ShownRange } from './frame-parts.ts';
import { itemIdOf, type Item, type ItemId, type ItemRange } from './index/item.ts';
import {
  ASKED_RECORDS_MAX,
  IDS_PER_TURN_MAX,
  MESSAGES_PER_TURN_MAX,
  SKETCHES_OPEN_MAX,
  SUMMARIES_PER_FRAME_MAX,
  SUMMARIES_PER_TURN_MAX,
} from './limits.ts';
import { byUrgency, compareUrgency, orderWithin } from './order.ts';
import type { Turn } from './turn.ts';
import type { FetchClaims, ReconcileView } from './view.ts';

/**
 * A record to be given. Its block is looked up when its state is named: by the time it is sent, what has arrived may have
 * changed it, and then the merged record is what the other side should have.
 */
export interface Give {
  readonly item: Item;
  readonly key: BlockKey;
}

export class Reply {
  readonly #view: ReconcileView;
  readonly #messages: Message[] = [];
  readonly #shown: ShownRange[] = [];
  readonly #asked: { readonly range: ItemRange; readonly count: number }[] = [];
  readonly #offered: Give[] = [];
  readonly #wanted: ItemId[] = [];
  readonly #gives: Give[] = [];
  readonly #givenRanges: ItemRange[] = [];
  #accepts: boolean[] | undefined;
  #offersInFull = false;
  #sketches = 0;
  #more = false;

  constructor(view: ReconcileView) {
    this.#view = view;
  }

  /** Whether there was room for the message. */
  say(
    message: Exclude<Message, { kind: 'summaries' | 'offers' | 'full-offers' | 'wants' | 'ask' | 'records' }>,
  ): boolean {
    const isSketch = message.kind === 'sketch' || message.kind === 'more';
    const hasRoom =
      this.#messages.length < MESSAGES_PER_TURN_MAX / 2 && (!isSketch || this.#sketches < SKETCHES_OPEN_MAX);
    if (!hasRoom) {
      this.#more = true;
      return false;
    }
    if (isSketch) this.#sketches++;
    this.#messages.push(message);
    return true;
  }

  show(shown: ShownRange): void {
    if (this.#shown.length < SUMMARIES_PER_TURN_MAX) this.#shown.push(shown);
    else this.#more = true;
  }

  /** Asks for a range that the other side has `count` records in, if there is room for it when all are known. */
  ask(range: ItemRange, count: number): void {
    this.#asked.push({ range, count });
  }

  /** `isListed`: both sides have named whole fingerprints, so ids may collide. */
  offer(item: Item, isListed: boolean): void {
    const key = this.#view.blockOf(item);
    if (key === undefined) return;
    this.#offersInFull ||= isListed;
    if (this.#offered.length < IDS_PER_TURN_MAX) this.#offered.push({ item, key });
    else this.#more = true;
  }

  want(id: ItemId, claims: FetchClaims): void {
    if (this.#wanted.length < IDS_PER_TURN_MAX && claims.id(id)) this.#wanted.push(id);
    else this.#more = true;
  }

  accept(wanted: boolean): void {
    (this.#accepts ??= []).push(wanted);
  }

  give(give: Give): void {
    this.#gives.push(give);
  }

  /** Gives the items that `id` names. */
  giveWanted(id: ItemId): void {
    for (const item of this.#view.index.find(id)) {
      const key = this.#view.blockOf(item);
      if (key !== undefined) this.#gives.push({ item, key });
    }
  }

  giveRange(range: ItemRange): void {
    this.#givenRanges.push(range);
  }

  /** Something is left that this session will not get to. */
  leaveOut(): void {
    this.#more = true;
  }

  /** What was offered, in order. */
  get offered(): readonly Give[] {
    return this.#offered;
  }

  /** `ours`, `theirs`: where each side's work begins. */
  finish(claims: FetchClaims, ours: Item, theirs: Item): Turn {
    const asks = this.#chooseAsks(claims, ours);
    const messages: Message[] = [...this.#messages];
    if (this.#accepts !== undefined) messages.push({ kind: 'accepts', wanted: this.#accepts });
    if (this.#wanted.length > 0) messages.push({ kind: 'wants', ids: this.#wanted });
    if (this.#offered.length > 0) messages.push(this.#offers());
    for (const range of asks) messages.push({ kind: 'ask', range });
    for (let at = 0; at < this.#shown.length; at += SUMMARIES_PER_FRAME_MAX) {
      messages.push({ kind: 'summaries', ranges: this.#shown.slice(at, at + SUMMARIES_PER_FRAME_MAX) });
    }
    const gives = this.#chooseGives(theirs);
    const isAnswered = messages.some(needsAnswer);
    return { messages, gives, end: isAnswered ? 'your-turn' : 'finished', more: this.#more };
  }

  #offers(): Message {
    const fingerprints = this.#offered.map(({ item }) => item.fingerprint);
    if (this.#offersInFull) return { kind: 'full-offers', fingerprints };
    return { kind: 'offers', ids: fingerprints.map(itemIdOf) };
  }

  #chooseAsks(claims: FetchClaims, pivot: Item): ItemRange[] {
    const counts = new Map(this.#asked.map(({ range, count }) => [range, count]));
    const compare = compareUrgency(pivot);
    // A range is as urgent as its end that comes first: one that the pivot cuts comes before all others.
    const urgent = [...counts.keys()].sort((a, b) => compare(mostUrgent(a, pivot), mostUrgent(b, pivot)));
    const asks: ItemRange[] = [];
    let records = 0;
    for (const range of urgent) {
      const count = counts.get(range) ?? 0;
      const fits = asks.length === 0 || records + count <= ASKED_RECORDS_MAX;
      const hasRoom = fits && asks.length < MESSAGES_PER_TURN_MAX / 4;
      if (!hasRoom || !claims.range(range)) {
        this.#more = true;
        continue;
      }
      records += count;
      asks.push(range);
    }
    return asks;
  }

  #chooseGives(pivot: Item): BlockKey[] {
    const compare = compareUrgency(pivot);
    const gives = this.#gives.sort((a, b) => compare(a.item, b.item)).map(({ key }) => key);
    for (const range of byUrgency(this.#givenRanges, pivot)) {
      const room = IDS_PER_TURN_MAX + ASKED_RECORDS_MAX - gives.length;
      const items = this.#view.index.items(range, room + 1, orderWithin(range, pivot));
      if (items.length > room) this.#more = true;
      for (const item of items.slice(0, room)) {
        const key = this.#view.blockOf(item);
        if (key !== undefined) gives.push(key);
      }
    }
    return gives;
  }
}

function mostUrgent(range: ItemRange, pivot: Item): Item {
  return byUrgency([range], pivot)[0]?.from ?? range.from;
}

function needsAnswer(message: Message): boolean {
  return message.kind === 'accepts' ? message.wanted.includes(true) : message.kind !== 'records';
}
