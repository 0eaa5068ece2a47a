import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergeRecords, recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { viewOf } from '../../crdt/block/view.ts';
import { ZERO_HASH, type Hash32 } from '../../crdt/ids.ts';
import { EPOCH_MAX, LEASE_DURATION_MS_MAX } from '../../crdt/lease/lease.ts';
import { VALIDATE_STATUSES, type ValidateInfo, type ValidateStatus } from '../../src/files/validate-info.ts';
import { readForeignWrite, type ForeignContext, type ForeignEvent } from '../../src/intake/foreign-write.ts';
import { arbitraryRecord, hashOf, KEY, leaseWith, nodeOf, resultWith, stampOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

const SELF = nodeOf(1);
const NOW_MS = 1_700_000_000_000;

function info(status: ValidateStatus, parts: { endsInMs?: number; root?: Hash32 } = {}): ValidateInfo {
  return {
    status,
    blockHash: KEY.hash,
    blockNumber: KEY.number,
    stateRoot: parts.root ?? ZERO_HASH,
    lockTimeSeconds: parts.endsInMs === undefined ? 0n : BigInt((NOW_MS + parts.endsInMs) / 1_000),
    blobIds: [],
  };
}

/** `ownEndsInMs`: until when our own lease is respected; leases are live exactly when it is given or not ours. */
function context(parts: Partial<BlockRecord>, ownEndsInMs?: number): ForeignContext {
  const record = recordOf(parts);
  const isOwn = record.lease?.holder === SELF;
  return {
    self: SELF,
    record,
    view: viewOf(record, () => !isOwn || ownEndsInMs !== undefined),
    ownLeaseEndsAtWallMs: ownEndsInMs === undefined ? undefined : NOW_MS + ownEndsInMs,
    nowWallMs: NOW_MS,
    isSkewed: false,
  };
}

const NOTHING = context({});
const HELD_BY_US = context({ lease: leaseWith({ epoch: 3 }) }, 30_000);
const HELD_BY_OTHER = context({ lease: leaseWith({ epoch: 3, holder: nodeOf(2) }) });
const OUR_LEASE_EXPIRED = context({ lease: leaseWith({ epoch: 3 }) });
const FINISHED_BY_OTHER = context({ results: [resultWith({ node: nodeOf(2), stateRoot: hashOf(1) })] });
const FINISHED_BY_US = context({ results: [resultWith({ node: SELF, stateRoot: hashOf(1) })] });
const FAILED_BY_US = context({
  results: [resultWith({ node: SELF, verdict: 'failed', stateRoot: hashOf(9), epoch: 2 })],
});
const LAST_EPOCH_RELEASED = context({ lease: leaseWith({ epoch: EPOCH_MAX, released: true }) });
const TWO_ROOTS_BY_US = context({
  results: [1, 2].map((root) => resultWith({ node: SELF, stateRoot: hashOf(root) })),
});
const FAILED_AND_HELD_BY_US = context(
  {
    results: [resultWith({ node: SELF, verdict: 'failed', stateRoot: hashOf(9), epoch: 2 })],
    lease: leaseWith({ epoch: 3 }),
  },
  30_000,
);

const nothing = (reason: Extract<ForeignEvent, { kind: 'nothing' }>['reason']): ForeignEvent => ({
  kind: 'nothing',
  reason,
});
const success = (stateRoot: Hash32, epoch = 0): ForeignEvent => ({
  kind: 'result',
  verdict: 'success',
  stateRoot,
  epoch,
});
const failed = (stateRoot: Hash32, epoch = 0): ForeignEvent => ({
  kind: 'result',
  verdict: 'failed',
  stateRoot,
  epoch,
});

const TABLE: readonly [sentence: string, written: ValidateInfo, situation: ForeignContext, event: ForeignEvent][] = [
  ['Idle says nothing', info('Idle'), NOTHING, nothing('idle-says-nothing')],
  ['Idle says nothing of a lease either', info('Idle'), HELD_BY_US, nothing('idle-says-nothing')],
  ['Idle takes no Success back', info('Idle'), FINISHED_BY_US, nothing('idle-says-nothing')],

  [
    'Processing on an unknown block is the first claim',
    info('Processing', { endsInMs: 20_000 }),
    NOTHING,
    { kind: 'claim', epoch: 1, durationMs: 20_000 },
  ],
  [
    'Processing after an expired lease is the next claim',
    info('Processing', { endsInMs: 20_000 }),
    OUR_LEASE_EXPIRED,
    { kind: 'claim', epoch: 4, durationMs: 20_000 },
  ],
  [
    'Processing after a failure is the next claim',
    info('Processing', { endsInMs: 20_000 }),
    FAILED_BY_US,
    { kind: 'claim', epoch: 3, durationMs: 20_000 },
  ],
  [
    'Processing on a machine whose clock is off holds on that machine alone',
    info('Processing', { endsInMs: 20_000 }),
    { ...NOTHING, isSkewed: true },
    { kind: 'local-claim', durationMs: 20_000 },
  ],
  [
    'Processing with a later lock time renews our lease though the clock is off',
    info('Processing', { endsInMs: 31_000 }),
    { ...HELD_BY_US, isSkewed: true },
    { kind: 'renewal', durationMs: 31_000 },
  ],
  [
    'Processing with a lock that runs out now is no claim',
    info('Processing', { endsInMs: 0 }),
    NOTHING,
    nothing('claim-expired'),
  ],
  [
    'Processing with a lock that has run out is no claim',
    info('Processing', { endsInMs: -5_000 }),
    NOTHING,
    nothing('claim-expired'),
  ],
  ['Processing without a lock time is no claim', info('Processing'), NOTHING, nothing('claim-expired')],
  [
    'Processing against the lease of another is no claim',
    info('Processing', { endsInMs: 20_000 }),
    HELD_BY_OTHER,
    nothing('lease-held-by-another'),
  ],
  [
    'Processing of a finished block is no claim',
    info('Processing', { endsInMs: 20_000 }),
    FINISHED_BY_OTHER,
    nothing('block-finished'),
  ],
  [
    'Processing with the lock time we hold already is known',
    info('Processing', { endsInMs: 30_000 }),
    HELD_BY_US,
    nothing('claim-known'),
  ],
  [
    'Processing with an earlier lock time than we hold is known',
    info('Processing', { endsInMs: 10_000 }),
    HELD_BY_US,
    nothing('claim-known'),
  ],
  [
    'Processing with a lock time later by a second renews our lease',
    info('Processing', { endsInMs: 31_000 }),
    HELD_BY_US,
    { kind: 'renewal', durationMs: 31_000 },
  ],
  [
    'Processing locked for longer than a day is a claim for a day',
    info('Processing', { endsInMs: 400 * LEASE_DURATION_MS_MAX }),
    NOTHING,
    { kind: 'claim', epoch: 1, durationMs: LEASE_DURATION_MS_MAX },
  ],
  [
    'Processing locked for longer than a day is known once it was claimed for a day',
    info('Processing', { endsInMs: 400 * LEASE_DURATION_MS_MAX }),
    context({ lease: leaseWith({}) }, LEASE_DURATION_MS_MAX + 500),
    nothing('claim-known'),
  ],

  [
    'Processing says nothing once a member has signed the last epoch',
    info('Processing', { endsInMs: 20_000 }),
    LAST_EPOCH_RELEASED,
    nothing('epochs-exhausted'),
  ],

  [
    'Success of an unknown block is a result without a lease',
    info('Success', { root: hashOf(1) }),
    NOTHING,
    success(hashOf(1)),
  ],
  [
    'Success under our lease carries its epoch',
    info('Success', { root: hashOf(1) }),
    HELD_BY_US,
    success(hashOf(1), 3),
  ],
  [
    'Success under our lease carries its epoch, expired or not',
    info('Success', { root: hashOf(1) }),
    OUR_LEASE_EXPIRED,
    success(hashOf(1), 3),
  ],
  [
    'Success beside the lease of another is a result without a lease',
    info('Success', { root: hashOf(1) }),
    HELD_BY_OTHER,
    success(hashOf(1)),
  ],
  [
    'Success that another has found is ours too',
    info('Success', { root: hashOf(1) }),
    FINISHED_BY_OTHER,
    success(hashOf(1)),
  ],
  [
    'Success that we have found is known',
    info('Success', { root: hashOf(1) }),
    FINISHED_BY_US,
    nothing('result-known'),
  ],
  [
    'Success with another root than ours is kept',
    info('Success', { root: hashOf(2) }),
    FINISHED_BY_US,
    success(hashOf(2)),
  ],
  [
    'Success with a third root of ours adds no evidence',
    info('Success', { root: hashOf(3) }),
    TWO_ROOTS_BY_US,
    nothing('result-known'),
  ],
  ['Success after our failure is a result', info('Success', { root: hashOf(1) }), FAILED_BY_US, success(hashOf(1))],

  ['Failed of an unknown block is a result', info('Failed'), NOTHING, failed(ZERO_HASH)],
  ['Failed after our Success is nothing', info('Failed', { root: hashOf(5) }), FINISHED_BY_US, nothing('result-known')],
  [
    'Failed beside the Success of another is kept',
    info('Failed', { root: hashOf(5) }),
    FINISHED_BY_OTHER,
    failed(hashOf(5)),
  ],
  ['Failed as we failed it is known', info('Failed', { root: hashOf(9) }), FAILED_BY_US, nothing('result-known')],
  ['Failed with another root is kept', info('Failed', { root: hashOf(5) }), FAILED_BY_US, failed(hashOf(5), 2)],
  [
    'Failed again under a later lease of ours counts again',
    info('Failed', { root: hashOf(9) }),
    FAILED_AND_HELD_BY_US,
    failed(hashOf(9), 3),
  ],
];

describe('a file that another program wrote', () => {
  for (const [sentence, written, situation, event] of TABLE) {
    it(sentence, () => assert.deepEqual(readForeignWrite(written, situation), event));
  }

  it('adds nothing when it is read twice, and takes no Success back', () => {
    const situation = fc.record({
      record: arbitraryRecord,
      isLive: fc.boolean(),
      status: fc.constantFrom(...VALIDATE_STATUSES),
      root: fc.integer({ min: 1, max: 3 }).map(hashOf),
      lockTimeSeconds: fc.oneof(
        fc.integer({ min: -5, max: 200_000 }).map((seconds) => BigInt(NOW_MS / 1_000 + seconds)),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      ),
    });
    holds(
      fc.property(situation, ({ record, isLive, status, root, lockTimeSeconds }) => {
        const written = { ...info(status, { root }), lockTimeSeconds };
        const read = (seen: BlockRecord, ownEndsAtWallMs: number | undefined): ForeignEvent => {
          const view = viewOf(seen, () => isLive || ownEndsAtWallMs !== undefined);
          const isOwn = view.lease?.holder === SELF;
          const ownLeaseEndsAtWallMs = isOwn ? (ownEndsAtWallMs ?? NOW_MS) : undefined;
          const [nowWallMs, isSkewed] = [NOW_MS, false];
          const seenThen = { self: SELF, record: seen, view, ownLeaseEndsAtWallMs, nowWallMs, isSkewed };
          return readForeignWrite(written, seenThen);
        };
        const event = read(record, undefined);
        if (event.kind === 'nothing') return;
        assert(event.kind !== 'local-claim');
        const after = mergeRecords(record, deltaOf(event, record));
        const again = read(after, event.kind === 'result' ? undefined : NOW_MS + event.durationMs);
        assert.equal(again.kind, 'nothing');
        const isFinished = viewOf(record, () => true).status === 'success';
        if (isFinished) assert.equal(viewOf(after, () => true).status, 'success');
      }),
    );
  });
});

/** What the event adds to `record`, signatures aside. */
function deltaOf(event: Exclude<ForeignEvent, { kind: 'nothing' | 'local-claim' }>, record: BlockRecord): BlockRecord {
  switch (event.kind) {
    case 'claim':
      return recordOf({
        lease: leaseWith({ epoch: event.epoch, holder: SELF, stamp: stampOf(0), durationMs: event.durationMs }),
      });
    case 'renewal': {
      const lease = record.lease;
      assert(lease?.holder === SELF);
      return recordOf({ lease: { ...lease, renewals: lease.renewals + 1, durationMs: event.durationMs } });
    }
    case 'result': {
      const { verdict, stateRoot, epoch } = event;
      const own = record.results.filter(({ node }) => node === SELF).map(({ sequence }) => sequence);
      const sequence = Math.max(0, ...own) + 1;
      return recordOf({ results: [resultWith({ node: SELF, verdict, stateRoot, epoch, sequence })] });
    }
  }
}
