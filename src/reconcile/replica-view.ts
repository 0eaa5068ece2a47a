/** A replica as reconciliation sees it: its index, its records by state, and where its work goes on. */

import type { BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Item } from '../../net/reconcile/index/item.ts';
import type { ReconcileIndex } from '../../net/reconcile/index/reconcile-index.ts';
import type { ReconcileView } from '../../net/reconcile/view.ts';
import type { Replica } from '../replica/replica.ts';
import type { Tally } from '../replica/tally.ts';

export class ReplicaView implements ReconcileView {
  readonly #replica: Pick<Replica, 'index' | 'blockOf' | 'record'>;
  readonly #tally: Pick<Tally, 'nextUnfinished'>;
  readonly #lowestKept: () => number;

  /** `lowestKept`: the lowest block number that this node keeps. */
  constructor(
    replica: Pick<Replica, 'index' | 'blockOf' | 'record'>,
    tally: Pick<Tally, 'nextUnfinished'>,
    lowestKept: () => number,
  ) {
    this.#replica = replica;
    this.#tally = tally;
    this.#lowestKept = lowestKept;
  }

  get lowestKept(): number {
    return this.#lowestKept();
  }

  get index(): ReconcileIndex {
    return this.#replica.index;
  }

  get nextUnfinished(): number | undefined {
    return this.#tally.nextUnfinished;
  }

  blockOf(item: Item): BlockKey | undefined {
    return this.#replica.blockOf(item);
  }

  record(key: BlockKey): BlockRecord | undefined {
    return this.#replica.record(key);
  }
}
