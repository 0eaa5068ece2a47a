/**
 * The 32-byte values (node ids, hashes) of a record or of a group of them, each written once and then named by its
 * index. A block validated by three nodes mentions each node up to three times and one state root three times; the table
 * makes that one each.
 *
 * Invariant: the table is sorted, without repeats, and holds exactly the values that are referred to, so it is a
 * function of what refers to it.
 */

import { nodeFromHex, type Hash32, type NodeId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Writes 32-byte values in a form of its own; an {@link IdReader} of the same kind reads them. */
export interface IdWriter {
  node(writer: Writer, node: NodeId): void;
  hash(writer: Writer, hash: Hash32): void;
}

export interface IdReader {
  node(reader: Reader, field: string): NodeId;
  hash(reader: Reader, field: string): Hash32;
}

/** Collects the values first, then tells where each one stands. */
export class IdTable implements IdWriter {
  /** By their digits, ascending, each with its index: a search in a full table of 2,800 would take a merge 150 ms. */
  readonly #indexes = new Map<string, number>();
  /** The indexes of the hashes by what they are known as: a string made anew has to be hashed anew. */
  readonly #hashIndexes = new Map<Hash32, number>();

  /** In any order, with repeats. */
  constructor(nodes: readonly NodeId[], hashes: readonly Hash32[]) {
    const distinct = new Set<string>(nodes);
    const digitsOf = new Map<Hash32, string>();
    for (const hash of hashes) {
      if (digitsOf.has(hash)) continue;
      const digits = hash.slice(2);
      digitsOf.set(hash, digits);
      distinct.add(digits);
    }
    for (const digits of [...distinct].sort()) this.#indexes.set(digits, this.#indexes.size);
    for (const [hash, digits] of digitsOf) this.#hashIndexes.set(hash, this.#indexes.get(digits) ?? 0);
  }

  node(writer: Writer, node: NodeId): void {
    writeIndex(writer, this.#indexes.get(node));
  }

  hash(writer: Writer, hash: Hash32): void {
    writeIndex(writer, this.#hashIndexes.get(hash));
  }

  write(writer: Writer): void {
    writer.varint(this.#indexes.size);
    for (const digits of this.#indexes.keys()) writer.node(nodeFromHex(digits));
  }
}

/** Reads a table, then resolves indexes into it. */
export class IdTableReader implements IdReader {
  readonly #hashes: Hash32[] = [];
  readonly #isUsed: boolean[] = [];
  #usedCount = 0;

  /** Entries are read one by one, so a table that claims more than has arrived costs what has arrived. */
  constructor(reader: Reader, entriesMax: number) {
    const count = reader.varint('id table size', entriesMax);
    for (let at = 0; at < count; at++) {
      const start = reader.offset;
      const hash = reader.hash('id table entry');
      const previous = this.#hashes[at - 1];
      if (previous !== undefined && previous >= hash) {
        throw reader.fail('ERR_NOT_CANONICAL', 'id table entry', 'ascending order', `${hash} after ${previous}`, start);
      }
      this.#hashes.push(hash);
      this.#isUsed.push(false);
    }
  }

  node(reader: Reader, field: string): NodeId {
    return nodeFromHex(this.hash(reader, field).slice(2));
  }

  hash(reader: Reader, field: string): Hash32 {
    const start = reader.offset;
    const index = reader.varint(field);
    const hash = this.#hashes[index];
    if (hash === undefined) {
      throw reader.fail('ERR_OUT_OF_RANGE', field, `an index below ${this.#hashes.length}`, `${index}`, start);
    }
    if (this.#isUsed[index] === false) {
      this.#isUsed[index] = true;
      this.#usedCount++;
    }
    return hash;
  }

  /** Call it after everything was read. Throws `ERR_NOT_CANONICAL` when an entry was never referred to. */
  end(reader: Reader): void {
    const unused = this.#hashes.length - this.#usedCount;
    if (unused === 0) return;
    throw reader.fail('ERR_NOT_CANONICAL', 'id table', 'only values that are referred to', `${unused} that are not`);
  }
}

function writeIndex(writer: Writer, index: number | undefined): void {
  invariant(index !== undefined, 'every value that is written was collected into the table');
  writer.varint(index);
}
