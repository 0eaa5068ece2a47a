/** Items without records: sessions over many of them cost little. */

import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';
import { EMPTY_RECORD } from '../../../crdt/block/record.ts';
import { hash32, type BlockKey } from '../../../crdt/ids.ts';
import type { Item } from '../../../net/reconcile/index/item.ts';
import { ReconcileIndex } from '../../../net/reconcile/index/reconcile-index.ts';
import { hashOf } from '../../crdt/block/arbitraries.ts';
import type { RandomInteger } from '../../../net/clock.ts';
import type { Side } from './replicas.ts';

export function randomFingerprint(random: RandomInteger): Fingerprint {
  let fingerprint = 0n;
  for (let word = 0; word < 4; word++) fingerprint = (fingerprint << 32n) | BigInt(random(2 ** 32));
  return fingerprint;
}

/** Ascending items at the numbers 0 to `count` − 1. */
export function randomItems(count: number, random: RandomInteger): Item[] {
  return Array.from({ length: count }, (_, number) => ({ number, fingerprint: randomFingerprint(random) }));
}

/**
 * A side that holds items. Its records are empty, and the block's hash stands for the fingerprint: what it takes in, it
 * looks up in `universe`, which both sides share.
 */
export class ItemSide implements Side {
  readonly index = new ReconcileIndex();
  readonly arrived: BlockKey[] = [];
  readonly #universe: Map<string, Item>;

  constructor(items: Iterable<Item>, universe: Map<string, Item>) {
    this.#universe = universe;
    for (const item of items) this.add(item);
  }

  add(item: Item): void {
    this.index.change(item, undefined, item.fingerprint);
    this.#universe.set(this.#keyOf(item).hash, item);
  }

  remove(item: Item): void {
    this.index.change(item, item.fingerprint, undefined);
  }

  has({ number, fingerprint }: Item): boolean {
    return this.index
      .find(BigInt.asUintN(64, fingerprint))
      .some((item) => item.number === number && item.fingerprint === fingerprint);
  }

  get view(): Side['view'] {
    return {
      index: this.index,
      lowestKept: this.lowestKept,
      nextUnfinished: this.nextUnfinished,
      blockOf: (item) => (this.has(item) ? this.#keyOf(item) : undefined),
      record: () => EMPTY_RECORD,
    };
  }

  lowestKept = 0;
  nextUnfinished: number | undefined;

  readonly take: Side['take'] = ({ key }) => {
    this.arrived.push(key);
    const item = this.#universe.get(key.hash);
    if (item !== undefined && !this.has(item)) this.add(item);
  };

  #keyOf({ number, fingerprint }: Item): BlockKey {
    return { number, hash: hash32(`${hashOf(0).slice(0, 34)}${fingerprint.toString(16).padStart(32, '0')}`) };
  }
}
