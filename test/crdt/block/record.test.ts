import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addHolder, removeHolder } from '../../../crdt/block/holders.ts';
import { decodeRecord, encodeRecord } from '../../../crdt/block/record-codec.ts';
import {
  BLOB_IDS_MAX,
  EMPTY_RECORD,
  hasSuccess,
  isEmptyRecord,
  mergeRecords,
  recordOf,
  type BlockRecord,
} from '../../../crdt/block/record.ts';
import { viewOf } from '../../../crdt/block/view.ts';
import { WITNESS_STATES } from '../../../crdt/block/witness.ts';
import { holds } from '../../properties.ts';
import {
  announcementWith,
  arbitraryDelta,
  arbitraryRecord,
  arbitraryUnfinishedRecord,
  hashOf,
  leaseWith,
  mergeAll,
  nodeOf,
  plain,
  resultWith,
  signatureOf,
  stampOf,
} from './arbitraries.ts';
import { itIsAJoin } from './join-laws.ts';

/** What an honest node does to a block it knows in some state; undefined when it would do nothing. */
type Act = (known: BlockRecord, at: number, now: number) => Partial<BlockRecord> | undefined;

const acts: readonly Act[] = [
  (known, at, now) => {
    const { status, nextEpoch } = viewOf(known, () => true);
    if (status === 'success' || status === 'processing') return undefined;
    return { lease: leaseWith({ holder: nodeOf(at), epoch: nextEpoch, stamp: stampOf(now) }) };
  },
  ({ lease }, at) =>
    lease?.holder === nodeOf(at) && !lease.released
      ? { lease: { ...lease, renewals: lease.renewals + 1, renewedAfterMs: lease.renewedAfterMs + 5 } }
      : undefined,
  ({ lease }, at) =>
    lease?.holder === nodeOf(at) ? { lease: { ...lease, renewals: lease.renewals + 1, released: true } } : undefined,
  (known, at, now) => resultBy(known, at, now, 'failed'),
  (known, at, now) => resultBy(known, at, now, 'success'),
  ({ witnesses }, at) => {
    const rank = WITNESS_STATES.indexOf(witnesses.find(({ author }) => author === nodeOf(at))?.state ?? 'Processing');
    const state = WITNESS_STATES[rank + 1];
    return state === undefined ? undefined : { witnesses: [announcementWith({ author: nodeOf(at), state })] };
  },
  ({ holders }, at) => ({ holders: addHolder(holders, nodeOf(at)) }),
  ({ holders }, at) => ({ holders: removeHolder(holders, nodeOf(at)) }),
  (_, at) => ({ blobIds: [hashOf(at)] }),
];

function resultBy(known: BlockRecord, at: number, now: number, verdict: 'failed' | 'success'): Partial<BlockRecord> {
  const own = known.results.find(({ node }) => node === nodeOf(at));
  const epoch = known.lease?.holder === nodeOf(at) ? known.lease.epoch : 0;
  const stateRoot = hashOf(verdict === 'success' ? 1 : 2);
  return {
    results: [
      resultWith({
        node: nodeOf(at),
        verdict,
        stateRoot,
        epoch,
        sequence: (own?.sequence ?? 0) + 1,
        stamp: stampOf(now),
      }),
    ],
  };
}

const REPLICAS = 3;
type Step =
  | { readonly step: 'act'; readonly at: number; readonly which: number }
  | { readonly step: 'sync'; readonly at: number; readonly from: number };

const replicaNumber = fc.nat(REPLICAS - 1);
const arbitraryHistory = fc.array<Step>(
  fc.oneof(
    {
      weight: 3,
      arbitrary: plain({ step: fc.constant('act' as const), at: replicaNumber, which: fc.nat(acts.length - 1) }),
    },
    { weight: 1, arbitrary: plain({ step: fc.constant('sync' as const), at: replicaNumber, from: replicaNumber }) },
  ),
  { maxLength: 40 },
);

/** Runs a history on three replicas that exchange whole states. Returns these, and every delta that was made. */
function play(history: readonly Step[]): { states: BlockRecord[]; deltas: BlockRecord[] } {
  const states = Array.from({ length: REPLICAS }, () => EMPTY_RECORD);
  const deltas: BlockRecord[] = [];
  for (const [now, step] of history.entries()) {
    const state = states[step.at] ?? EMPTY_RECORD;
    if (step.step === 'sync') {
      states[step.at] = mergeRecords(state, states[step.from] ?? EMPTY_RECORD);
      continue;
    }
    const parts = acts[step.which]?.(state, step.at, now);
    if (parts === undefined) continue;
    const delta = recordOf(parts);
    deltas.push(delta);
    states[step.at] = mergeRecords(state, delta);
  }
  return { states, deltas };
}

/** Deltas as a network delivers them: each of them twice, in any order, merged into groups on the way. */
function arbitraryDelivery(deltas: readonly BlockRecord[]): fc.Arbitrary<BlockRecord[]> {
  const twice = [...deltas, ...deltas];
  return fc
    .tuple(
      fc.shuffledSubarray(twice, { minLength: twice.length }),
      fc.array(fc.boolean(), { minLength: twice.length, maxLength: twice.length }),
    )
    .map(([arrived, startsGroup]) => {
      const groups: BlockRecord[] = [];
      for (const [at, delta] of arrived.entries()) {
        const group = startsGroup[at] === true ? undefined : groups.pop();
        groups.push(group === undefined ? delta : mergeRecords(group, delta));
      }
      return groups;
    });
}

describe('the block record', () => {
  it('absorbs all but results and blob ids once it is settled, whatever comes and in whatever order', () => {
    holds(
      fc.property(fc.array(arbitraryDelta, { maxLength: 12 }), fc.nat(12), (deltas, at) => {
        const settledThere = [...deltas.slice(0, at), recordOf({ settled: true }), ...deltas.slice(at)];
        const { results, blobIds } = mergeAll(deltas);
        assert.deepEqual(mergeAll(settledThere), recordOf({ results, blobIds, settled: true }));
      }),
    );
  });

  itIsAJoin('merging records', arbitraryRecord, mergeRecords, EMPTY_RECORD);
  itIsAJoin('merging unfinished records', arbitraryUnfinishedRecord, mergeRecords, EMPTY_RECORD);

  it('deltas in any order, repeated and grouped, make the state that merging whole states makes', () => {
    const histories = arbitraryHistory
      .map(play)
      .chain(({ states, deltas }) => fc.tuple(fc.constant(mergeAll(states)), arbitraryDelivery(deltas)));
    holds(fc.property(histories, ([merged, delivered]) => assert.deepEqual(mergeAll(delivered), merged)));
  });

  it('what members may sign in bad faith converges as well, however it is delivered', () => {
    const deliveries = fc
      .array(arbitraryDelta, { maxLength: 12 })
      .chain((deltas) => fc.tuple(fc.constant(mergeAll(deltas)), arbitraryDelivery(deltas)));
    holds(fc.property(deliveries, ([merged, delivered]) => assert.deepEqual(mergeAll(delivered), merged)));
  });

  it('is the very same when it is merged into nothing', () => {
    holds(fc.property(arbitraryRecord, (record) => assert.equal(mergeRecords(EMPTY_RECORD, record), record)));
  });

  it('every merge is a state that the decoder takes', () => {
    holds(
      fc.property(arbitraryRecord, arbitraryRecord, (a, b) => {
        const merged = mergeRecords(a, b);
        assert.deepEqual(decodeRecord(encodeRecord(merged)), merged);
      }),
    );
  });

  it('a merge changes neither side', () => {
    holds(
      fc.property(arbitraryRecord, arbitraryRecord, (a, b) => {
        const before = structuredClone({ a, b });
        mergeRecords(a, b);
        assert.deepEqual({ a, b }, before);
      }),
    );
  });

  it('Success is never left', () => {
    holds(
      fc.property(arbitraryRecord, arbitraryRecord, (a, b) => {
        const merged = mergeRecords(a, b);
        assert.equal(hasSuccess(merged.results), hasSuccess(a.results) || hasSuccess(b.results));
      }),
    );
  });

  it('the lease is dropped with the first Success and does not come back with an old state', () => {
    const claimed = recordOf({ lease: leaseWith({}) });
    const finished = mergeRecords(claimed, recordOf({ results: [resultWith({ node: nodeOf(2) })] }));
    assert.equal(finished.lease, undefined);
    assert.equal(mergeRecords(finished, claimed).lease, undefined);
    assert.equal(mergeRecords(claimed, finished).lease, undefined);
    assert.equal(mergeRecords(finished, recordOf({ lease: leaseWith({ epoch: 7 }) })).lease, undefined);
  });

  it('a failure leaves the lease where it is', () => {
    const claimed = recordOf({ lease: leaseWith({}) });
    const failed = mergeRecords(claimed, recordOf({ results: [resultWith({ verdict: 'failed' })] }));
    assert.deepEqual(failed.lease, claimed.lease);
  });

  it('the generation lease is dropped with the first announcement and does not come back', () => {
    const claimed = recordOf({ generation: leaseWith({}) });
    const announced = mergeRecords(claimed, recordOf({ witnesses: [announcementWith({ author: nodeOf(2) })] }));
    assert.equal(announced.generation, undefined);
    assert.equal(mergeRecords(claimed, announced).generation, undefined);
  });

  it('a delta with a Success in it holds no lease', () => {
    assert.equal(recordOf({ lease: leaseWith({}), results: [resultWith({})] }).lease, undefined);
    assert.equal(recordOf({ generation: leaseWith({}), witnesses: [announcementWith({})] }).generation, undefined);
  });

  it('blob ids only grow, up to their limit, where the smallest stay', () => {
    const ids = Array.from({ length: BLOB_IDS_MAX + 1 }, (_, n) => hashOf(n));
    const merged = mergeRecords(recordOf({ blobIds: ids.slice(500) }), recordOf({ blobIds: ids.slice(0, 501) }));
    assert.deepEqual(merged.blobIds, ids.slice(0, BLOB_IDS_MAX));
    holds(
      fc.property(arbitraryRecord, arbitraryRecord, (a, b) => {
        const union = new Set([...a.blobIds, ...b.blobIds]);
        assert.deepEqual(new Set(mergeRecords(a, b).blobIds), union);
      }),
    );
  });

  it('only the record without any part is empty', () => {
    assert.equal(isEmptyRecord(EMPTY_RECORD), true);
    holds(fc.property(arbitraryDelta, (delta) => assert.equal(isEmptyRecord(delta), false)));
  });

  it('two signatures of one claim merge to one, the same on both sides', () => {
    const a = recordOf({ lease: leaseWith({ signature: signatureOf(1) }) });
    const b = recordOf({ lease: leaseWith({ signature: signatureOf(2) }) });
    assert.deepEqual(mergeRecords(a, b), b);
    assert.deepEqual(mergeRecords(b, a), b);
  });
});
