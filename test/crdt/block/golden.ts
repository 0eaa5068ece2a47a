/**
 * Records with every part, a group of records, and their bytes. Trailers on disk and messages between nodes hold these
 * bytes, so they are never to change: a new encoding gets a new version byte and golden bytes of its own.
 */

import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { ZERO_HASH } from '../../../crdt/ids.ts';
import { announcementWith, hashOf, leaseWith, nodeOf, resultWith, signatureOf, stampOf } from './arbitraries.ts';

/** Finished and disputed: results of three nodes, two announcements, holders, blob ids. Success leaves no lease. */
export const FULL_RECORD: BlockRecord = recordOf({
  results: [
    resultWith({ node: nodeOf(1), stateRoot: hashOf(1), epoch: 2, sequence: 1, stamp: stampOf(1_763_000_000_123, 7) }),
    resultWith({ node: nodeOf(1), stateRoot: hashOf(2), epoch: 0, sequence: 2, signature: signatureOf(2) }),
    resultWith({ node: nodeOf(2), stateRoot: hashOf(1), epoch: 300, signature: signatureOf(3) }),
    resultWith({ node: nodeOf(3), verdict: 'failed', stateRoot: ZERO_HASH, signature: signatureOf(4) }),
  ],
  witnesses: [
    announcementWith({
      author: nodeOf(2),
      state: 'Completed',
      lockTimeSeconds: 2n ** 64n - 2n,
      blobIds: [hashOf(22), hashOf(21)],
      signature: signatureOf(5),
    }),
    announcementWith({ author: nodeOf(4), payloadDigest: hashOf(12), payloadBytes: 0, signature: signatureOf(6) }),
  ],
  holders: [
    { node: nodeOf(2), dot: 1, live: true },
    { node: nodeOf(4), dot: 70, live: false },
  ],
  blobIds: [hashOf(21), hashOf(22)],
});

/** Claimed again after a failure: both leases, one renewed, one released. */
export const CLAIMED_RECORD: BlockRecord = recordOf({
  results: [resultWith({ node: nodeOf(3), verdict: 'failed', stateRoot: hashOf(9), epoch: 1, sequence: 2 })],
  lease: leaseWith({
    holder: nodeOf(2),
    epoch: 2,
    stamp: stampOf(1_763_000_000_123, 65_535),
    renewals: 3,
    renewedAfterMs: 45_000,
    signature: signatureOf(7),
  }),
  generation: leaseWith({
    holder: nodeOf(1),
    durationMs: 60_000,
    renewals: 1,
    released: true,
    signature: signatureOf(8),
  }),
});

/** A result, the announcement of the next block, whose parent is the first, and a holder of the first block. */
export const RECORD_GROUP: readonly KeyedRecord[] = [
  {
    key: { number: 3_080, hash: hashOf(1) },
    record: recordOf({ results: [resultWith({ node: nodeOf(1), stateRoot: hashOf(2), signature: signatureOf(9) })] }),
  },
  {
    key: { number: 3_081, hash: hashOf(3) },
    record: recordOf({
      witnesses: [
        announcementWith({
          author: nodeOf(2),
          payloadDigest: hashOf(11),
          parentHash: hashOf(1),
          preStateRoot: hashOf(2),
          signature: signatureOf(10),
        }),
      ],
    }),
  },
  { key: { number: 3_080, hash: hashOf(1) }, record: recordOf({ holders: [{ node: nodeOf(1), dot: 1, live: true }] }) },
];

/** Node and hash number `last`, as {@link nodeOf} and {@link hashOf} make them. */
const node = (last: string): string => `a0${'00'.repeat(30)}${last}`;
const hash = (last: string): string => `b0${'00'.repeat(30)}${last}`;
const signature = (byte: string): string => byte.repeat(64);

/** One line a list entry; the spaces, which part its fields, are left out. */
function joined(lines: readonly string[]): string {
  return lines.join('').replaceAll(' ', '');
}

/** Written down from the grammar of docs/protocol.md, field by field. */
export const FULL_RECORD_HEX = joined([
  '01', // version
  '0a', // ten ids, 0 to 9
  `${'00'.repeat(32)} ${node('01')} ${node('02')} ${node('03')} ${node('04')}`,
  `${hash('01')} ${hash('02')} ${hash('0b')} ${hash('0c')} ${hash('0d')}`,
  '35', // parts: results, announcements, holders, blob ids
  '04', // four results: node, verdict, state root, epoch, sequence, stamp, signature
  `01 01 05 02 01 019a7afd1e7b0007 ${signature('01')}`,
  `01 01 06 00 02 0000000003e80000 ${signature('02')}`,
  `02 01 05 ac02 01 0000000003e80000 ${signature('03')}`,
  `03 00 00 01 01 0000000003e80000 ${signature('04')}`,
  '02', // two announcements: author, state, size, digest, parent, pre-state root, lock time, blob ids, signature
  `02 06 b06d 07 08 09 fffffffffffffffe 02 ${hash('16')} ${hash('15')} ${signature('05')}`,
  `04 02 00 08 08 09 0000000000000000 00 ${signature('06')}`,
  '02', // two holders: node, 2 × dot + live
  '02 03',
  '04 8c01',
  '02', // two blob ids
  `${hash('15')} ${hash('16')}`,
]);
export const CLAIMED_RECORD_HEX = joined([
  '01', // version
  '04', // four ids, 0 to 3
  `${node('01')} ${node('02')} ${node('03')} ${hash('09')}`,
  '0b', // parts: results, lease, generation lease
  '01', // one result
  `02 00 03 01 02 0000000003e80000 ${signature('01')}`,
  // Two leases: holder, epoch, stamp, duration, renewals, renewed after, released, signature.
  `01 02 019a7afd1e7bffff b0ea01 03 c8df02 00 ${signature('07')}`,
  `00 01 0000000003e80000 e0d403 01 00 01 ${signature('08')}`,
]);
/** Version, no ids, no parts. */
export const EMPTY_RECORD_HEX = '010000';
export const RECORD_GROUP_HEX = joined([
  '06', // six ids, 0 to 5
  `${node('01')} ${node('02')} ${hash('01')} ${hash('02')} ${hash('03')} ${hash('0b')}`,
  '03', // three records: block number, block hash, parts, and the parts as above
  '8818 02 01',
  `01 00 01 03 01 01 0000000003e80000 ${signature('09')}`,
  '8918 04 04',
  `01 01 02 b06d 05 02 03 0000000000000000 00 ${signature('0a')}`,
  '8818 02 10',
  '01 00 03',
]);
