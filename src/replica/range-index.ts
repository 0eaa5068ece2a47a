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
import { rangeOf, type RangeDigest } from '../../net/reconcile/view.ts';

interface Range {
  count: number;
  digest: Fingerprint;
}

export class RangeIndex {
  readonly #ranges = new Map<number, Range>();

  /** A record's fingerprint went from `before` (undefined: the record is new) to `after` (undefined: it is gone). */
  change(key: BlockKey, before: Fingerprint | undefined, after: Fingerprint | undefined): void {
    const index = rangeOf(key);
    const range = this.#ranges.get(index) ?? { count: 0, digest: EMPTY_FINGERPRINT };
    this.#ranges.set(index, range);
    if (before !== undefined) {
      range.count--;
      range.digest = subtractFingerprint(range.digest, before);
    }
    if (after !== undefined) {
      range.count++;
      range.digest = addFingerprint(range.digest, after);
    }
    if (range.count === 0) this.#ranges.delete(index);
  }

  /** Ascending by index. */
  digests(): readonly RangeDigest[] {
    return [...this.#ranges].sort(([a], [b]) => a - b).map(([index, { count, digest }]) => ({ index, count, digest }));
  }
}
