import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasSuccess, recordOf } from '../../crdt/block/record.ts';
import { viewOf } from '../../crdt/block/view.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { fileView } from '../../src/store/validate-view.ts';
import { arbitraryRecord, hashOf, KEY, leaseWith, resultWith } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

describe('what a file says to programs that know nothing of driftlock', () => {
  it('of a finished block depends on its record alone, and shows no lock', () => {
    holds(
      fc.property(arbitraryRecord, fc.boolean(), fc.double({ noNaN: true }), (record, isLive, endsAtMs) => {
        fc.pre(hasSuccess(record.results));
        const info = fileView(
          KEY,
          viewOf(record, () => isLive),
          endsAtMs,
        );
        assert.deepEqual(
          info,
          fileView(
            KEY,
            viewOf(record, () => false),
            0,
          ),
        );
        assert.equal(info.status, 'Success');
        assert.equal(info.lockTimeSeconds, 0n);
      }),
    );
  });

  it('of a leased block is a lock no shorter than this node respects the lease', () => {
    const view = viewOf(recordOf({ lease: leaseWith({}) }), () => true);
    assert.equal(fileView(KEY, view, 1_700_000_000_001).lockTimeSeconds, 1_700_000_001n);
    assert.equal(fileView(KEY, view, 1_700_000_001_000).lockTimeSeconds, 1_700_000_001n);
    assert.equal(fileView(KEY, view, -5).lockTimeSeconds, 0n);
    assert.deepEqual(fileView(KEY, view, 0), {
      status: 'Processing',
      blockHash: KEY.hash,
      blockNumber: KEY.number,
      stateRoot: ZERO_HASH,
      lockTimeSeconds: 0n,
      blobIds: [],
    });
  });

  it('of a block whose lease has run out is Idle, and of one that failed is Failed with its root', () => {
    const idle = viewOf(recordOf({ lease: leaseWith({}) }), () => false);
    assert.equal(fileView(KEY, idle, 1_000).status, 'Idle');
    const failure = resultWith({ verdict: 'failed', stateRoot: hashOf(7) });
    const failed = fileView(
      KEY,
      viewOf(recordOf({ results: [failure] }), () => false),
      1_000,
    );
    assert.deepEqual([failed.status, failed.stateRoot, failed.lockTimeSeconds], ['Failed', hashOf(7), 0n]);
  });
});
