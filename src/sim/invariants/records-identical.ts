/** Convergence: after everything was healed all replicas hold the same records, byte for byte. */

import { EMPTY_RECORD } from '../../../crdt/block/record.ts';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { equalBytes } from '../../../crdt/bytes.ts';
import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const RECORDS_IDENTICAL: Invariant = {
  name: 'records-identical',
  promise: 'when the network has healed, all nodes come to hold byte-identical records without help',
  watch: ({ machines, blocks }, violate) => ({
    atEnd() {
      const [first, ...others] = machines;
      for (const { key } of blocks) {
        const expected = encodeRecord(first?.node?.replica.get(key) ?? EMPTY_RECORD);
        for (const other of others) {
          const found = encodeRecord(other.node?.replica.get(key) ?? EMPTY_RECORD);
          if (equalBytes(found, expected)) continue;
          violate({ key, detail: `${first?.name} and ${other.name} hold different records of ${shortBlock(key)}` });
          return;
        }
      }
      const strange = others.find(({ node }) => node?.replica.digest !== first?.node?.replica.digest);
      if (strange !== undefined) violate({ detail: `${first?.name} and ${strange.name} have different digests` });
    },
  }),
};
