/**
 * Decodes the coded symbols of a difference: a symbol that holds one item gives it away, the item is taken out of all
 * others, which may leave another one with a single item, and so on.
 *
 * Invariant: at most as many items come out as there are symbols, each one once. Symbols that no set has (bits that were
 * flipped, ids crafted to collide) end the decoding without a result, not without end.
 */

import type { ItemId } from '../index/item.ts';
import { checkOf, gapAfter, SYMBOL_WORDS, toggleItem } from './coded-symbols.ts';
import { mix } from './mix.ts';

/** The items of the difference whose symbols these are; undefined when there are too few symbols. `symbols` is used up. */
export function peelSymbols(symbols: Uint32Array): ReadonlySet<ItemId> | undefined {
  const length = symbols.length / SYMBOL_WORDS;
  const found = new Set<ItemId>();
  const pending: number[] = [];
  for (let index = length - 1; index >= 0; index--) if (isSingle(symbols, index)) pending.push(index);
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (!isSingle(symbols, index)) continue;
    const high = symbols[index * SYMBOL_WORDS] ?? 0;
    const low = symbols[index * SYMBOL_WORDS + 1] ?? 0;
    const id = (BigInt(high) << 32n) | BigInt(low);
    if (found.has(id) || found.size === length) return undefined;
    found.add(id);
    toggleItem(symbols, high, low);
    for (const touched of symbolsOf(high, low, length)) if (isSingle(symbols, touched)) pending.push(touched);
  }
  return symbols.every((word) => word === 0) ? found : undefined;
}

function isSingle(symbols: Uint32Array, index: number): boolean {
  const at = index * SYMBOL_WORDS;
  const [high = 0, low = 0, check = 0] = [symbols[at], symbols[at + 1], symbols[at + 2]];
  return check === checkOf(high, low);
}

function* symbolsOf(high: number, low: number, length: number): Generator<number> {
  let index = 0;
  for (let round = 0; index < length; round++) {
    yield index;
    index += gapAfter(index, mix(high, low, round));
  }
}
