/**
 * Reads what {@link Writer} wrote, and nothing else: a varint that is not the shortest, a length past its limit or
 * bytes after the end are refused, so decode∘encode and encode∘decode are both the identity.
 */

import { DecodeError, type DecodeCode } from '../errors.ts';
import { HASH_BYTES, hashFromBytes, nodeFromBytes, type Hash32, type NodeId } from '../ids.ts';

/** Eight bytes carry 56 bits; 2^53 − 1 needs 53. */
const VARINT_BYTES_MAX = 8;

export class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(field: string): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw this.#truncated(field, 1);
    this.#offset++;
    return value;
  }

  /** An integer in 0…`max`. Throws `ERR_OVER_LIMIT` beyond `max`, `ERR_NOT_CANONICAL` when a shorter form exists. */
  varint(field: string, max: number = Number.MAX_SAFE_INTEGER): number {
    const start = this.#offset;
    let value = 0;
    let scale = 1;
    for (let count = 1; ; count++) {
      const byte = this.u8(field);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && count > 1)
          throw this.fail('ERR_NOT_CANONICAL', field, 'the shortest varint', 'a longer one', start);
        break;
      }
      if (count === VARINT_BYTES_MAX) {
        throw this.fail('ERR_OUT_OF_RANGE', field, `at most ${VARINT_BYTES_MAX} bytes`, 'a longer varint', start);
      }
      scale *= 0x80;
    }
    if (value > max) throw this.fail('ERR_OVER_LIMIT', field, `at most ${max}`, `${value}`, start);
    return value;
  }

  /** `byteCount` (1 to 6) bytes, most significant first. */
  uintBE(field: string, byteCount: number): number {
    if (this.remaining < byteCount) throw this.#truncated(field, byteCount);
    let value = 0;
    for (let at = 0; at < byteCount; at++) value = value * 0x100 + this.u8(field);
    return value;
  }

  /** A view of the next `byteCount` bytes; it shares memory with the input. */
  fixed(field: string, byteCount: number): Uint8Array {
    if (this.remaining < byteCount) throw this.#truncated(field, byteCount);
    const bytes = this.#bytes.subarray(this.#offset, this.#offset + byteCount);
    this.#offset += byteCount;
    return bytes;
  }

  /** A copy of what was read since the reader stood at `start`. */
  readSince(start: number): Uint8Array {
    return this.#bytes.slice(start, this.#offset);
  }

  hash(field: string): Hash32 {
    return hashFromBytes(this.fixed(field, HASH_BYTES));
  }

  node(field: string): NodeId {
    return nodeFromBytes(this.fixed(field, HASH_BYTES));
  }

  /** A varint length of at most `maxBytes` and as many bytes; a view that shares memory with the input. */
  bytes(field: string, maxBytes: number): Uint8Array {
    return this.fixed(field, this.varint(`${field} length`, maxBytes));
  }

  /** UTF-8 of at most `maxBytes`. Throws `ERR_BAD_TEXT` when it is not UTF-8. */
  text(field: string, maxBytes: number): string {
    const start = this.#offset;
    const bytes = this.bytes(field, maxBytes);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.fail('ERR_BAD_TEXT', field, 'UTF-8', `${bytes.length} bytes that are not`, start);
    }
  }

  /** Throws `ERR_TRAILING_BYTES` unless everything was read. */
  end(what: string): void {
    if (this.remaining === 0) return;
    throw this.fail('ERR_TRAILING_BYTES', what, 'the end of the bytes', `${this.remaining} more`);
  }

  /** The error for a bad value in `field`, at `offset` (here, when not given). */
  fail(code: DecodeCode, field: string, expected: string, found: string, offset: number = this.#offset): DecodeError {
    return new DecodeError(code, { argument: field, expected, found, offset });
  }

  #truncated(field: string, wanted: number): DecodeError {
    return this.fail('ERR_TRUNCATED', field, `${wanted} more bytes`, `${this.remaining}`);
  }
}
