/**
 * The first coded symbols of a set of item ids: a rateless invertible Bloom lookup table (Yang, Gilad, Alizadeh,
 * "Practical Rateless Set Reconciliation", SIGCOMM 2024).
 *
 * Symbol i holds each item with probability 1 / (1 + i/2): the XOR of their ids and of their checks. The XOR of two sets'
 * symbols is that of their symmetric difference, so items that both have cancel. Adding and removing are the same, cost
 * about 2 ln(m/2) symbols, and any prefix of the symbols is a sketch.
 *
 * The paper's count of items is left out: whose an item is, its receiver finds in its own index.
 *
 * Invariant: words beyond `length` symbols are never touched; the same set gives the same symbols on every machine
 * (the arithmetic is of integers, and of IEEE division, square root and ceiling, which are exact).
 */

import { mix } from './mix.ts';

/** Id, most significant word first, and check. */
export const SYMBOL_WORDS = 3;

const CHECK_ROUND = -1;

export function checkOf(high: number, low: number): number {
  return mix(high, low, CHECK_ROUND);
}

/** `symbols` with the item added, or removed if it was in them. */
export function toggleItem(symbols: Uint32Array, high: number, low: number): void {
  const check = checkOf(high, low);
  const length = symbols.length / SYMBOL_WORDS;
  let index = 0;
  for (let round = 0; index < length; round++) {
    const at = index * SYMBOL_WORDS;
    symbols[at] = (symbols[at] ?? 0) ^ high;
    symbols[at + 1] = (symbols[at + 1] ?? 0) ^ low;
    symbols[at + 2] = (symbols[at + 2] ?? 0) ^ check;
    index += gapAfter(index, mix(high, low, round));
  }
}

/** How far from symbol `index` the next one is that holds an item: the paper's (i + 3/2)((1 − u)^(−1/2) − 1), u uniform. */
export function gapAfter(index: number, random32: number): number {
  return Math.ceil((index + 1.5) * (65_536 / Math.sqrt(random32 + 1) - 1)) || 1;
}

/** `symbols` ^= as many of `others`. */
export function mergeSymbols(symbols: Uint32Array, others: Uint32Array): void {
  for (let at = 0; at < symbols.length; at++) symbols[at] = (symbols[at] ?? 0) ^ (others[at] ?? 0);
}
