import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  announcedDigests,
  chosenWitness,
  joinWitnesses,
  stateRank,
  WITNESS_ANNOUNCEMENTS_MAX,
  WITNESS_STATES,
  type Witnesses,
  type WitnessAnnouncement,
} from '../../../crdt/block/witness.ts';
import { holds } from '../../properties.ts';
import { announcementWith, arbitraryAnnouncement, hashOf, nodeOf } from './arbitraries.ts';
import { itIsAJoin } from './join-laws.ts';

function joinAll(announcements: readonly WitnessAnnouncement[]): Witnesses {
  return announcements.reduce<Witnesses>((joined, announcement) => joinWitnesses(joined, [announcement]), []);
}

const arbitraryWitnesses = fc.array(arbitraryAnnouncement, { maxLength: 12 }).map(joinAll);

/** Announcements by up to 90 authors: joins of them have to leave some out. */
const arbitraryManyWitnesses = fc
  .array(
    fc.record({ author: fc.integer({ min: 0, max: 89 }), rank: fc.integer({ min: 2, max: 6 }), digest: fc.nat(2) }),
    { minLength: 50, maxLength: 120 },
  )
  .map((drawn) =>
    joinAll(
      drawn.map(({ author, rank, digest }) =>
        announcementWith({
          author: nodeOf(author),
          state: WITNESS_STATES[rank] ?? 'Witnessed',
          payloadDigest: hashOf(digest),
        }),
      ),
    ),
  );

function chosenRank(witnesses: Witnesses): number {
  return stateRank(chosenWitness(witnesses)?.state ?? 'Idle');
}

describe('the witness register', () => {
  itIsAJoin('joining announcements', arbitraryWitnesses, joinWitnesses, []);
  itIsAJoin('joining announcements at the limit', arbitraryManyWitnesses, joinWitnesses, []);

  it("an author's progress never goes back", () => {
    const witnessed = announcementWith({});
    const completed = announcementWith({ state: 'Completed' });
    assert.deepEqual(joinAll([completed, witnessed]), [completed]);
    assert.deepEqual(joinAll([witnessed, completed]), [completed]);
  });

  it('one signature on two contents still joins to the same announcement in either order', () => {
    const a = announcementWith({ parentHash: hashOf(1) });
    for (const b of [
      announcementWith({ parentHash: hashOf(2) }),
      announcementWith({ payloadBytes: 1 }),
      announcementWith({ preStateRoot: hashOf(2) }),
      announcementWith({ lockTimeSeconds: 1n }),
    ]) {
      assert.deepEqual(joinAll([a, b]), joinAll([b, a]));
    }
  });

  it('different payloads by different authors are both kept and shown as a conflict', () => {
    const joined = joinAll([
      announcementWith({ author: nodeOf(2), payloadDigest: hashOf(12) }),
      announcementWith({ author: nodeOf(1), payloadDigest: hashOf(11) }),
    ]);
    assert.equal(joined.length, 2);
    assert.deepEqual(announcedDigests(joined), [hashOf(11), hashOf(12)]);
  });

  it('the same payload by several authors is no conflict', () => {
    const joined = joinAll([1, 2, 3].map((n) => announcementWith({ author: nodeOf(n) })));
    assert.deepEqual(announcedDigests(joined), [hashOf(11)]);
  });

  it('nothing is chosen before anybody announced a witness', () => assert.equal(chosenWitness([]), undefined));

  it('the furthest state is chosen, then the smallest digest, then the smallest author', () => {
    const completed = announcementWith({ author: nodeOf(3), state: 'Completed', payloadDigest: hashOf(19) });
    const smallDigest = announcementWith({ author: nodeOf(2), payloadDigest: hashOf(10) });
    const smallAuthor = announcementWith({ author: nodeOf(1), payloadDigest: hashOf(10) });
    const largeDigest = announcementWith({ author: nodeOf(0), payloadDigest: hashOf(11) });
    assert.deepEqual(chosenWitness(joinAll([smallDigest, largeDigest, completed])), completed);
    assert.deepEqual(chosenWitness(joinAll([largeDigest, smallDigest])), smallDigest);
    assert.deepEqual(chosenWitness(joinAll([largeDigest, smallDigest, smallAuthor])), smallAuthor);
  });

  it('the same announcements choose the same witness in any order of arrival', () => {
    const orders = fc
      .array(arbitraryAnnouncement, { minLength: 1, maxLength: 10 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    holds(
      fc.property(orders, ([sent, arrived]) => {
        assert.deepEqual(chosenWitness(joinAll(sent)), chosenWitness(joinAll(arrived)));
      }),
    );
  });

  it('no number of announcements takes the furthest state back', () => {
    const completed = announcementWith({ author: nodeOf(WITNESS_ANNOUNCEMENTS_MAX + 1), state: 'Completed' });
    const others = Array.from({ length: WITNESS_ANNOUNCEMENTS_MAX }, (_, n) => announcementWith({ author: nodeOf(n) }));
    const joined = joinAll([completed, ...others]);
    assert.equal(joined.length, WITNESS_ANNOUNCEMENTS_MAX);
    assert.deepEqual(chosenWitness(joined), completed);
    holds(
      fc.property(arbitraryManyWitnesses, arbitraryManyWitnesses, (a, b) => {
        assert.equal(chosenRank(joinWitnesses(a, b)), Math.max(chosenRank(a), chosenRank(b)));
      }),
    );
  });
});
