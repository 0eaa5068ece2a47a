/**
 * A node's records in memory, with the digests that tell two replicas apart.
 *
 * Invariant: `index` has exactly the items of all records, and `digest` is the sum of their fingerprints, after every
 * merge. Records only grow: a merge never loses what was there. Only `remove` does, for a block that this node does not
 * keep any more.
 *
 * A record is held as bytes in an arena and decoded when it is asked for, since a million of them have to fit into 300 MB.
 * No I/O and no clock: the store beside it makes it durable, and nothing here knows about files.
 */

import { fingerprintOf, fingerprintToBytes, type Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, hasSuccess, isEmptyRecord, mergeRecords, type BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import { stateRank } from '../../crdt/block/witness.ts';
import { invariant } from '../../crdt/invariant.ts';
import { END, FIRST, type Item } from '../../net/reconcile/index/item.ts';
import { numberAfter, ReconcileIndex } from '../../net/reconcile/index/reconcile-index.ts';
import { Arena, NOWHERE } from './arena.ts';
import { BlockTable } from './block-table.ts';
import { NumberColumn } from './columns.ts';
import { NodeList, packRecord, unpackRecord } from './packed-record.ts';
import { RecordCache } from './record-cache.ts';
import { NO_SLOT } from './slot-index.ts';

/** What a merge did to one block. */
export interface Change {
  readonly key: BlockKey;
  readonly before: BlockRecord;
  readonly after: BlockRecord;
}

export interface ReplicaEntry extends KeyedRecord {
  readonly fingerprint: Fingerprint;
}

/** A record as the replica holds it: what a snapshot of it is made of. */
export interface PackedEntry {
  readonly slot: number;
  readonly fingerprint: Uint8Array;
  /** What the replica knows of the record without decoding it; 0 to 255. */
  readonly traits: number;
  readonly packed: Uint8Array;
}

/**
 * What can be told of a record without decoding it, in one byte: these bits, and above them how far the witness has come
 * by what was announced (`stateRank`; 0: nothing was).
 */
const IS_FINISHED = 1;
const NAMES_WITNESS = 2;
const IS_SETTLED = 4;
const STATE_RANK_SHIFT = 3;

/** Items of the index that a walk by height takes at once. */
const ITEMS_AT_ONCE = 256;

export class Replica {
  readonly index = new ReconcileIndex();
  /** Shared with whoever keeps other things about the same blocks. */
  readonly blocks = new BlockTable();
  readonly #nodes = new NodeList();
  readonly #locations = new NumberColumn(Uint32Array);
  readonly #traits = new NumberColumn(Uint8Array);
  readonly #cache = new RecordCache();
  /** Fingerprints that were asked for at heights with several blocks, where the index cannot tell whose is which. */
  readonly #rivals = new Map<number, Fingerprint>();
  readonly #mergeRecords: typeof mergeRecords;
  readonly #arena = new Arena({
    locationOf: (slot) => this.#locations.get(slot),
    onMoved: (slot, location) => this.#locations.set(slot, location),
  });
  #size = 0;

  /** `merge`: the join of the record's lattice. */
  constructor(merge: typeof mergeRecords = mergeRecords) {
    this.#mergeRecords = merge;
  }

  get size(): number {
    return this.#size;
  }

  /** Equal on two nodes exactly when they hold the same records in the same states. */
  get digest(): Fingerprint {
    return this.index.total.sum;
  }

  /** The block's record; `EMPTY_RECORD` when nothing is known of it. */
  get(key: BlockKey): BlockRecord {
    return this.record(key) ?? EMPTY_RECORD;
  }

  record(key: BlockKey): BlockRecord | undefined {
    const slot = this.blocks.slotOf(key);
    return this.#holds(slot) ? this.#recordAt(slot) : undefined;
  }

  /** The block's record and fingerprint, or undefined when nothing is known of it. */
  entry(key: BlockKey): ReplicaEntry | undefined {
    const slot = this.blocks.slotOf(key);
    return this.#holds(slot)
      ? { key, record: this.#recordAt(slot), fingerprint: this.#fingerprintAt(slot) }
      : undefined;
  }

  /** The fingerprint of the block's record; undefined when nothing is known of it. */
  fingerprint(key: BlockKey): Fingerprint | undefined {
    const slot = this.blocks.slotOf(key);
    return this.#holds(slot) ? this.#fingerprintAt(slot) : undefined;
  }

  /** Merges a record or a delta. Undefined when it held nothing new. */
  merge({ key, record: delta }: KeyedRecord): Change | undefined {
    const known = this.blocks.slotOf(key);
    const before = this.#holds(known) ? this.#recordAt(known) : EMPTY_RECORD;
    const after = this.#mergeRecords(before, delta);
    if (isEmptyRecord(after)) return undefined;
    const fingerprint = fingerprintOf({ key, record: after });
    const fingerprintBefore = this.#holds(known) ? this.#fingerprintAt(known) : undefined;
    if (fingerprint === fingerprintBefore) return undefined;

    const slot = this.blocks.claim(key);
    this.#store(slot, packRecord(after, this.#nodes), traitsOf(after));
    this.#cache.put(slot, after);
    this.#account(key.number, fingerprintBefore, fingerprint);
    return { key, before, after };
  }

  /** Takes over a record as it was decoded from its canonical bytes. Undefined when the block is held already. */
  load({ key, record }: KeyedRecord, fingerprint: Fingerprint): Change | undefined {
    if (this.#holds(this.blocks.slotOf(key)) || isEmptyRecord(record)) return undefined;
    const slot = this.blocks.claim(key);
    this.#store(slot, packRecord(record, this.#nodes), traitsOf(record));
    this.#account(key.number, undefined, fingerprint);
    return { key, before: EMPTY_RECORD, after: record };
  }

  /** Forgets a block: this node does not keep it any more. Its slot stays claimed. */
  remove(key: BlockKey): void {
    const slot = this.blocks.slotOf(key);
    if (!this.#holds(slot)) return;
    const fingerprint = this.#fingerprintAt(slot);
    const location = this.#locations.get(slot);
    this.#locations.set(slot, NOWHERE);
    this.#traits.set(slot, 0);
    this.#arena.free(location);
    this.#cache.remove(slot);
    this.#rivals.delete(slot);
    this.#account(key.number, fingerprint, undefined);
  }

  /** Every block known at `number`, by hash. More than one after a reorg. */
  blocksAt(number: number): readonly BlockKey[] {
    return this.#slotsAt(number).map((slot) => this.blocks.keyOf(slot));
  }

  /** All entries, in no order. Those that change meanwhile come as they are when their turn comes. */
  *entries(): Generator<ReplicaEntry> {
    for (const slot of this.#slots(() => true)) yield this.#entryAt(slot);
  }

  /**
   * Blocks that may still need work: those without a Success, and those whose record speaks of a witness that is not here,
   * or not as far as announced. `isHeld`: whether the witness of `slot` is here, and as far as `rank` (see `stateRank`).
   */
  *workable(isHeld: (slot: number, rank: number) => boolean): Generator<BlockKey> {
    for (const slot of this.#slots((traits) => (traits & IS_FINISHED) === 0 || (traits & NAMES_WITNESS) !== 0)) {
      const traits = this.#traits.get(slot);
      if ((traits & IS_FINISHED) !== 0 && isHeld(slot, traits >>> STATE_RANK_SHIFT)) continue;
      yield this.blocks.keyOf(slot);
    }
  }

  /** Blocks whose record speaks of a witness. */
  *witnessed(): Generator<BlockKey> {
    for (const slot of this.#slots((traits) => (traits & NAMES_WITNESS) !== 0)) yield this.blocks.keyOf(slot);
  }

  /** The block whose record is in the state that `item` names. */
  blockOf({ number, fingerprint }: Item): BlockKey | undefined {
    return this.blocksAt(number).find((key) => this.fingerprint(key) === fingerprint);
  }

  /** The nodes that packed records name by index. */
  get nodes(): readonly NodeId[] {
    return this.#nodes.nodes;
  }

  /**
   * The finished blocks as they are held, for a snapshot, by height: whoever takes them over in this order fills the index from one end.
   * The bytes are views that the next merge may change.
   */
  *packedFinished(): Generator<PackedEntry> {
    for (const slot of this.#slotsByNumber()) {
      if (!this.isFinishedAt(slot)) continue;
      const packed = this.#arena.get(this.#locations.get(slot));
      yield {
        slot,
        fingerprint: fingerprintToBytes(this.#fingerprintAt(slot)),
        traits: this.#traits.get(slot),
        packed,
      };
    }
  }

  /** Takes over the list of nodes of a snapshot, before its records. Precondition: the replica is empty. */
  adoptNodes(nodes: readonly NodeId[]): void {
    invariant(this.#size === 0 && this.#nodes.nodes.length === 0, 'a snapshot is taken over by an empty replica');
    for (const node of nodes) this.#nodes.indexOf(node);
  }

  /** Takes over a finished block of a snapshot. Precondition: the snapshot was checked, and the block is not held yet. */
  adopt({ slot, fingerprint, traits, packed }: PackedEntry): void {
    invariant(!this.#holds(slot), 'a block is in a snapshot once');
    this.#store(slot, packed, traits);
    this.index.adopt(this.blocks.numberAt(slot), fingerprint);
    this.#size++;
  }

  isHeldAt(slot: number): boolean {
    return this.#holds(slot);
  }

  /** Whether the record at `slot` has a Success. */
  isFinishedAt(slot: number): boolean {
    return (this.#traits.get(slot) & IS_FINISHED) !== 0;
  }

  /** Whether the record at `slot` has a Success and is not settled. */
  isSettleable(slot: number): boolean {
    return (this.#traits.get(slot) & (IS_FINISHED | IS_SETTLED)) === IS_FINISHED;
  }

  #store(slot: number, packed: Uint8Array, traits: number): void {
    const location = this.#arena.put(slot, packed, (traits & IS_SETTLED) === 0 ? 'short' : 'long');
    // Read after the put, which may have moved it.
    const before = this.#locations.get(slot);
    this.#locations.set(slot, location);
    this.#traits.set(slot, traits);
    this.#rivals.delete(slot);
    if (before !== NOWHERE) this.#arena.free(before);
  }

  #account(number: number, before: Fingerprint | undefined, after: Fingerprint | undefined): void {
    this.index.change({ number }, before, after);
    this.#size += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
  }

  #holds(slot: number): boolean {
    return slot !== NO_SLOT && this.#locations.get(slot) !== NOWHERE;
  }

  #recordAt(slot: number): BlockRecord {
    const cached = this.#cache.get(slot);
    if (cached !== undefined) return cached;
    const record = unpackRecord(this.#arena.get(this.#locations.get(slot)), this.#nodes);
    this.#cache.put(slot, record);
    return record;
  }

  /** The index has it already: a look there takes 2 µs and saves 16 bytes a block. */
  #fingerprintAt(slot: number): Fingerprint {
    const only = this.index.onlyFingerprint(this.blocks.numberAt(slot));
    if (only !== undefined) return only;
    const known = this.#rivals.get(slot);
    if (known !== undefined) return known;
    const fingerprint = fingerprintOf({ key: this.blocks.keyOf(slot), record: this.#recordAt(slot) });
    this.#rivals.set(slot, fingerprint);
    return fingerprint;
  }

  #entryAt(slot: number): ReplicaEntry {
    return { key: this.blocks.keyOf(slot), record: this.#recordAt(slot), fingerprint: this.#fingerprintAt(slot) };
  }

  #slotsAt(number: number): readonly number[] {
    return this.blocks.slotsAt(number).filter((slot) => this.#holds(slot));
  }

  /** As `#slots`; blocks that come below the height that was reached are left out. */
  *#slotsByNumber(): Generator<number> {
    let from = FIRST;
    for (;;) {
      const items = this.index.items({ from, to: END }, ITEMS_AT_ONCE);
      const last = items.at(-1);
      if (last === undefined) return;
      for (const number of new Set(items.map((item) => item.number))) yield* this.#slotsAt(number);
      from = numberAfter(last.number);
    }
  }

  *#slots(isWanted: (traits: number) => boolean): Generator<number> {
    for (let slot = 0; slot < this.blocks.slotsEnd; slot++) {
      if (this.#holds(slot) && isWanted(this.#traits.get(slot))) yield slot;
    }
  }
}

function traitsOf({ results, witnesses, holders, settled }: BlockRecord): number {
  const rank = witnesses.reduce((max, { state }) => Math.max(max, stateRank(state)), 0);
  return (
    (hasSuccess(results) ? IS_FINISHED : 0) |
    (witnesses.length > 0 || holders.length > 0 ? NAMES_WITNESS : 0) |
    (settled ? IS_SETTLED : 0) |
    (rank << STATE_RANK_SHIFT)
  );
}
