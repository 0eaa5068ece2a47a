/** What the record decoder takes and what it refuses: each limit and one beyond, and each way of not being canonical. */

import assert from 'node:assert/strict';
import {
  decodeRecord,
  encodeRecord,
  ID_TABLE_ENTRIES_MAX,
  RECORD_BYTES_MAX,
} from '../../../crdt/block/record-codec.ts';
import { HOLDERS_MAX } from '../../../crdt/block/holders.ts';
import { BLOB_IDS_MAX, EMPTY_RECORD, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { RESULTS_MAX } from '../../../crdt/block/result.ts';
import {
  WITNESS_ANNOUNCEMENTS_MAX,
  WITNESS_BLOB_IDS_MAX,
  WITNESS_PAYLOAD_BYTES_MAX,
} from '../../../crdt/block/witness.ts';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import type { DecodeCode } from '../../../crdt/errors.ts';
import { HLC_COUNTER_MAX, HLC_WALL_MS_MAX } from '../../../crdt/hlc.ts';
import { ZERO_HASH } from '../../../crdt/ids.ts';
import { EPOCH_MAX, LEASE_DURATION_MS_MAX } from '../../../crdt/lease/lease.ts';
import { announcementWith, hashOf, leaseWith, nodeOf, resultWith, stampOf } from './arbitraries.ts';

const U32_MAX = 2 ** 32 - 1;

function upTo<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** A record whose only part is a holder that names entry `index` of the given table. */
function holderRecord(ids: readonly number[], index: number): Uint8Array {
  const writer = new Writer().u8(1).varint(ids.length);
  for (const id of ids) writer.hash(hashOf(id));
  return writer.u8(16).varint(1).varint(index).varint(3).finish();
}

describe('the record decoder', () => {
  const lists: readonly [string, number, (count: number) => Partial<BlockRecord>][] = [
    ['results', RESULTS_MAX, (count) => ({ results: upTo(count, (n) => resultWith({ node: nodeOf(n) })) })],
    [
      'announcements',
      WITNESS_ANNOUNCEMENTS_MAX,
      (count) => ({ witnesses: upTo(count, (n) => announcementWith({ author: nodeOf(n) })) }),
    ],
    [
      'blob ids of an announcement',
      WITNESS_BLOB_IDS_MAX,
      (count) => ({ witnesses: [announcementWith({ blobIds: upTo(count, hashOf) })] }),
    ],
    ['holders', HOLDERS_MAX, (count) => ({ holders: upTo(count, (n) => ({ node: nodeOf(n), dot: 1, live: true })) })],
    ['blob ids', BLOB_IDS_MAX, (count) => ({ blobIds: upTo(count, hashOf) })],
  ];
  for (const [what, max, make] of lists) {
    it(`takes ${max} ${what} and refuses one more`, () => {
      const full = recordOf(make(max));
      assert.deepEqual(decodeRecord(encodeRecord(full)), full);
      assert.throws(() => decodeRecord(encodeRecord(recordOf(make(max + 1)))), { code: 'ERR_OVER_LIMIT' });
    });
  }

  const numbers: readonly [string, number, (value: number) => Partial<BlockRecord>][] = [
    ['the epoch of a lease', EPOCH_MAX, (epoch) => ({ lease: leaseWith({ epoch }) })],
    ['the epoch of a result', EPOCH_MAX, (epoch) => ({ results: [resultWith({ epoch })] })],
    ['the sequence of a result', U32_MAX, (sequence) => ({ results: [resultWith({ sequence })] })],
    ['the duration of a lease', LEASE_DURATION_MS_MAX, (durationMs) => ({ lease: leaseWith({ durationMs }) })],
    ['the renewals of a lease', U32_MAX, (renewals) => ({ lease: leaseWith({ renewals }) })],
    ['the time to its last renewal', U32_MAX, (renewedAfterMs) => ({ lease: leaseWith({ renewedAfterMs }) })],
    ['the epoch of a generation lease', EPOCH_MAX, (epoch) => ({ generation: leaseWith({ epoch }) })],
    [
      'the size of a payload',
      WITNESS_PAYLOAD_BYTES_MAX,
      (payloadBytes) => ({ witnesses: [announcementWith({ payloadBytes })] }),
    ],
    ['the dot of a holder', U32_MAX, (dot) => ({ holders: [{ node: nodeOf(1), dot, live: false }] })],
  ];
  for (const [what, max, make] of numbers) {
    it(`takes ${what} up to ${max} and refuses one more`, () => {
      const full = recordOf(make(max));
      assert.deepEqual(decodeRecord(encodeRecord(full)), full);
      assert.throws(() => decodeRecord(encodeRecord(recordOf(make(max + 1)))), { code: 'ERR_OVER_LIMIT' });
    });
  }

  it('takes the largest stamp and lock time that their bytes can hold', () => {
    const stamp = stampOf(HLC_WALL_MS_MAX, HLC_COUNTER_MAX);
    const lockTimeSeconds = 2n ** 64n - 1n;
    const record = recordOf({ lease: leaseWith({ stamp }), witnesses: [announcementWith({ lockTimeSeconds })] });
    assert.deepEqual(decodeRecord(encodeRecord(record)), record);
  });

  it('refuses a claim under epoch 0 and a dot 0, which nobody makes', () => {
    for (const record of [
      recordOf({ lease: leaseWith({ epoch: 0 }) }),
      recordOf({ holders: [{ node: nodeOf(1), dot: 0, live: true }] }),
    ]) {
      assert.throws(() => decodeRecord(encodeRecord(record)), { code: 'ERR_OUT_OF_RANGE' });
    }
  });

  it('takes a zero state root, of a failure and of a Success', () => {
    for (const verdict of ['failed', 'success'] as const) {
      const record = recordOf({ results: [resultWith({ verdict, stateRoot: ZERO_HASH })] });
      assert.deepEqual(decodeRecord(encodeRecord(record)), record);
    }
  });

  const refused: readonly [string, BlockRecord][] = [
    ['a lease beside a Success', { ...EMPTY_RECORD, results: [resultWith({})], lease: leaseWith({}) }],
    [
      'a generation lease beside an announcement',
      { ...EMPTY_RECORD, witnesses: [announcementWith({})], generation: leaseWith({}) },
    ],
    ['results out of order', recordOf({ results: [2, 1].map((n) => resultWith({ node: nodeOf(n) })) })],
    [
      'a failure beside a Success of its node',
      recordOf({ results: [resultWith({ verdict: 'failed', stateRoot: ZERO_HASH }), resultWith({})] }),
    ],
    ['three roots of one node', recordOf({ results: [1, 2, 3].map((n) => resultWith({ stateRoot: hashOf(n) })) })],
    ['announcements out of order', recordOf({ witnesses: [2, 1].map((n) => announcementWith({ author: nodeOf(n) })) })],
    ['two announcements of one author', recordOf({ witnesses: [announcementWith({}), announcementWith({})] })],
    ['holders out of order', recordOf({ holders: [2, 1].map((n) => ({ node: nodeOf(n), dot: 1, live: true })) })],
    ['blob ids out of order', recordOf({ blobIds: [hashOf(2), hashOf(1)] })],
    ['one blob id twice', recordOf({ blobIds: [hashOf(1), hashOf(1)] })],
  ];
  for (const [what, record] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeRecord(encodeRecord(record)), { code: 'ERR_NOT_CANONICAL' });
    });
  }

  it('takes an id table that is sorted and used, and no other', () => {
    assert.equal(decodeRecord(holderRecord([1], 0)).holders.length, 1);
    const codes: readonly [Uint8Array, DecodeCode][] = [
      [holderRecord([1, 2], 0), 'ERR_NOT_CANONICAL'],
      [holderRecord([2, 1], 0), 'ERR_NOT_CANONICAL'],
      [holderRecord([1, 1], 0), 'ERR_NOT_CANONICAL'],
      [holderRecord([1], 1), 'ERR_OUT_OF_RANGE'],
      [holderRecord([], 0), 'ERR_OUT_OF_RANGE'],
    ];
    for (const [bytes, code] of codes) assert.throws(() => decodeRecord(bytes), { code });
  });

  it('refuses leases, announcements and holders in a settled record, and takes it without them', () => {
    const settled = encodeRecord(recordOf({ settled: true }));
    assert.deepEqual(decodeRecord(settled), recordOf({ settled: true }));
    for (const part of [2, 4, 8, 16]) {
      assert.throws(() => decodeRecord(settled.with(2, 64 | part)), { code: 'ERR_NOT_CANONICAL' });
    }
  });

  it('refuses a list that is announced and empty', () => {
    const empty = [...encodeRecord(EMPTY_RECORD).subarray(0, 2)];
    for (const part of [1, 4, 16, 32]) {
      assert.throws(() => decodeRecord(Uint8Array.from([...empty, part, 0])), { code: 'ERR_NOT_CANONICAL' });
    }
  });

  it('refuses unknown versions, parts, verdicts, witness states and release marks', () => {
    const empty = encodeRecord(EMPTY_RECORD);
    assert.throws(() => decodeRecord(empty.with(0, 0)), { code: 'ERR_UNKNOWN_VERSION' });
    assert.throws(() => decodeRecord(empty.with(0, 2)), { code: 'ERR_UNKNOWN_VERSION' });
    assert.throws(() => decodeRecord(empty.with(2, 128)), { code: 'ERR_BAD_ENUM' });
    const lease = encodeRecord(recordOf({ lease: leaseWith({}) }));
    assert.throws(() => decodeRecord(lease.with(lease.length - 64 - 1, 2)), { code: 'ERR_BAD_ENUM' });
    const tableBytes = 1 + 1 + 32 * 2 + 1;
    const result = encodeRecord(recordOf({ results: [resultWith({})] }));
    assert.throws(() => decodeRecord(result.with(tableBytes + 2, 2)), { code: 'ERR_BAD_ENUM' });
    const witness = encodeRecord(recordOf({ witnesses: [announcementWith({})] }));
    const stateAt = 1 + 1 + 32 * 4 + 1 + 1 + 1;
    for (const tag of [0, 1, 7]) {
      assert.throws(() => decodeRecord(witness.with(stateAt, tag)), { code: 'ERR_BAD_ENUM' });
    }
  });
});

describe('the largest record', () => {
  const stamp = stampOf(HLC_WALL_MS_MAX, HLC_COUNTER_MAX);
  /** More than any list holds, so that no two ranges of ids meet. */
  const far = 2 ** 20 - 1;
  const largest: BlockRecord = {
    ...recordOf({
      results: upTo(RESULTS_MAX, (n) =>
        resultWith({
          node: nodeOf(n),
          verdict: 'failed',
          stateRoot: hashOf(n),
          epoch: EPOCH_MAX,
          sequence: U32_MAX,
          stamp,
        }),
      ),
      witnesses: upTo(WITNESS_ANNOUNCEMENTS_MAX, (n) =>
        announcementWith({
          author: nodeOf(far + n),
          payloadDigest: hashOf(far + 3 * n),
          parentHash: hashOf(far + 3 * n + 1),
          preStateRoot: hashOf(far + 3 * n + 2),
          payloadBytes: WITNESS_PAYLOAD_BYTES_MAX,
          blobIds: upTo(WITNESS_BLOB_IDS_MAX, hashOf),
        }),
      ),
      holders: upTo(HOLDERS_MAX, (n) => ({ node: nodeOf(2 * far + n), dot: U32_MAX, live: true })),
      lease: leaseWith({
        holder: nodeOf(3 * far),
        epoch: EPOCH_MAX,
        durationMs: LEASE_DURATION_MS_MAX,
        renewals: U32_MAX,
        renewedAfterMs: U32_MAX,
      }),
      blobIds: upTo(BLOB_IDS_MAX, hashOf),
    }),
  };

  it('fits its limit, with every list full and every number at its largest', () => {
    const bytes = encodeRecord(largest);
    assert.deepEqual(decodeRecord(bytes), largest);
    assert.ok(bytes.length <= RECORD_BYTES_MAX, `${bytes.length} bytes`);
  });

  it('fills the id table to its limit; one entry more is refused', () => {
    const reader = new Reader(encodeRecord(largest));
    reader.u8('version');
    assert.equal(reader.varint('id table size'), ID_TABLE_ENTRIES_MAX);
    const table = new Writer().u8(1).varint(ID_TABLE_ENTRIES_MAX + 1);
    for (let n = 0; n <= ID_TABLE_ENTRIES_MAX; n++) table.hash(hashOf(n));
    assert.throws(() => decodeRecord(table.finish()), { code: 'ERR_OVER_LIMIT' });
  });
});
