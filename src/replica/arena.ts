/**
 * Byte strings of any length, one a slot, packed into chunks outside the JavaScript heap.
 *
 * Invariants: an entry's bytes never change; a slot's location is what `put` or a later `onMoved` said last. Of the bytes
 * in all chunks but the one being filled, at least half are in use: a chunk that falls below gives its entries to the
 * current one and goes.
 *
 * ```
 * chunk = 4 bytes unused, entry*          entry = slot u32, length u32, bytes, padding to 4 bytes
 * ```
 */

import { invariant } from '../../crdt/invariant.ts';

/** Of which an entry's location counts. */
const UNIT_BYTES = 4;
const CHUNK_BYTES = 2 ** 16;
const CHUNK_UNITS = CHUNK_BYTES / UNIT_BYTES;
const HEADER_BYTES = 8;
const SPARE_CHUNKS_MAX = 64;

/** Where an entry stands; 0 is nowhere. */
export type Location = number;
export const NOWHERE: Location = 0;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Bytes filled so far. */
  end: number;
  /** Of these, bytes of entries in use. */
  used: number;
  life: EntryLife;
}

/**
 * How long an entry will probably stay as it is. Each kind fills chunks of its own, so that what goes soon leaves no holes
 * between what stays for good.
 */
export type EntryLife = 'short' | 'long';

export interface ArenaOwner {
  /** The location that the owner holds for `slot`. */
  readonly locationOf: (slot: number) => Location;
  readonly onMoved: (slot: number, location: Location) => void;
}

export class Arena {
  readonly #owner: ArenaOwner;
  readonly #chunks: (Chunk | undefined)[] = [];
  #free: number[] = [];
  /** Chunks to fill again: memory that is given back and asked for all the time falls to pieces. */
  #spare: Chunk[] = [];
  readonly #current: Record<EntryLife, number>;

  constructor(owner: ArenaOwner) {
    this.#owner = owner;
    this.#current = { short: this.#addChunk(CHUNK_BYTES, 'short'), long: this.#addChunk(CHUNK_BYTES, 'long') };
  }

  /** Bytes of all chunks. */
  get sizeBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + (chunk?.bytes.length ?? 0), 0);
  }

  /** Stores a copy. The slot's entry before it, if any, is to be freed by the caller. */
  put(slot: number, bytes: Uint8Array, life: EntryLife): Location {
    const size = entryBytes(bytes.length);
    if (UNIT_BYTES + size > CHUNK_BYTES) return this.#write(this.#addChunk(UNIT_BYTES + size, life), slot, bytes);
    // The entries of a retired chunk may fill the new one.
    while (this.#chunk(this.#current[life]).end + size > CHUNK_BYTES) this.#retireCurrent(life);
    return this.#write(this.#current[life], slot, bytes);
  }

  /** A view; valid until the next `put` or `free`. */
  get(location: Location): Uint8Array {
    const { bytes, words } = this.#chunk(Math.floor(location / CHUNK_UNITS));
    const at = location % CHUNK_UNITS;
    const start = at * UNIT_BYTES + HEADER_BYTES;
    return bytes.subarray(start, start + (words[at + 1] ?? 0));
  }

  /** Gives an entry up. Precondition: its owner does not hold `location` any more. */
  free(location: Location): void {
    const index = Math.floor(location / CHUNK_UNITS);
    const chunk = this.#chunk(index);
    chunk.used -= entryBytes(chunk.words[(location % CHUNK_UNITS) + 1] ?? 0);
    if (index !== this.#current.short && index !== this.#current.long) this.#reviewUse(index, chunk);
  }

  #retireCurrent(life: EntryLife): void {
    const retired = this.#current[life];
    this.#current[life] = this.#addChunk(CHUNK_BYTES, life);
    this.#reviewUse(retired, this.#chunk(retired));
  }

  #reviewUse(index: number, chunk: Chunk): void {
    if (chunk.used * 2 < chunk.end) this.#evacuate(index, chunk);
  }

  #evacuate(index: number, chunk: Chunk): void {
    let start = UNIT_BYTES;
    while (start < chunk.end) {
      const at = start / UNIT_BYTES;
      const slot = chunk.words[at] ?? 0;
      const length = chunk.words[at + 1] ?? 0;
      if (this.#owner.locationOf(slot) === index * CHUNK_UNITS + at) {
        const bytes = chunk.bytes.subarray(start + HEADER_BYTES, start + HEADER_BYTES + length);
        // Still of its kind: blocks settle in order, so what is left of a chunk goes right after what went.
        this.#owner.onMoved(slot, this.put(slot, bytes, chunk.life));
      }
      start += entryBytes(length);
    }
    this.#chunks[index] = undefined;
    this.#free.push(index);
    if (chunk.bytes.length === CHUNK_BYTES && this.#spare.length < SPARE_CHUNKS_MAX) this.#spare.push(chunk);
  }

  #write(index: number, slot: number, bytes: Uint8Array): Location {
    const chunk = this.#chunk(index);
    const at = chunk.end / UNIT_BYTES;
    const size = entryBytes(bytes.length);
    chunk.words[at] = slot;
    chunk.words[at + 1] = bytes.length;
    chunk.bytes.set(bytes, chunk.end + HEADER_BYTES);
    chunk.end += size;
    chunk.used += size;
    return index * CHUNK_UNITS + at;
  }

  #addChunk(sizeBytes: number, life: EntryLife): number {
    const index = this.#free.pop() ?? this.#chunks.length;
    invariant(index < 2 ** 16, 'an arena holds at most 16 GiB');
    const spare = sizeBytes === CHUNK_BYTES ? this.#spare.pop() : undefined;
    this.#chunks[index] =
      spare === undefined ? newChunk(sizeBytes, life) : { ...spare, end: UNIT_BYTES, used: UNIT_BYTES, life };
    return index;
  }

  #chunk(index: number): Chunk {
    const chunk = this.#chunks[index];
    invariant(chunk !== undefined, 'a location is of a chunk that exists');
    return chunk;
  }
}

function newChunk(sizeBytes: number, life: EntryLife): Chunk {
  const buffer = new ArrayBuffer(sizeBytes);
  return { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), end: UNIT_BYTES, used: UNIT_BYTES, life };
}

function entryBytes(length: number): number {
  return HEADER_BYTES + Math.ceil(length / UNIT_BYTES) * UNIT_BYTES;
}
