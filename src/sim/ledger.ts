/**
 * What was acknowledged in a run: every result that left its node.
 *
 * Invariant: entries are never taken back. Whether a record still holds a result is decided by the join of the product's
 * lattice: a result is held when joining it again changes nothing.
 */

import { joinResults, type Results, type SignedResult } from '../../crdt/block/result.ts';
import { equalBytes } from '../../crdt/bytes.ts';
import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';

export interface Acknowledged {
  readonly key: BlockKey;
  readonly result: SignedResult;
  /** When it left its node for the first time, virtual. */
  readonly atMs: number;
}

export class Ledger {
  readonly #byBlock = new Map<BlockId, Acknowledged[]>();

  note(key: BlockKey, result: SignedResult, atMs: number): void {
    const id = blockId(key);
    const known = this.#byBlock.get(id) ?? [];
    if (known.some((entry) => equalBytes(entry.result.signature, result.signature))) return;
    this.#byBlock.set(id, [...known, { key, result, atMs }]);
  }

  of(key: BlockKey): readonly Acknowledged[] {
    return this.#byBlock.get(blockId(key)) ?? [];
  }

  *all(): IterableIterator<Acknowledged> {
    for (const entries of this.#byBlock.values()) yield* entries;
  }
}

export function isHeld(results: Results, result: SignedResult): boolean {
  const joined = joinResults(results, [result]);
  return (
    joined.length === results.length &&
    joined.every((entry, at) => {
      const known = results[at];
      return known !== undefined && equalBytes(entry.signature, known.signature);
    })
  );
}
