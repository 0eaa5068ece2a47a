/** Small records at block numbers. */

import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD } from '../../../crdt/block/record.ts';
import { hashOf } from '../../crdt/block/arbitraries.ts';
import { keyAt } from '../signed-nodes.ts';

/** A record of block `number` that holds the blob id number `blob`. */
export function recordAt(number: number, blob = 1): KeyedRecord {
  return { key: keyAt(number), record: { ...EMPTY_RECORD, blobIds: [hashOf(blob)] } };
}
