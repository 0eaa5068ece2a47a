/**
 * Every block this node keeps something about, each with a small number: its slot, under which the columns of the replica,
 * the shelf and the file ledger hold what they know of it.
 *
 * Invariant: a block has one slot from `claim` to `release`, and no two blocks share one. Indexed by block number alone, so
 * that the same search that finds a block finds all blocks of its height. About 45 bytes a block.
 */

import { compareText, hashFromBytes, hashToBytes, HASH_BYTES, type BlockKey } from '../../crdt/ids.ts';
import { equalsHex } from '../../crdt/hex.ts';
import { BytesColumn, SafeIntegerColumn } from './columns.ts';
import { NO_SLOT, SlotIndex } from './slot-index.ts';

/** What stands between number and hash in a block's id. */
const HASH_PREFIX = '.0x';
const BLOCK_HASH_DIGITS = 2 * HASH_BYTES;
/** Of 2^53. */
const NUMBER_DIGITS_MAX = 16;
const DIGIT_ZERO = 48;

export class BlockTable {
  readonly #numbers = new SafeIntegerColumn();
  readonly #hashes = new BytesColumn(HASH_BYTES);
  readonly #byNumber = new SlotIndex((slot) => hashOfNumber(this.#numbers.get(slot)));
  readonly #released: number[] = [];
  #end = 0;

  /** Blocks with a slot. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** All slots in use are below it. */
  get slotsEnd(): number {
    return this.#end;
  }

  /** The block's slot, or `NO_SLOT`. */
  slotOf(key: BlockKey): number {
    return this.#find(key.number, hashToBytes(key.hash));
  }

  /**
   * The slot of the block that `text` names up to `end`, as {@link slotOf} gives it for the key that `parseBlockId` gives. Makes no
   * key: a start asks for every file, and that takes a fifth of the time.
   */
  slotOfText(text: string, end: number): number {
    const dot = end - BLOCK_HASH_DIGITS - HASH_PREFIX.length;
    if (dot < 1 || dot > NUMBER_DIGITS_MAX || !text.startsWith(HASH_PREFIX, dot)) return NO_SLOT;
    if (dot > 1 && text.startsWith('0')) return NO_SLOT;
    let number = 0;
    for (let at = 0; at < dot; at++) {
      const digit = text.charCodeAt(at) - DIGIT_ZERO;
      if (digit < 0 || digit > 9) return NO_SLOT;
      number = number * 10 + digit;
    }
    return this.#byNumber.find(
      hashOfNumber(number),
      (slot) => this.#numbers.get(slot) === number && equalsHex(this.#hashes.get(slot), text, dot + HASH_PREFIX.length),
    );
  }

  /** The block's slot, made if it has none. */
  claim(key: BlockKey): number {
    return this.claimBytes(key.number, hashToBytes(key.hash));
  }

  /** The same for the 32 bytes of a hash. */
  claimBytes(number: number, hash: Uint8Array): number {
    const known = this.#find(number, hash);
    if (known !== NO_SLOT) return known;
    const slot = this.#released.pop() ?? this.#end++;
    this.#numbers.set(slot, number);
    this.#hashes.set(slot, hash);
    this.#byNumber.add(slot);
    return slot;
  }

  /** Forgets the block. Precondition: the slot is in use, and no column holds anything at it any more. */
  release(slot: number): void {
    this.#byNumber.delete(slot);
    this.#released.push(slot);
  }

  /** Precondition: the slot is in use. */
  keyOf(slot: number): BlockKey {
    return { number: this.#numbers.get(slot), hash: hashFromBytes(this.#hashes.get(slot)) };
  }

  numberAt(slot: number): number {
    return this.#numbers.get(slot);
  }

  /** A view of the block's hash. Precondition: the slot is in use. */
  hashAt(slot: number): Uint8Array {
    return this.#hashes.get(slot);
  }

  /** The slots of the blocks at `number`, by hash. */
  slotsAt(number: number): readonly number[] {
    const found = this.#byNumber.findAll(hashOfNumber(number), (slot) => this.#numbers.get(slot) === number);
    if (found.length < 2) return found;
    return found
      .map((slot) => ({ slot, hash: this.keyOf(slot).hash }))
      .sort((a, b) => compareText(a.hash, b.hash))
      .map(({ slot }) => slot);
  }

  #find(number: number, hash: Uint8Array): number {
    return this.#byNumber.find(
      hashOfNumber(number),
      (slot) => this.#numbers.get(slot) === number && this.#hashes.equals(slot, hash),
    );
  }
}

/** The lower 32 bits; the upper 21 differ in one cluster only if its blocks lie 4 thousand million apart. */
function hashOfNumber(number: number): number {
  return number | 0;
}
