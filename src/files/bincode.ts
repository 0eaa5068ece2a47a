/**
 * Rust's bincode in its legacy configuration, as far as the reference's files use it: little endian, fixed-width
 * integers, u64 lengths, u32 enum tags. A 32-byte hash is written as the u64 32 and its bytes.
 *
 * Invariant: nothing is allocated for a length that arrived before it was checked, first against its named limit, then
 * against the bytes that remain; what is read is a view of the input.
 *
 * https://github.com/bincode-org/bincode/blob/v2.0.1/docs/spec.md
 */

import { DecodeError, type DecodeCode } from '../../crdt/errors.ts';
import { HASH_BYTES, hashFromBytes, hashToBytes, type Hash32 } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';

export const U32_BYTES = 4;
export const U64_BYTES = 8;
/** A hash with its length in front. */
export const BINCODE_HASH_BYTES = U64_BYTES + HASH_BYTES;

const U64_MAX = 2n ** 64n - 1n;

export class BincodeReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: string;
  readonly #baseOffset: number;
  #offset = 0;

  /** `source` is the file that errors name; `baseOffset` is where in it `bytes` begins, so that they name its offsets. */
  constructor(bytes: Uint8Array, source: string, baseOffset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
    this.#baseOffset = baseOffset;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(field, U32_BYTES), true);
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(field, U64_BYTES), true);
  }

  /** A u64 that is at most 2^53 − 1. Throws `ERR_OUT_OF_RANGE` beyond. */
  safeInteger(field: string): number {
    const value = this.u64(field);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.#fail('ERR_OUT_OF_RANGE', field, `at most ${Number.MAX_SAFE_INTEGER}`, `${value}`, U64_BYTES);
    }
    return Number(value);
  }

  /** A u32 enum tag, as the name in `names` that it numbers. Throws `ERR_BAD_ENUM` when it numbers none. */
  variant<Name extends string>(field: string, names: readonly Name[]): Name {
    const tag = this.u32(field);
    const name = names[tag];
    if (name === undefined) {
      throw this.#fail('ERR_BAD_ENUM', field, `0…${names.length - 1}`, `${tag}`, U32_BYTES);
    }
    return name;
  }

  /** Throws `ERR_BAD_LENGTH` when the length in front is not 32. */
  hash(field: string): Hash32 {
    const length = this.u64(`${field} length`);
    if (length !== BigInt(HASH_BYTES)) {
      throw this.#fail('ERR_BAD_LENGTH', `${field} length`, `${HASH_BYTES}`, `${length}`, U64_BYTES);
    }
    return this.#bareHash(field);
  }

  /** A u64 count of at most `countMax`, and as many bare 32-byte arrays. */
  hashes(field: string, countMax: number): Hash32[] {
    const count = this.#length(field, 'count', countMax);
    this.#require(field, count * HASH_BYTES);
    return Array.from({ length: count }, () => this.#bareHash(field));
  }

  /** A u64 length of at most `maxBytes`, whose bytes are not read. */
  length(field: string, maxBytes: number): number {
    return this.#length(field, 'length', maxBytes);
  }

  /** A u64 length of at most `maxBytes`, and as many bytes: a view that shares memory with the input. */
  bytes(field: string, maxBytes: number): Uint8Array {
    const length = this.length(field, maxBytes);
    const start = this.#take(field, length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Throws `ERR_TRAILING_BYTES` unless everything was read. */
  end(what: string): void {
    if (this.remaining === 0) return;
    throw this.#fail('ERR_TRAILING_BYTES', what, 'the end of the bytes', `${this.remaining} more`);
  }

  #length(field: string, unit: 'count' | 'length', max: number): number {
    const length = this.u64(`${field} ${unit}`);
    if (length > BigInt(max)) {
      throw this.#fail('ERR_OVER_LIMIT', `${field} ${unit}`, `at most ${max}`, `${length}`, U64_BYTES);
    }
    return Number(length);
  }

  #bareHash(field: string): Hash32 {
    const start = this.#take(field, HASH_BYTES);
    return hashFromBytes(this.#bytes.subarray(start, start + HASH_BYTES));
  }

  /** Moves past `byteCount` bytes and returns where they start. */
  #take(field: string, byteCount: number): number {
    this.#require(field, byteCount);
    const start = this.#offset;
    this.#offset += byteCount;
    return start;
  }

  #require(field: string, byteCount: number): void {
    if (this.remaining >= byteCount) return;
    throw this.#fail('ERR_TRUNCATED', field, `${byteCount} more bytes`, `${this.remaining}`);
  }

  /** The error for a value of which `readBytes` bytes were read already. */
  #fail(code: DecodeCode, field: string, expected: string, found: string, readBytes = 0): DecodeError {
    const offset = this.#baseOffset + this.#offset - readBytes;
    return new DecodeError(code, { argument: `${this.#source}: ${field}`, expected, found, offset });
  }
}

/** Writes into one buffer of exactly the size that the caller computed, so that a witness of 256 MiB is copied once. */
export class BincodeWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u32(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value < 2 ** 32, 'a u32 is an integer in 0…2^32 − 1');
    this.#view.setUint32(this.#advance(U32_BYTES), value, true);
    return this;
  }

  u64(value: bigint): this {
    invariant(value >= 0n && value <= U64_MAX, 'a u64 is in 0…2^64 − 1');
    this.#view.setBigUint64(this.#advance(U64_BYTES), value, true);
    return this;
  }

  safeInteger(value: number): this {
    invariant(Number.isSafeInteger(value) && value >= 0, 'the integer is in 0…2^53 − 1');
    return this.u64(BigInt(value));
  }

  variant<Name extends string>(value: Name, names: readonly Name[]): this {
    return this.u32(names.indexOf(value));
  }

  hash(hash: Hash32): this {
    return this.bytes(hashToBytes(hash));
  }

  hashes(hashes: readonly Hash32[]): this {
    this.safeInteger(hashes.length);
    for (const hash of hashes) this.fixed(hashToBytes(hash));
    return this;
  }

  /** A u64 length and the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.safeInteger(bytes.length).fixed(bytes);
  }

  /** The bytes alone. */
  fixed(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#advance(bytes.length));
    return this;
  }

  /** What was written. Every byte of the size that was asked for must have been. */
  finish(): Uint8Array {
    invariant(this.#offset === this.#bytes.length, 'the encoding has the size that was computed for it');
    return this.#bytes;
  }

  #advance(byteCount: number): number {
    const start = this.#offset;
    invariant(start + byteCount <= this.#bytes.length, 'the encoding fits the size that was computed for it');
    this.#offset += byteCount;
    return start;
  }
}
