/**
 * In which order records are asked for and given: what the receiver's claimer needs comes first.
 *
 * The claimer works on the lowest unfinished block, and whatever it does not know to be finished it may validate again. So
 * the records from the receiver's lowest unfinished block on come first, ascending; then what is older, newest first. A
 * receiver without unfinished blocks (an empty one) begins where the giver's unfinished blocks begin.
 */

import { boundAt, compareItems, END, isInRange, type Item, type ItemRange } from './index/item.ts';

/** Where the receiver's work begins. */
export function pivotOf(receiversNext: number | undefined, giversNext: number | undefined): Item {
  const next = receiversNext ?? giversNext;
  return next === undefined ? END : boundAt(next);
}

/** Sorts items by urgency. */
export function compareUrgency(pivot: Item): (a: Item, b: Item) => number {
  return (a, b) => {
    const [aIsAhead, bIsAhead] = [compareItems(a, pivot) >= 0, compareItems(b, pivot) >= 0];
    if (aIsAhead !== bIsAhead) return aIsAhead ? -1 : 1;
    return aIsAhead ? compareItems(a, b) : compareItems(b, a);
  };
}

/** The ranges, cut at `pivot`, the most urgent first. They do not overlap. */
export function byUrgency(ranges: readonly ItemRange[], pivot: Item): ItemRange[] {
  const compare = compareUrgency(pivot);
  return ranges
    .flatMap((range) =>
      isCutBy(range, pivot)
        ? [
            { ...range, to: pivot },
            { ...range, from: pivot },
          ]
        : [range],
    )
    .sort((a, b) => compare(a.from, b.from));
}

/** The order of items within a range that {@link byUrgency} gave. */
export function orderWithin(range: ItemRange, pivot: Item): 'ascending' | 'descending' {
  return compareItems(range.from, pivot) >= 0 ? 'ascending' : 'descending';
}

function isCutBy(range: ItemRange, pivot: Item): boolean {
  return isInRange(pivot, range) && compareItems(range.from, pivot) < 0;
}
