/**
 * A node's records in memory, with the digests that tell two replicas apart.
 *
 * Invariant: `digest` is the sum of the fingerprints of all records, and `index` has exactly their items, after every
 * merge. Records only grow: a merge never loses what was there.
 *
 * No I/O and no clock: the store beside it makes it durable, and nothing here knows about files.
 */

import {
  addFingerprint,
  EMPTY_FINGERPRINT,
  fingerprintOf,
  subtractFingerprint,
  type Fingerprint,
} from '../../crdt/block/fingerprint.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, isEmptyRecord, mergeRecords, type BlockRecord } from '../../crdt/block/record.ts';
import { blockId, compareBlockKeys, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import type { Item } from '../../net/reconcile/index/item.ts';
import { ReconcileIndex } from '../../net/reconcile/index/reconcile-index.ts';

/** What a merge did to one block. */
export interface Change {
  readonly key: BlockKey;
  readonly before: BlockRecord;
  readonly after: BlockRecord;
}

export interface ReplicaEntry extends KeyedRecord {
  readonly fingerprint: Fingerprint;
}

export class Replica {
  readonly index = new ReconcileIndex();
  readonly #entries = new Map<BlockId, ReplicaEntry>();
  readonly #hashesByNumber = new Map<number, BlockKey[]>();
  readonly #mergeRecords: typeof mergeRecords;
  #digest: Fingerprint = EMPTY_FINGERPRINT;

  /** `merge`: the join of the record's lattice. */
  constructor(merge: typeof mergeRecords = mergeRecords) {
    this.#mergeRecords = merge;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Equal on two nodes exactly when they hold the same records in the same states. */
  get digest(): Fingerprint {
    return this.#digest;
  }

  /** The block's record; `EMPTY_RECORD` when nothing is known of it. */
  get(key: BlockKey): BlockRecord {
    return this.#entries.get(blockId(key))?.record ?? EMPTY_RECORD;
  }

  /** The block's record and fingerprint, or undefined when nothing is known of it. */
  entry(key: BlockKey): ReplicaEntry | undefined {
    return this.#entries.get(blockId(key));
  }

  /** Merges a record or a delta. Undefined when it held nothing new. */
  merge({ key, record: delta }: KeyedRecord): Change | undefined {
    const id = blockId(key);
    const known = this.#entries.get(id);
    const before = known?.record ?? EMPTY_RECORD;
    const after = this.#mergeRecords(before, delta);
    if (isEmptyRecord(after)) return undefined;
    const fingerprint = fingerprintOf({ key, record: after });
    if (fingerprint === known?.fingerprint) return undefined;

    this.#entries.set(id, { key, record: after, fingerprint });
    if (known === undefined) this.#addHash(key);
    this.index.change(key, known?.fingerprint, fingerprint);
    const rest = known === undefined ? this.#digest : subtractFingerprint(this.#digest, known.fingerprint);
    this.#digest = addFingerprint(rest, fingerprint);
    return { key, before, after };
  }

  /** Every block known at `number`, by hash. More than one after a reorg. */
  blocksAt(number: number): readonly BlockKey[] {
    return this.#hashesByNumber.get(number) ?? [];
  }

  /** All entries, in no order. */
  entries(): IterableIterator<ReplicaEntry> {
    return this.#entries.values();
  }

  /** The block whose record is in the state that `item` names. */
  blockOf({ number, fingerprint }: Item): BlockKey | undefined {
    return this.blocksAt(number).find((key) => this.entry(key)?.fingerprint === fingerprint);
  }

  record(key: BlockKey): BlockRecord | undefined {
    return this.#entries.get(blockId(key))?.record;
  }

  #addHash(key: BlockKey): void {
    const keys = this.#hashesByNumber.get(key.number);
    if (keys === undefined) this.#hashesByNumber.set(key.number, [key]);
    else keys.push(key);
    keys?.sort(compareBlockKeys);
  }
}
