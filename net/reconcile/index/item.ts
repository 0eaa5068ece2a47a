/**
 * What reconciliation compares: one item for each record, its block number and the fingerprint of its state.
 *
 * Invariant: items are ordered by number, then by fingerprint. The fingerprint covers the block hash, so two blocks at
 * one height are two items; a record that changes is one item less and another one more.
 */

import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';

export interface Item {
  readonly number: number;
  readonly fingerprint: Fingerprint;
}

/** The least item of its number: a bound between all items below `number` and the rest. */
export function boundAt(number: number): Item {
  return { number, fingerprint: 0n };
}

export const FIRST: Item = boundAt(0);
/** Behind every item: block numbers end at 2^53 − 1. */
export const END: Item = boundAt(2 ** 53);

/** From `from` on, up to but not including `to`. */
export interface ItemRange {
  readonly from: Item;
  readonly to: Item;
}

export const EVERYTHING: ItemRange = { from: FIRST, to: END };

export function compareItems(a: Item, b: Item): number {
  if (a.number !== b.number) return a.number - b.number;
  return a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0;
}

export function isInRange(item: Item, { from, to }: ItemRange): boolean {
  return compareItems(from, item) <= 0 && compareItems(item, to) < 0;
}

/** How many items a range holds, and the sum of their fingerprints modulo 2^128. */
export interface RangeSummary {
  readonly count: number;
  readonly sum: Fingerprint;
}

const ID_BITS = 64;

/** An item's short name in sketches, offers and wants: the low half of its fingerprint. */
export type ItemId = bigint;

export function itemIdOf(fingerprint: Fingerprint): ItemId {
  return BigInt.asUintN(ID_BITS, fingerprint);
}
