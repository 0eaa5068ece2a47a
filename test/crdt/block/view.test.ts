import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { SignedResult } from '../../../crdt/block/result.ts';
import { disputeOf, viewOf, type BlockStatus, type ViewReason } from '../../../crdt/block/view.ts';
import { ZERO_HASH, type Hash32 } from '../../../crdt/ids.ts';
import { EPOCH_MAX, type Lease } from '../../../crdt/lease/lease.ts';
import { holds } from '../../properties.ts';
import {
  arbitraryRecord,
  arbitraryUnfinishedRecord,
  hashOf,
  leaseWith,
  mergeAll,
  nodeOf,
  resultWith,
} from './arbitraries.ts';

function failedBy(n: number, epoch: number, parts: Partial<SignedResult> = {}): BlockRecord {
  return recordOf({
    results: [resultWith({ node: nodeOf(n), verdict: 'failed', epoch, stateRoot: ZERO_HASH, ...parts })],
  });
}

function successBy(n: number, root = 1, epoch = 1): BlockRecord {
  return recordOf({ results: [resultWith({ node: nodeOf(n), epoch, stateRoot: hashOf(root) })] });
}

function claimBy(n: number, epoch: number, parts: Partial<Lease> = {}): BlockRecord {
  return recordOf({ lease: leaseWith({ holder: nodeOf(n), epoch, ...parts }) });
}

interface Row {
  readonly when: string;
  readonly record: readonly BlockRecord[];
  readonly live?: boolean;
  readonly status: BlockStatus;
  readonly reason: ViewReason;
  readonly nextEpoch: number;
  readonly stateRoot?: Hash32;
}

const table: readonly Row[] = [
  { when: 'nothing is known', record: [], status: 'idle', reason: 'nothing-known', nextEpoch: 1 },
  {
    when: 'only blob ids are known',
    record: [recordOf({ blobIds: [hashOf(1)] })],
    status: 'idle',
    reason: 'nothing-known',
    nextEpoch: 1,
  },
  {
    when: 'a lease is live',
    record: [claimBy(1, 1)],
    live: true,
    status: 'processing',
    reason: 'lease-live',
    nextEpoch: 2,
  },
  { when: 'a lease has expired', record: [claimBy(1, 4)], status: 'idle', reason: 'lease-expired', nextEpoch: 5 },
  {
    when: 'a lease was released, although its time is not over',
    record: [claimBy(1, 4, { released: true })],
    live: true,
    status: 'idle',
    reason: 'lease-released',
    nextEpoch: 5,
  },
  {
    when: 'its holder failed under the live lease',
    record: [claimBy(1, 2), failedBy(1, 2)],
    live: true,
    status: 'failed',
    reason: 'failure-reported',
    nextEpoch: 3,
  },
  {
    when: 'a node that lost the claim failed beside the live lease of its epoch',
    record: [claimBy(1, 2), failedBy(2, 2)],
    live: true,
    status: 'processing',
    reason: 'lease-live',
    nextEpoch: 3,
  },
  {
    when: 'a failed block was claimed again under a higher epoch',
    record: [claimBy(2, 3), failedBy(1, 2)],
    live: true,
    status: 'processing',
    reason: 'lease-live',
    nextEpoch: 4,
  },
  {
    when: 'a failure has a higher epoch than the live lease',
    record: [claimBy(1, 2), failedBy(2, 3)],
    live: true,
    status: 'failed',
    reason: 'failure-reported',
    nextEpoch: 4,
  },
  {
    when: 'a block failed, was claimed again and that lease has expired',
    record: [claimBy(2, 3), failedBy(1, 2)],
    status: 'failed',
    reason: 'failure-reported',
    nextEpoch: 4,
  },
  {
    when: 'a block failed, was claimed again and that lease was released',
    record: [claimBy(2, 3, { released: true }), failedBy(1, 2)],
    live: true,
    status: 'failed',
    reason: 'failure-reported',
    nextEpoch: 4,
  },
  {
    when: 'a node failed without a lease while another holds one',
    record: [claimBy(1, 1), failedBy(2, 0)],
    live: true,
    status: 'processing',
    reason: 'lease-live',
    nextEpoch: 2,
  },
  {
    when: 'two nodes failed: the root is that of the higher epoch',
    record: [failedBy(1, 1, { stateRoot: hashOf(1) }), failedBy(2, 3, { stateRoot: hashOf(2) })],
    status: 'failed',
    reason: 'failure-reported',
    nextEpoch: 4,
    stateRoot: hashOf(2),
  },
  {
    when: 'a node succeeded',
    record: [successBy(1)],
    status: 'success',
    reason: 'success-reported',
    nextEpoch: 2,
    stateRoot: hashOf(1),
  },
  {
    when: 'a node succeeded, another failed under a higher epoch and a third holds a lease',
    record: [claimBy(3, 9), failedBy(2, 8), successBy(1)],
    live: true,
    status: 'success',
    reason: 'success-reported',
    nextEpoch: 9,
    stateRoot: hashOf(1),
  },
  {
    when: 'a lease carries the last epoch: the next claim has to carry it too',
    record: [claimBy(1, EPOCH_MAX)],
    status: 'idle',
    reason: 'lease-expired',
    nextEpoch: EPOCH_MAX,
  },
  {
    when: 'a lease carries the last epoch but one',
    record: [claimBy(1, EPOCH_MAX - 1)],
    status: 'idle',
    reason: 'lease-expired',
    nextEpoch: EPOCH_MAX,
  },
];

describe('the view of a block', () => {
  for (const { when, record, live = false, status, reason, nextEpoch, stateRoot = ZERO_HASH } of table) {
    it(`is ${status} (${reason}) when ${when}`, () => {
      const merged = mergeAll(record);
      const view = viewOf(merged, () => live);
      assert.deepEqual(
        { status: view.status, reason: view.reason, nextEpoch: view.nextEpoch, stateRoot: view.stateRoot },
        { status, reason, nextEpoch, stateRoot },
      );
      assert.deepEqual(view.lease, status === 'processing' ? merged.lease : undefined);
    });
  }

  it('of a finished block does not depend on which leases are live', () => {
    holds(
      fc.property(arbitraryRecord, (record) => {
        fc.pre(record.results.some(({ verdict }) => verdict === 'success'));
        assert.deepEqual(
          viewOf(record, () => true),
          viewOf(record, () => false),
        );
      }),
    );
  });

  it('asks whether the lease is live at most once, and shows a lease exactly while it is processing', () => {
    holds(
      fc.property(arbitraryUnfinishedRecord, fc.boolean(), (record, live) => {
        let asked = 0;
        const view = viewOf(record, () => {
          asked++;
          return live;
        });
        assert.ok(asked <= 1);
        assert.equal(view.lease !== undefined, view.status === 'processing');
      }),
    );
  });

  it('asks for an epoch above all that is known, as long as there is one', () => {
    holds(
      fc.property(arbitraryRecord, (record) => {
        const epochs = [...record.results, ...(record.lease === undefined ? [] : [record.lease])].map(
          ({ epoch }) => epoch,
        );
        const { nextEpoch } = viewOf(record, () => false);
        assert.equal(nextEpoch, Math.min(Math.max(0, ...epochs) + 1, EPOCH_MAX));
      }),
    );
  });

  it('has the root that most nodes found', () => {
    const record = mergeAll([successBy(1, 3), successBy(2, 7), successBy(3, 7)]);
    assert.equal(viewOf(record, () => false).stateRoot, hashOf(7));
  });

  it('has the smallest root when as many nodes found one as another', () => {
    const record = mergeAll([successBy(1, 7), successBy(2, 3)]);
    assert.equal(viewOf(record, () => false).stateRoot, hashOf(3));
  });
});

describe('a dispute', () => {
  const roots = [hashOf(1), hashOf(2)];

  it('is raised by two roots of different nodes', () => {
    const { results } = mergeAll([successBy(1, 2), successBy(2, 1), successBy(3, 1)]);
    const succeeded = [nodeOf(1), nodeOf(2), nodeOf(3)];
    assert.deepEqual(disputeOf(results), { kind: 'different-roots', roots, succeeded, failed: [] });
  });

  it('is raised by two roots of one node', () => {
    const { results } = mergeAll([successBy(1, 1), successBy(1, 2)]);
    assert.deepEqual(disputeOf(results), { kind: 'different-roots', roots, succeeded: [nodeOf(1)], failed: [] });
  });

  it('is raised by Success and Failed of different nodes, whatever their epochs', () => {
    const { results } = mergeAll([successBy(1), failedBy(2, 9), failedBy(3, 0)]);
    assert.deepEqual(disputeOf(results), {
      kind: 'success-and-failed',
      roots: [hashOf(1)],
      succeeded: [nodeOf(1)],
      failed: [nodeOf(2), nodeOf(3)],
    });
  });

  it('names the failures beside different roots', () => {
    const dispute = disputeOf(mergeAll([successBy(1, 1), successBy(2, 2), failedBy(3, 1)]).results);
    assert.equal(dispute?.kind, 'different-roots');
    assert.deepEqual(dispute.failed, [nodeOf(3)]);
  });

  it('is none when a node failed and then succeeded', () => {
    assert.equal(disputeOf(mergeAll([failedBy(1, 1), successBy(1, 1, 2)]).results), undefined);
  });

  it('is none when all succeeded with one root, or all failed, or nobody reported', () => {
    assert.equal(disputeOf(mergeAll([successBy(1), successBy(2)]).results), undefined);
    assert.equal(disputeOf(mergeAll([failedBy(1, 1), failedBy(2, 1, { stateRoot: hashOf(9) })]).results), undefined);
    assert.equal(disputeOf([]), undefined);
  });

  it('never goes away by merging', () => {
    holds(
      fc.property(arbitraryRecord, arbitraryRecord, (a, b) => {
        fc.pre(disputeOf(a.results)?.kind === 'different-roots');
        assert.equal(disputeOf(mergeAll([a, b]).results)?.kind, 'different-roots');
      }),
    );
  });
});
