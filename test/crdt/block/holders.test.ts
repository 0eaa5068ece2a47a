/**
 * The holders beside the classical OR-set (Shapiro, Preguiça, Baquero, Zawirski, 2011): every add makes a unique tag, a
 * remove buries the tags it sees. Here a node adds itself alone, and only while it does not see itself in the set.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addHolder,
  HOLDERS_MAX,
  joinHolders,
  liveHolders,
  removeHolder,
  type Holders,
} from '../../../crdt/block/holders.ts';
import { holds } from '../../properties.ts';
import { arbitraryHolder, nodeOf } from './arbitraries.ts';
import { itIsAJoin } from './join-laws.ts';

const arbitraryHolders = fc
  .array(arbitraryHolder, { maxLength: 8 })
  .map((entries) => entries.reduce<Holders>((joined, entry) => joinHolders(joined, [entry]), []));

/** About as many entries as the limit, of 700 nodes. */
const arbitraryManyHolders = fc
  .uniqueArray(fc.nat(699), { minLength: 400, maxLength: HOLDERS_MAX })
  .map((numbers) =>
    numbers.sort((a, b) => a - b).map((n) => ({ node: nodeOf(n), dot: 1 + (n % 2), live: numbers.length % 2 === 0 })),
  );

/** What one replica of the classical OR-set knows of one node. */
interface Tags {
  readonly added: Set<string>;
  readonly buried: Set<string>;
}

const NO_TAGS: Tags = { added: new Set(), buried: new Set() };

function isPresent({ added, buried }: Tags): boolean {
  return [...added].some((tag) => !buried.has(tag));
}

const REPLICAS = 3;

/** One replica of both sets; replica `n` is the node `n`. */
interface Replica {
  holders: Holders;
  tags: Tags[];
}

interface Delta {
  readonly holders: Holders;
  readonly of: number;
  readonly tags: Tags;
}

type Change =
  | { readonly step: 'add'; readonly at: number }
  | { readonly step: 'remove'; readonly at: number; readonly of: number }
  | { readonly step: 'delta'; readonly at: number; readonly which: number };
type Step = Change | { readonly step: 'state'; readonly at: number; readonly from: number };

const replicaNumber = fc.nat(REPLICAS - 1);
const arbitrarySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ step: fc.constant('add' as const), at: replicaNumber }),
    fc.record({ step: fc.constant('remove' as const), at: replicaNumber, of: replicaNumber }),
    fc.record({ step: fc.constant('state' as const), at: replicaNumber, from: replicaNumber }),
    fc.record({ step: fc.constant('delta' as const), at: replicaNumber, which: fc.nat(30) }),
  ),
  { maxLength: 60 },
);

function tagsOf(replica: Replica, node: number): Tags {
  return replica.tags[node] ?? NO_TAGS;
}

function take(replica: Replica, { holders, of, tags }: Delta): void {
  replica.holders = joinHolders(replica.holders, holders);
  const known = tagsOf(replica, of);
  replica.tags[of] = {
    added: new Set([...known.added, ...tags.added]),
    buried: new Set([...known.buried, ...tags.buried]),
  };
}

/** What `step` changes at its replica, by both sets; undefined when the classical set says that nothing does. */
function changeOf(step: Change, replica: Replica, deltas: readonly Delta[], uniqueTag: string): Delta | undefined {
  if (step.step === 'delta') return deltas[step.which];
  const of = step.step === 'add' ? step.at : step.of;
  const tags = tagsOf(replica, of);
  if (isPresent(tags) === (step.step === 'add')) return undefined;
  if (step.step === 'remove') {
    return { of, holders: removeHolder(replica.holders, nodeOf(of)), tags: { ...tags, buried: tags.added } };
  }
  const added = new Set([...tags.added, uniqueTag]);
  return { of, holders: addHolder(replica.holders, nodeOf(of)), tags: { ...tags, added } };
}

describe('the holders of a witness', () => {
  itIsAJoin('joining holders', arbitraryHolders, joinHolders, []);
  itIsAJoin('joining holders at the limit', arbitraryManyHolders, joinHolders, []);

  it('equal the classical add-wins OR-set after any history of adds, removes, states and deltas', () => {
    holds(
      fc.property(arbitrarySteps, (steps) => {
        const replicas = Array.from({ length: REPLICAS }, (): Replica => ({ holders: [], tags: [] }));
        const deltas: Delta[] = [];
        for (const [at, step] of steps.entries()) {
          const replica = replicas[step.at];
          assert.ok(replica !== undefined);
          if (step.step === 'state') {
            const from = replicas[step.from];
            assert.ok(from !== undefined);
            for (let of = 0; of < REPLICAS; of++) take(replica, { holders: from.holders, of, tags: tagsOf(from, of) });
          } else {
            const change = changeOf(step, replica, deltas, `${step.at}#${at}`);
            if (change === undefined) continue;
            take(replica, change);
            if (step.step !== 'delta') deltas.push(change);
          }
          const expected = Array.from({ length: REPLICAS }, (_, of) => of).filter((of) =>
            isPresent(tagsOf(replica, of)),
          );
          assert.deepEqual(liveHolders(replica.holders), expected.map(nodeOf));
        }
      }),
    );
  });

  it('an add that is concurrent with a remove survives it', () => {
    const added = addHolder([], nodeOf(1));
    const removed = removeHolder(added, nodeOf(1));
    const addedAgain = addHolder(joinHolders(added, removed), nodeOf(1));
    const removedOldAdd = removeHolder(added, nodeOf(1));
    assert.deepEqual(liveHolders(joinHolders(addedAgain, removedOldAdd)), [nodeOf(1)]);
  });

  it('a remove takes out what it saw and does not come back with an old state', () => {
    const added = addHolder([], nodeOf(1));
    const removed = joinHolders(added, removeHolder(added, nodeOf(1)));
    assert.deepEqual(liveHolders(removed), []);
    assert.deepEqual(joinHolders(removed, added), removed);
  });

  it('adding what is there and removing what is not are empty deltas', () => {
    const added = addHolder([], nodeOf(1));
    assert.deepEqual(addHolder(added, nodeOf(1)), []);
    assert.deepEqual(removeHolder(added, nodeOf(2)), []);
    assert.deepEqual(removeHolder(joinHolders(added, removeHolder(added, nodeOf(1))), nodeOf(1)), []);
  });

  it('a node whose dots a liar has used up adds nothing, rather than a dot that nobody can decode', () => {
    const usedUp = [{ node: nodeOf(1), dot: 2 ** 32 - 1, live: false }];
    assert.deepEqual(addHolder(usedUp, nodeOf(1)), []);
    const last = addHolder([{ node: nodeOf(1), dot: 2 ** 32 - 2, live: false }], nodeOf(1));
    assert.deepEqual(last, [{ node: nodeOf(1), dot: 2 ** 32 - 1, live: true }]);
  });

  it('at most 512 nodes are kept, the smallest', () => {
    const all = Array.from({ length: HOLDERS_MAX + 1 }, (_, n) => ({ node: nodeOf(n), dot: 1, live: true }));
    const joined = joinHolders(all.slice(1), all.slice(0, 1));
    assert.deepEqual(joined, all.slice(0, HOLDERS_MAX));
  });
});
