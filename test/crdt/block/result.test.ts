import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compareResults,
  isCanonicalResults,
  joinResults,
  RESULTS_MAX,
  ROOTS_PER_NODE_MAX,
  type Results,
  type SignedResult,
} from '../../../crdt/block/result.ts';
import { holds } from '../../properties.ts';
import { arbitraryResult, hashOf, nodeOf, resultWith, signatureOf, stampOf } from './arbitraries.ts';
import { itIsAJoin } from './join-laws.ts';

function joinAll(results: readonly SignedResult[]): Results {
  return results.reduce<Results>((joined, result) => joinResults(joined, [result]), []);
}

const arbitraryResults = fc.array(arbitraryResult, { maxLength: 12 }).map(joinAll);

/** Three possible entries for each of 1,300 nodes, made once: long lists of them compare quickly. */
const entries = Array.from({ length: 1_300 }, (_, n) => ({
  failed: resultWith({ node: nodeOf(n), verdict: 'failed' }),
  success: resultWith({ node: nodeOf(n), stateRoot: hashOf(2) }),
  other: resultWith({ node: nodeOf(n), stateRoot: hashOf(n % 2 === 0 ? 1 : 3) }),
}));

/** Lists about as long as the limit: joins of them have to leave entries out. */
const arbitraryLongResults = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 31 - 2 }), fc.integer({ min: 20, max: 80 }))
  .map(([seed, failedPercent]): Results => {
    // The generator of Park and Miller (1988): a thousand draws at once, which shrink as one number.
    let drawn = seed;
    const percent = (): number => (drawn = (drawn * 48_271) % (2 ** 31 - 1)) % 100;
    const results: SignedResult[] = [];
    for (const { failed, success, other } of entries) {
      if (results.length >= RESULTS_MAX - 1) break;
      if (percent() < 20) continue;
      const found = percent();
      if (percent() < failedPercent) results.push(failed);
      else if (found < 40) results.push(success);
      else if (found < 70) results.push(other);
      else results.push(...[success, other].sort(compareResults));
    }
    return results;
  });

describe('the results of a block', () => {
  itIsAJoin('joining results', arbitraryResults, joinResults, []);
  itIsAJoin('joining results at the limit', arbitraryLongResults, joinResults, []);

  it('a join is sorted, with one failure or at most two roots a node', () => {
    holds(
      fc.property(arbitraryResults, arbitraryResults, (a, b) => {
        assert.equal(isCanonicalResults(joinResults(a, b)), true);
      }),
    );
  });

  it("a node's Success replaces its failure, whichever came first and whatever epoch the failure has", () => {
    const failed = resultWith({ verdict: 'failed', epoch: 9, sequence: 9 });
    const success = resultWith({ epoch: 1, sequence: 1 });
    assert.deepEqual(joinResults([failed], [success]), [success]);
    assert.deepEqual(joinResults([success], [failed]), [success]);
  });

  it('of two failures of one node the higher epoch stays, then the higher sequence; the stamp decides nothing before them', () => {
    const first = resultWith({ verdict: 'failed', epoch: 1, sequence: 3, stamp: stampOf(9_000) });
    const later = resultWith({ verdict: 'failed', epoch: 2, sequence: 1, stamp: stampOf(1_000) });
    const again = resultWith({ verdict: 'failed', epoch: 2, sequence: 2, stamp: stampOf(500) });
    assert.deepEqual(joinAll([first, later]), [later]);
    assert.deepEqual(joinAll([again, later, first]), [again]);
  });

  it('two roots of one node are both kept, and a third adds nothing', () => {
    const roots = [1, 2, 3].map((n) => resultWith({ stateRoot: hashOf(n) }));
    assert.equal(joinAll(roots.slice(0, 2)).length, 2);
    const joined = joinAll(roots);
    assert.equal(joined.length, ROOTS_PER_NODE_MAX);
    assert.deepEqual(joinAll(roots.toReversed()), joined);
  });

  it('one root reported twice by a node is one entry, with the higher epoch', () => {
    const first = resultWith({ epoch: 1 });
    const second = resultWith({ epoch: 2, signature: signatureOf(2) });
    assert.deepEqual(joinAll([second, first]), [second]);
  });

  it('one result under two signatures is one entry, the same on both sides', () => {
    for (const verdict of ['failed', 'success'] as const) {
      const [a, b] = [1, 2].map((n) => resultWith({ verdict, signature: signatureOf(n) }));
      assert.ok(a !== undefined && b !== undefined);
      assert.deepEqual(joinResults([a], [b]), [b]);
      assert.deepEqual(joinResults([b], [a]), [b]);
    }
  });

  it('no number of failures pushes a Success out', () => {
    const success = resultWith({ node: nodeOf(RESULTS_MAX + 1) });
    const failures = Array.from({ length: RESULTS_MAX }, (_, n) => resultWith({ node: nodeOf(n), verdict: 'failed' }));
    const joined = joinResults([success], failures);
    assert.equal(joined.length, RESULTS_MAX);
    assert.deepEqual(joined.at(-1), success);
    assert.deepEqual(joinResults(joined, failures), joined);
  });

  it('results are ordered by node and then by root', () => {
    const inOrder = [
      resultWith({ node: nodeOf(1), stateRoot: hashOf(2) }),
      resultWith({ node: nodeOf(1), stateRoot: hashOf(3) }),
      resultWith({ node: nodeOf(2), stateRoot: hashOf(1) }),
    ];
    assert.deepEqual(inOrder.toReversed().sort(compareResults), inOrder);
    assert.equal(isCanonicalResults(inOrder), true);
    assert.equal(isCanonicalResults(inOrder.toReversed()), false);
  });

  const displaced: readonly [string, Results][] = [
    [
      'a failure beside a Success of the same node',
      [resultWith({}), resultWith({ stateRoot: hashOf(2), verdict: 'failed' })],
    ],
    ['two failures of one node', [1, 2].map((n) => resultWith({ stateRoot: hashOf(n), verdict: 'failed' }))],
    ['three roots of one node', [1, 2, 3].map((n) => resultWith({ stateRoot: hashOf(n) }))],
    ['one root twice', [resultWith({}), resultWith({ epoch: 2 })]],
  ];
  for (const [what, results] of displaced) {
    it(`${what} is no canonical list`, () => assert.equal(isCanonicalResults(results), false));
  }
});
