/**
 * The witnesses that stand complete in this node's directory.
 *
 * Invariant: an entry was read from its file and its payload hashed; whoever uses the file later checks it again, since
 * files can change under us. 68 bytes a witness, and 13 once its block is settled, when nobody can ask for it by its digest
 * any more; what only validators ask for is kept while they may.
 */

import { WITNESS_STATES, type WitnessState } from '../../crdt/block/witness.ts';
import { equalBytes } from '../../crdt/bytes.ts';
import { hashFromBytes, hashToBytes, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import type { FileIdentity } from '../disk/disk.ts';
import type { BlockTable } from '../replica/block-table.ts';
import { Arena, NOWHERE } from '../replica/arena.ts';
import { NumberColumn } from '../replica/columns.ts';
import { NO_SLOT, SlotIndex } from '../replica/slot-index.ts';
import type { ShelfEntry } from '../snapshot/entry.ts';
import type { FileLedger, FilePlace } from '../store/file-ledger.ts';
import type { WitnessInput } from '../validators/validator.ts';

export type WitnessTerms = Omit<WitnessInput, 'path'>;

export interface ShelvedWitness {
  readonly key: BlockKey;
  readonly place: FilePlace;
  readonly path: string;
  readonly identity: FileIdentity;
  readonly state: WitnessState;
  /** Undefined once the block is settled. */
  readonly payloadDigest: Hash32 | undefined;
  readonly payloadBytes: number;
  /** Where the payload begins in the file. */
  readonly payloadOffset: number;
}

/** What is kept of a witness besides its file. */
export type ShelvedContent = Pick<ShelvedWitness, 'state' | 'payloadBytes' | 'payloadOffset'> & {
  readonly payloadDigest: Hash32;
};

export class WitnessShelf {
  readonly #blocks: BlockTable;
  readonly #files: FileLedger;
  readonly #pathOf: (key: BlockKey, place: FilePlace) => string;
  /** 1 + the index of its state; 0: not on the shelf. */
  readonly #states = new NumberColumn(Uint8Array);
  readonly #sizesBytes = new NumberColumn(Uint32Array);
  readonly #offsets = new NumberColumn(Uint32Array);
  readonly #locations = new NumberColumn(Uint32Array);
  readonly #digests = new Arena({
    locationOf: (slot) => this.#locations.get(slot),
    onMoved: (slot, location) => this.#locations.set(slot, location),
  });
  readonly #byDigest = new SlotIndex((slot) => hashOfDigest(this.#digests.get(this.#locations.get(slot))));
  readonly #terms = new Map<number, WitnessTerms>();
  #size = 0;
  #payloadBytes = 0;

  constructor(blocks: BlockTable, files: FileLedger, pathOf: (key: BlockKey, place: FilePlace) => string) {
    this.#blocks = blocks;
    this.#files = files;
    this.#pathOf = pathOf;
  }

  get size(): number {
    return this.#size;
  }

  /** Of all payloads together. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  has(key: BlockKey): boolean {
    return this.#isOn(this.#blocks.slotOf(key));
  }

  get(key: BlockKey): ShelvedWitness | undefined {
    return this.getAt(this.#blocks.slotOf(key));
  }

  getAt(slot: number): ShelvedWitness | undefined {
    const file = this.#isOn(slot) ? this.#files.knownAt('witness', slot) : undefined;
    const state = WITNESS_STATES[this.#states.get(slot) - 1];
    if (file === undefined || state === undefined) return undefined;
    const key = this.#blocks.keyOf(slot);
    const digest = this.#digestAt(slot);
    const payloadDigest = digest === undefined ? undefined : hashFromBytes(digest);
    const path = this.#pathOf(key, file.place);
    const [payloadBytes, payloadOffset] = [this.#sizesBytes.get(slot), this.#offsets.get(slot)];
    return { key, ...file, path, state, payloadDigest, payloadBytes, payloadOffset };
  }

  /** One by chance of those that can be asked for. */
  pick(random: RandomInteger): ShelvedWitness | undefined {
    return this.getAt(this.#byDigest.pick(random));
  }

  withDigest(payloadDigest: Hash32): ShelvedWitness | undefined {
    const digest = hashToBytes(payloadDigest);
    const isIt = (slot: number): boolean => equalBytes(this.#digestAt(slot) ?? NO_BYTES, digest);
    return this.getAt(this.#byDigest.find(hashOfDigest(digest), isIt));
  }

  /** What a validator gets: of a block that is not finished, and whose witness is on the shelf. */
  inputOf(key: BlockKey): WitnessInput | undefined {
    const terms = this.#terms.get(this.#blocks.slotOf(key));
    const path = terms === undefined ? undefined : this.get(key)?.path;
    return terms === undefined || path === undefined ? undefined : { path, ...terms };
  }

  /** Whether the witness of the block at `slot` is here, and has come as far as `rank` (see `stateRank`). */
  hasReached(slot: number, rank: number): boolean {
    return this.#states.get(slot) > rank;
  }

  /** Precondition: its file was noted in the ledger. `terms`: undefined when nobody will validate the block any more. */
  put(key: BlockKey, content: ShelvedContent, terms: WitnessTerms | undefined): void {
    this.remove(key);
    const slot = this.#blocks.claim(key);
    const state = WITNESS_STATES.indexOf(content.state) + 1;
    this.adopt(slot, { ...content, state, payloadDigest: hashToBytes(content.payloadDigest) });
    if (terms !== undefined) this.#terms.set(slot, terms);
  }

  remove(key: BlockKey): void {
    const slot = this.#blocks.slotOf(key);
    if (!this.#isOn(slot)) return;
    this.#forgetDigest(slot);
    this.#states.set(slot, 0);
    this.#terms.delete(slot);
    this.#size--;
    this.#payloadBytes -= this.#sizesBytes.get(slot);
  }

  /** What a snapshot keeps of the witness at `slot`; undefined when there is none. */
  entryAt(slot: number): ShelfEntry | undefined {
    const state = this.#states.get(slot);
    if (state === 0) return undefined;
    const [payloadBytes, payloadOffset] = [this.#sizesBytes.get(slot), this.#offsets.get(slot)];
    return { state, payloadBytes, payloadOffset, payloadDigest: this.#digestAt(slot) };
  }

  /** Takes over what a snapshot kept of a finished block. Precondition: the shelf has no witness of it. */
  adopt(slot: number, { state, payloadBytes, payloadOffset, payloadDigest }: ShelfEntry): void {
    this.#states.set(slot, state);
    this.#sizesBytes.set(slot, payloadBytes);
    this.#offsets.set(slot, payloadOffset);
    this.#size++;
    this.#payloadBytes += payloadBytes;
    if (payloadDigest === undefined) return;
    this.#locations.set(slot, this.#digests.put(slot, payloadDigest, 'short'));
    this.#byDigest.add(slot);
  }

  /** The block is settled: no record names the witness any more. */
  settle(key: BlockKey): void {
    const slot = this.#blocks.slotOf(key);
    if (this.#isOn(slot)) this.#forgetDigest(slot);
  }

  /** The block is finished: nobody will validate it any more. */
  finish(key: BlockKey): void {
    if (this.#terms.size > 0) this.#terms.delete(this.#blocks.slotOf(key));
  }

  #digestAt(slot: number): Uint8Array | undefined {
    const location = this.#locations.get(slot);
    return location === NOWHERE ? undefined : this.#digests.get(location);
  }

  #forgetDigest(slot: number): void {
    const location = this.#locations.get(slot);
    if (location === NOWHERE) return;
    this.#byDigest.delete(slot);
    this.#locations.set(slot, NOWHERE);
    this.#digests.free(location);
  }

  #isOn(slot: number): boolean {
    return slot !== NO_SLOT && this.#states.get(slot) !== 0;
  }
}

const NO_BYTES = new Uint8Array();

function hashOfDigest(digest: Uint8Array): number {
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}
