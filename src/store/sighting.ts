/** What a look at a block's file tells the store. */

import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import type { Origin } from './block-store.ts';
import type { KnownFile } from './file-ledger.ts';

/** What a look at a block's file found. `deltas` are merged before the file is replaced. */
export interface Sighting {
  /** Undefined: there is none (any more). */
  readonly file: KnownFile | undefined;
  /** Of the record in the file's trailer; undefined when the file holds none that counts. */
  readonly fingerprint: Fingerprint | undefined;
  readonly deltas: readonly SightedDelta[];
}

export interface SightedDelta {
  readonly record: BlockRecord;
  readonly origin: Origin;
}
