import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Replica } from '../../../src/replica/replica.ts';
import { holds } from '../../properties.ts';
import { recordAt } from './records.ts';
import { arbitraryDeltas, converge, replicaOf, runSession, sideOf } from './replicas.ts';

describe('a reconcile session', () => {
  it('leaves both sides with the merge of what they had, whatever that was', () => {
    const pair = fc.tuple(arbitraryDeltas(100), arbitraryDeltas(100), arbitraryDeltas(100));
    holds(
      fc.property(pair, ([common, onlyA, onlyB]) => {
        const [a, b] = [replicaOf([...common, ...onlyA]), replicaOf([...common, ...onlyB])];
        const merged = replicaOf([...common, ...onlyA, ...onlyB]);
        const { more } = runSession(sideOf(a), sideOf(b));
        assert.equal(more, false);
        assert.deepEqual([a.digest, b.digest, a.size], [merged.digest, merged.digest, merged.size]);
      }),
    );
  });

  it('fills an empty replica, from either side', () => {
    const records = Array.from({ length: 3_000 }, (_, number) => recordAt(number));
    for (const direction of ['push', 'pull']) {
      const [full, empty] = [replicaOf(records), new Replica()];
      if (direction === 'push') runSession(sideOf(full), sideOf(empty));
      else runSession(sideOf(empty), sideOf(full));
      assert.equal(empty.digest, full.digest);
    }
  });

  it('takes one message each way between equal replicas, empty ones included', () => {
    holds(
      fc.property(arbitraryDeltas(100), (deltas) => {
        const { frames } = runSession(sideOf(replicaOf(deltas)), sideOf(replicaOf(deltas.toReversed())));
        assert.deepEqual(
          frames.map(({ from }) => from),
          ['initiator', 'responder'],
        );
      }),
    );
    assert.equal(runSession(sideOf(new Replica()), sideOf(new Replica())).frames.length, 2);
  });

  it('loses nothing when either side changes in the middle: the next session finds it', () => {
    const input = fc.tuple(arbitraryDeltas(60), arbitraryDeltas(60), arbitraryDeltas(12), arbitraryDeltas(12));
    holds(
      fc.property(input, ([ofA, ofB, laterA, laterB]) => {
        const [a, b] = [replicaOf(ofA), replicaOf(ofB)];
        const { frames } = runSession(sideOf(a), sideOf(b), (frame) => {
          const [forA, forB] = [laterA[frame], laterB[frame]];
          if (forA !== undefined) a.merge(forA);
          if (forB !== undefined) b.merge(forB);
        });
        converge(sideOf(a), sideOf(b));
        const merged = replicaOf([
          ...ofA,
          ...ofB,
          ...laterA.slice(0, frames.length),
          ...laterB.slice(0, frames.length),
        ]);
        assert.deepEqual([a.digest, b.digest], [merged.digest, merged.digest]);
      }),
    );
  });
});
