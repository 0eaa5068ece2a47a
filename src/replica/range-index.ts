/**
 * Digests per range of 1024 block numbers, kept up to date record by record.
 *
 * Invariant: a range's digest is the sum of the fingerprints of its records, and its count their number.
 */

import {
  addFingerprint,
  EMPTY_FINGERPRINT,
  subtractFingerprint,
  type Fingerprint,
} from '../../crdt/block/fingerprint.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { RANGE_BLOCKS, type RangeDigest } from '../../net/reconcile/view.ts';

interface Range {
  readonly keys: BlockKey[];
  digest: Fingerprint;
}

export class RangeIndex {
  readonly #ranges = new Map<number, Range>();

  /** A record's fingerprint went from `before` (undefined: the record is new) to `after`. */
  change(key: BlockKey, before: Fingerprint | undefined, after: Fingerprint): void {
    const index = Math.floor(key.number / RANGE_BLOCKS);
    let range = this.#ranges.get(index);
    if (range === undefined) {
      range = { keys: [], digest: EMPTY_FINGERPRINT };
      this.#ranges.set(index, range);
    }
    if (before === undefined) range.keys.push(key);
    else range.digest = subtractFingerprint(range.digest, before);
    range.digest = addFingerprint(range.digest, after);
  }

  keysIn(index: number): readonly BlockKey[] {
    return this.#ranges.get(index)?.keys ?? [];
  }

  /** Ascending by index. */
  digests(): readonly RangeDigest[] {
    return [...this.#ranges]
      .sort(([a], [b]) => a - b)
      .map(([index, { keys, digest }]) => ({ index, count: keys.length, digest }));
  }
}
