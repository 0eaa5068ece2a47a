/**
 * Writes driftlock's own wire and trailer format: unsigned LEB128 varints in their shortest form, big-endian fixed
 * integers, raw 32-byte hashes. Every value has exactly one encoding, so equal states are equal bytes.
 */

import { hexInto } from '../hex.ts';
import { HASH_BYTES, type Hash32, type NodeId } from '../ids.ts';
import { invariant } from '../invariant.ts';

const INITIAL_BYTES = 256;
/** The buffer of the last writer that has finished, kept for the next one: what is written is mostly small, and often. */
let spare: Uint8Array | undefined;
/** A larger one is not kept. */
const SPARE_BYTES_MAX = 4_096;
const utf8 = new TextEncoder();
const ASCII_MAX = 0x7f;

export class Writer {
  #bytes: Uint8Array;
  #length = 0;
  #isFinished = false;

  constructor(initialBytes = INITIAL_BYTES) {
    if (spare !== undefined && initialBytes <= spare.length) {
      this.#bytes = spare;
      spare = undefined;
    } else {
      this.#bytes = new Uint8Array(initialBytes);
    }
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xff, 'a u8 is an integer in 0…255');
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** `value`: an integer in 0…2^53 − 1; 1 to 8 bytes. */
  varint(value: number): this {
    invariant(Number.isSafeInteger(value) && value >= 0, 'a varint is an integer in 0…2^53 − 1');
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** `value` in `byteCount` (1 to 6) bytes, most significant first. */
  uintBE(value: number, byteCount: number): this {
    invariant(Number.isSafeInteger(value) && value >= 0 && value < 2 ** (8 * byteCount), 'the integer fits its bytes');
    this.#reserve(byteCount);
    let rest = value;
    for (let at = this.#length + byteCount - 1; at >= this.#length; at--) {
      this.#bytes[at] = rest % 0x100;
      rest = Math.floor(rest / 0x100);
    }
    this.#length += byteCount;
    return this;
  }

  fixed(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  hash(hash: Hash32): this {
    return this.#hex32(hash, 2);
  }

  node(node: NodeId): this {
    return this.#hex32(node, 0);
  }

  /** A varint length and the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).fixed(bytes);
  }

  /** A varint byte length and UTF-8. */
  text(text: string): this {
    for (let at = 0; at < text.length; at++) {
      if (text.charCodeAt(at) > ASCII_MAX) return this.bytes(utf8.encode(text));
    }
    this.varint(text.length).#reserve(text.length);
    for (let at = 0; at < text.length; at++) this.#bytes[this.#length++] = text.charCodeAt(at);
    return this;
  }

  /** The bytes written so far, as a copy that later writes do not touch. */
  finish(): Uint8Array {
    const finished = this.#bytes.slice(0, this.#length);
    if (!this.#isFinished && this.#bytes.length <= SPARE_BYTES_MAX) spare = this.#bytes;
    this.#isFinished = true;
    // Full, so that whatever is still written goes into a buffer of its own.
    this.#bytes = finished;
    return finished;
  }

  #hex32(text: string, from: number): this {
    this.#reserve(HASH_BYTES);
    hexInto(this.#bytes, this.#length, text, from);
    this.#length += HASH_BYTES;
    return this;
  }

  /** The bytes written so far, as a view that the next write may change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written and keeps its room, for whoever writes much and often. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
