/**
 * Columns of numbers or bytes, one row a slot, that grow in chunks: what a node keeps for every block it has ever seen, at
 * the size of the values and nothing more.
 *
 * Invariant: a row that was never set reads as zeros. Growing copies nothing.
 */

import { invariant } from '../../crdt/invariant.ts';

/** Rows in a chunk: 128 KiB for hashes. */
const CHUNK_ROWS = 1 << 12;
const ROW_MASK = CHUNK_ROWS - 1;
const CHUNK_SHIFT = 12;

type NumberArray = Uint8Array | Uint32Array;

export class NumberColumn {
  readonly #make: (rows: number) => NumberArray;
  readonly #chunks: NumberArray[] = [];

  constructor(ArrayType: new (rows: number) => NumberArray) {
    this.#make = (rows) => new ArrayType(rows);
  }

  get(slot: number): number {
    return this.#chunks[slot >>> CHUNK_SHIFT]?.[slot & ROW_MASK] ?? 0;
  }

  set(slot: number, value: number): void {
    chunkOf(this.#chunks, slot, this.#make)[slot & ROW_MASK] = value;
  }
}

/** 64 bits a row. A chunk of rows below 2^32, as block numbers and inodes mostly are, takes 4 bytes a row. */
class HalvesColumn {
  readonly #low = new NumberColumn(Uint32Array);
  readonly #high: (Uint32Array | undefined)[] = [];

  low(slot: number): number {
    return this.#low.get(slot);
  }

  high(slot: number): number {
    return this.#high[slot >>> CHUNK_SHIFT]?.[slot & ROW_MASK] ?? 0;
  }

  /** 32 bits each, signed or not. */
  setHalves(slot: number, high: number, low: number): void {
    this.#low.set(slot, low);
    const index = slot >>> CHUNK_SHIFT;
    if (high !== 0) this.#high[index] ??= new Uint32Array(CHUNK_ROWS);
    const chunk = this.#high[index];
    if (chunk !== undefined) chunk[slot & ROW_MASK] = high;
  }
}

/** Unsigned 64-bit values. */
export class BigColumn extends HalvesColumn {
  get(slot: number): bigint {
    const low = BigInt(this.low(slot));
    const high = this.high(slot);
    return high === 0 ? low : (BigInt(high) << 32n) | low;
  }

  set(slot: number, value: bigint): void {
    this.setHalves(slot, Number(value >> 32n), Number(BigInt.asUintN(32, value)));
  }
}

/** Whole numbers from 0 to 2^53 − 1. */
export class SafeIntegerColumn extends HalvesColumn {
  get(slot: number): number {
    return this.high(slot) * 2 ** 32 + this.low(slot);
  }

  set(slot: number, value: number): void {
    this.setHalves(slot, Math.floor(value / 2 ** 32), value % 2 ** 32);
  }
}

/** Rows of a fixed number of bytes. */
export class BytesColumn {
  readonly #rowBytes: number;
  readonly #chunks: Uint8Array[] = [];

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes;
  }

  /** A view of the row, which shows later changes of it. Precondition: it was set. */
  get(slot: number): Uint8Array {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    invariant(chunk !== undefined, 'a row of bytes is read after it was set');
    const start = (slot & ROW_MASK) * this.#rowBytes;
    return chunk.subarray(start, start + this.#rowBytes);
  }

  set(slot: number, bytes: Uint8Array): void {
    invariant(bytes.length === this.#rowBytes, 'a row is set whole');
    const make = (rows: number): Uint8Array => new Uint8Array(rows * this.#rowBytes);
    chunkOf(this.#chunks, slot, make).set(bytes, (slot & ROW_MASK) * this.#rowBytes);
  }

  /** Whether the row holds `bytes`. */
  equals(slot: number, bytes: Uint8Array): boolean {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    if (chunk === undefined) return false;
    const start = (slot & ROW_MASK) * this.#rowBytes;
    for (let at = 0; at < this.#rowBytes; at++) if (chunk[start + at] !== bytes[at]) return false;
    return true;
  }
}

function chunkOf<A>(chunks: A[], slot: number, make: (rows: number) => A): A {
  const index = slot >>> CHUNK_SHIFT;
  while (chunks.length <= index) chunks.push(make(CHUNK_ROWS));
  const chunk = chunks[index];
  invariant(chunk !== undefined, 'chunks are filled up to the one asked for');
  return chunk;
}
