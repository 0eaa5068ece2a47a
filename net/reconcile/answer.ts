/**
 * What a side answers to each message of the other's turn. No I/O: the index is read, and a {@link Reply} grows.
 *
 * Invariant: an answer says less than what it answers can hold (ranges get shorter, sketches longer up to a limit,
 * offers and wants end in records), so a session ends.
 */

import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import { chooseAction, continuedLength, differenceOf, sketchLength, type RangeAction } from './compare.ts';
import type { Message, MessageOf } from './frame.ts';
import type { ShownRange } from './frame-parts.ts';
import { compareItems, isInRange, itemIdOf, type Item, type ItemId, type ItemRange } from './index/item.ts';
import { LIST_ITEMS_MAX, PIECE_RECORDS, SKETCH_SYMBOLS_MAX, SUMMARIES_PER_TURN_MAX } from './limits.ts';
import { blame } from './blame.ts';
import type { Give, Reply } from './reply.ts';
import { mergeSymbols, SYMBOL_WORDS } from './sketch/coded-symbols.ts';
import { estimateDifference } from './sketch/estimator.ts';
import { peelSymbols } from './sketch/peel.ts';
import type { FetchClaims, ReconcileView } from './view.ts';

/** Pieces that a range is cut into: at partitions as far as it spans several, else by count. */
const CUT_PARTITIONS_MAX = 64;
const CUT_PIECES = 16;

const LEADS_TO_FETCHING: ReadonlySet<RangeAction> = new Set(['list', 'sketch', 'leave-to-them']);

interface BegunSketch {
  readonly symbols: Uint32Array;
  sent: number;
}

export class Answerer {
  readonly #view: ReconcileView;
  readonly #claims: FetchClaims;
  /** Symbols as they were when a sketch was begun: its continuation has to be of the same items. */
  readonly #begun = new Map<string, BegunSketch>();
  /** Symbols of the other side that did not decode yet. */
  readonly #received = new Map<string, Uint32Array>();
  #offered: readonly Give[] = [];

  constructor(view: ReconcileView, claims: FetchClaims) {
    this.#view = view;
    this.#claims = claims;
  }

  /** Remembers what the turn that was just put together offers. */
  sent(offered: readonly Give[]): void {
    this.#offered = offered;
  }

  answer(message: Exclude<Message, { kind: 'hello' | 'records' }>, reply: Reply): void {
    switch (message.kind) {
      case 'summaries':
        for (const shown of message.ranges) this.#compare(shown, reply);
        break;
      case 'list':
        this.#compareList(message, reply);
        break;
      case 'sketch':
        this.#decode(message, reply);
        break;
      case 'more':
        this.#continue(message, reply);
        break;
      case 'ask':
        reply.giveRange(message.range);
        break;
      case 'offers':
        for (const id of message.ids) reply.accept(this.#isWanted(id, this.#view.index.find(id).length > 0, reply));
        break;
      case 'full-offers':
        for (const fingerprint of message.fingerprints) {
          const id = itemIdOf(fingerprint);
          const isKnown = this.#view.index.find(id).some((item) => item.fingerprint === fingerprint);
          reply.accept(this.#isWanted(id, isKnown, reply));
        }
        break;
      case 'accepts':
        this.#giveAccepted(message, reply);
        break;
      case 'wants':
        for (const id of message.ids) reply.giveWanted(id);
        break;
    }
  }

  /** Our summary of a range. With counters where an estimate of the difference may save bytes. */
  shown(range: ItemRange, withCounters: boolean): ShownRange {
    const { index } = this.#view;
    const summary = index.summary(range);
    const counters = withCounters && summary.count > LIST_ITEMS_MAX ? index.counters(range) : undefined;
    return { range, ...summary, counters };
  }

  /** Shows a range that the other side has nothing in. */
  showPieces(range: ItemRange, reply: Reply): void {
    const { index } = this.#view;
    const { count } = index.summary(range);
    if (count === 0) return;
    const pieces = Math.min(Math.ceil(count / PIECE_RECORDS), SUMMARIES_PER_TURN_MAX / 2);
    for (const piece of index.quantiles(range, pieces)) reply.show(this.shown(piece, false));
  }

  /** Cuts a range that differs. */
  cut(range: ItemRange, withCounters: boolean, reply: Reply): void {
    const { index } = this.#view;
    const atPartitions = index.partitions(range, CUT_PARTITIONS_MAX);
    const pieces = atPartitions.length > 1 ? atPartitions : index.quantiles(range, CUT_PIECES);
    for (const piece of pieces) reply.show(this.shown(piece, withCounters));
  }

  /**
   * Another session is fetching part of the range, and ids do not tell which part they are in: what lies in other partitions
   * is compared by itself, the rest later.
   */
  goAround(range: ItemRange, reply: Reply): void {
    reply.leaveOut();
    const pieces = this.#view.index.partitions(range, CUT_PARTITIONS_MAX);
    if (pieces.length <= 1) return;
    for (const piece of pieces) if (!this.#claims.isBusy(piece)) reply.show(this.shown(piece, true));
  }

  #compare({ range, counters, ...theirs }: ShownRange, reply: Reply): void {
    const { index } = this.#view;
    const mine = index.summary(range);
    const isEqual = mine.count === theirs.count && mine.sum === theirs.sum;
    const estimate =
      counters === undefined || isEqual ? undefined : estimateDifference(index.counters(range), counters);
    const comparison = { mine, theirs, estimate };
    const action = chooseAction(comparison);
    if (LEADS_TO_FETCHING.has(action) && this.#claims.isBusy(range)) {
      this.goAround(range, reply);
      return;
    }
    switch (action) {
      case 'nothing':
        break;
      case 'show-pieces':
        this.showPieces(range, reply);
        break;
      case 'ask':
        reply.ask(range, theirs.count);
        break;
      case 'list':
        reply.say({ kind: 'list', range, items: index.items(range, LIST_ITEMS_MAX) });
        break;
      case 'sketch':
        this.#sketch(range, sketchLength(differenceOf(comparison)), reply);
        break;
      case 'cut':
        this.cut(range, true, reply);
        break;
      case 'cut-to-lists':
        this.cut(range, false, reply);
        break;
      case 'leave-to-them':
        reply.show(this.shown(range, counters !== undefined));
        break;
    }
  }

  #sketch(range: ItemRange, length: number, reply: Reply): void {
    const symbols = this.#view.index.symbols(range, SKETCH_SYMBOLS_MAX);
    if (reply.say({ kind: 'sketch', range, first: 0, symbols: symbols.slice(0, length * SYMBOL_WORDS) })) {
      this.#begun.set(rangeName(range), { symbols, sent: length });
    }
  }

  #continue({ range, length }: MessageOf<'more'>, reply: Reply): void {
    const begun = this.#begun.get(rangeName(range));
    if (begun === undefined) throw blame('more', 'a range whose sketch was sent', 'another');
    const first = begun.sent;
    if (length <= first) throw blame('sketch length', `more than the ${first} symbols that were sent`, `${length}`);
    const symbols = begun.symbols.slice(first * SYMBOL_WORDS, length * SYMBOL_WORDS);
    if (reply.say({ kind: 'sketch', range, first, symbols })) begun.sent = length;
  }

  #decode({ range, first, symbols }: MessageOf<'sketch'>, reply: Reply): void {
    const { index } = this.#view;
    if (this.#claims.isBusy(range)) {
      this.#received.delete(rangeName(range));
      this.goAround(range, reply);
      return;
    }
    const before = this.#received.get(rangeName(range)) ?? new Uint32Array(0);
    const known = before.length / SYMBOL_WORDS;
    if (first !== known) throw blame('first symbol', `${known}`, `${first}`);
    const theirs = new Uint32Array(before.length + symbols.length);
    theirs.set(before);
    theirs.set(symbols, before.length);

    const length = theirs.length / SYMBOL_WORDS;
    const difference = index.symbols(range, length);
    mergeSymbols(difference, theirs);
    const ids = peelSymbols(difference);
    if (ids !== undefined) {
      this.#received.delete(rangeName(range));
      for (const id of ids) this.#exchange(range, id, reply);
      return;
    }
    const longer = continuedLength(length);
    if (longer === undefined) {
      this.#received.delete(rangeName(range));
      this.cut(range, false, reply);
    } else if (reply.say({ kind: 'more', range, length: longer })) {
      this.#received.set(rangeName(range), theirs);
    }
  }

  /** An item that one side has: ours is offered, another one asked for. */
  #exchange(range: ItemRange, id: ItemId, reply: Reply): void {
    const ours = this.#view.index.find(id).filter((item) => isInRange(item, range));
    if (ours.length === 0) reply.want(id, this.#claims);
    for (const item of ours) reply.offer(item, false);
  }

  #compareList({ range, items }: MessageOf<'list'>, reply: Reply): void {
    const theirs = new Set<Fingerprint>();
    let before: Item | undefined;
    for (const item of items) {
      const isNext = isInRange(item, range) && (before === undefined || compareItems(before, item) < 0);
      if (!isNext) throw blame('list', 'items of its range, ascending', `block ${item.number}`);
      before = item;
      theirs.add(item.fingerprint);
    }
    if (this.#claims.isBusy(range)) {
      this.goAround(range, reply);
      return;
    }
    const { index } = this.#view;
    const { count } = index.summary(range);
    for (const item of index.items(range, count)) {
      if (theirs.delete(item.fingerprint)) continue;
      reply.offer(item, true);
    }
    for (const fingerprint of theirs) reply.want(itemIdOf(fingerprint), this.#claims);
  }

  #isWanted(id: ItemId, isKnown: boolean, reply: Reply): boolean {
    if (isKnown) return false;
    const isOurs = this.#claims.id(id);
    if (!isOurs) reply.leaveOut();
    return isOurs;
  }

  #giveAccepted({ wanted }: MessageOf<'accepts'>, reply: Reply): void {
    if (wanted.length !== this.#offered.length) {
      throw blame('accepts', `an answer to ${this.#offered.length} offers`, `${wanted.length}`);
    }
    for (const [at, offer] of this.#offered.entries()) if (wanted[at] === true) reply.give(offer);
  }
}

function rangeName({ from, to }: ItemRange): string {
  return `${from.number}.${from.fingerprint}-${to.number}.${to.fingerprint}`;
}
