import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EMPTY_RECORD, mergeRecords, recordOf } from '../../crdt/block/record.ts';
import { admitRecord } from '../../src/intake/admit.ts';
import { arbitraryRecord, leaseWith, resultWith, stampOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

const NOW_MS = 1_000_000;
const SKEW_BOUND_MS = 500;

describe('what of a record may be merged now', () => {
  it('is a lease stamped at the skew bound, and not one stamped a millisecond beyond it', () => {
    for (const field of ['lease', 'generation'] as const) {
      const atBound = recordOf({ [field]: leaseWith({ stamp: stampOf(NOW_MS + SKEW_BOUND_MS, 65_535) }) });
      assert.deepEqual(admitRecord(atBound, true, NOW_MS, SKEW_BOUND_MS), { record: atBound, deferred: EMPTY_RECORD });
      const beyond = recordOf({ [field]: leaseWith({ stamp: stampOf(NOW_MS + SKEW_BOUND_MS + 1) }) });
      assert.deepEqual(admitRecord(beyond, true, NOW_MS, SKEW_BOUND_MS), { record: EMPTY_RECORD, deferred: beyond });
      assert.deepEqual(admitRecord(beyond, true, NOW_MS + 1, SKEW_BOUND_MS).record, beyond);
    }
  });

  it('is everything else, whatever its author says of the time', () => {
    const future = stampOf(2 ** 48 - 1);
    const results = [resultWith({ stamp: future })];
    const record = recordOf({ results });
    assert.deepEqual(admitRecord(record, true, 0, SKEW_BOUND_MS), { record, deferred: EMPTY_RECORD });
  });

  it('is not that it is settled, unless this node knows the block to be final', () => {
    const record = recordOf({ results: [resultWith({})], settled: true });
    assert.equal(admitRecord(record, true, NOW_MS, SKEW_BOUND_MS).record, record);
    const admitted = admitRecord(record, false, NOW_MS, SKEW_BOUND_MS);
    assert.deepEqual(admitted, { record: recordOf({ results: record.results }), deferred: EMPTY_RECORD });
  });

  it('and what is left out are the record, whole', () => {
    holds(
      fc.property(arbitraryRecord, fc.constantFrom(0, 900, 1_001, 2 ** 48), (record, nowMs) => {
        const { record: admitted, deferred } = admitRecord(record, true, nowMs, SKEW_BOUND_MS);
        assert.deepEqual(mergeRecords(admitted, deferred), record);
        assert.deepEqual({ ...deferred, lease: undefined, generation: undefined }, EMPTY_RECORD);
      }),
    );
  });
});
