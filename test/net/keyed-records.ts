/** Random keyed records: any record of the block lattice, under keys that meet again and again. */

import fc from 'fast-check';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { BLOB_IDS_MAX, recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { RESULTS_MAX } from '../../crdt/block/result.ts';
import { WITNESS_ANNOUNCEMENTS_MAX, WITNESS_BLOB_IDS_MAX } from '../../crdt/block/witness.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { announcementWith, arbitraryRecord, hashOf, nodeOf, resultWith } from '../crdt/block/arbitraries.ts';

export const arbitraryKey: fc.Arbitrary<BlockKey> = fc.record({
  number: fc.constantFrom(0, 1, 1023, 1024, 3_080, Number.MAX_SAFE_INTEGER),
  hash: fc.integer({ min: 1, max: 3 }).map(hashOf),
});

/** Cloned into plain objects, which deepEqual tells from fast-check's objects without a prototype. */
export const arbitraryKeyedRecord: fc.Arbitrary<KeyedRecord> = fc
  .record({ key: arbitraryKey, record: arbitraryRecord })
  .map((keyed) => structuredClone(keyed));

/** A record with `count` blob ids: about 32 bytes each. */
export function recordWithBlobIds(count: number): BlockRecord {
  return recordOf({ blobIds: Array.from({ length: count }, (_, at) => hashOf(at)) });
}

/** About 320 KiB: more than a gossip message takes. */
export function largeRecord(): BlockRecord {
  const results = Array.from({ length: RESULTS_MAX }, (_, at) =>
    resultWith({ node: nodeOf(at), stateRoot: hashOf(at) }),
  );
  const blobIds = Array.from({ length: WITNESS_BLOB_IDS_MAX }, (_, at) => hashOf(at));
  const witnesses = Array.from({ length: WITNESS_ANNOUNCEMENTS_MAX }, (_, at) =>
    announcementWith({ author: nodeOf(at), blobIds }),
  );
  return recordOf({ results, witnesses, blobIds: recordWithBlobIds(BLOB_IDS_MAX).blobIds });
}
