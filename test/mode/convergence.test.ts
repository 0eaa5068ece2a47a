import assert from 'node:assert/strict';
import type { NodeId } from '../../crdt/ids.ts';
import { Convergence, ROUNDS_KEPT_MAX } from '../../src/mode/convergence.ts';
import { SignedNodes } from '../net/signed-nodes.ts';

const nodes = new SignedNodes();
const [a, b]: [NodeId, NodeId] = [nodes.make(1).node, nodes.make(2).node];
const NOTHING = { sentRecords: 0, receivedRecords: 0, more: false };

describe('following how a replica converges', () => {
  it('tells of the rounds it took, how far each brought it, and the time since the difference was seen', () => {
    const convergence = new Convergence();
    const both = [
      { node: a, agrees: false },
      { node: b, agrees: false },
    ];
    assert.equal(convergence.look(both, 1_000), undefined);
    convergence.noteSession(a, { sentRecords: 0, receivedRecords: 90, more: true }, 2_000);
    assert.equal(convergence.look(both, 2_100), undefined, 'a has more');
    convergence.noteSession(a, { sentRecords: 1, receivedRecords: 10, more: false }, 2_200);
    assert.equal(convergence.look(both, 2_300), undefined, 'b was not compared with');
    assert(convergence.isSettled(a) && !convergence.isSettled(b));
    convergence.noteSession(b, NOTHING, 2_400);
    assert.deepEqual(convergence.look(both, 2_500), {
      rounds: [
        { peer: a, sentRecords: 0, receivedRecords: 90, coverage: 1 / 3 },
        { peer: a, sentRecords: 1, receivedRecords: 10, coverage: 2 / 3 },
        { peer: b, sentRecords: 0, receivedRecords: 0, coverage: 1 },
      ],
      roundCount: 3,
      sentRecords: 1,
      receivedRecords: 100,
      peers: 2,
      durationMs: 1_500,
    });
    assert.equal(convergence.look(both, 3_000), undefined, 'it is told once');
  });

  it('says nothing of sessions that move nothing', () => {
    const convergence = new Convergence();
    convergence.look([{ node: a, agrees: false }], 0);
    convergence.noteSession(a, NOTHING, 10);
    assert.equal(convergence.look([{ node: a, agrees: false }], 20), undefined);
  });

  it('does not call it converged while nobody is in reach, and compares anew with who comes back', () => {
    const convergence = new Convergence();
    convergence.look([{ node: a, agrees: true }], 0);
    assert(convergence.isSettled(a));
    convergence.noteSession(a, { sentRecords: 5, receivedRecords: 0, more: true }, 10);
    assert.equal(convergence.look([], 20), undefined);
    assert(!convergence.isSettled(a));
    assert.equal(convergence.look([{ node: a, agrees: false }], 30), undefined);
    assert.equal(convergence.look([{ node: a, agrees: true }], 40)?.durationMs, 30);
  });

  it('keeps a bounded number of rounds and counts them all', () => {
    const convergence = new Convergence();
    convergence.look([{ node: a, agrees: false }], 0);
    for (let round = 0; round <= ROUNDS_KEPT_MAX; round++) {
      convergence.noteSession(a, { sentRecords: 1, receivedRecords: 1, more: false }, 10 + round);
    }
    const episode = convergence.look([{ node: a, agrees: false }], 100);
    assert.equal(episode?.rounds.length, ROUNDS_KEPT_MAX);
    assert.equal(episode?.roundCount, ROUNDS_KEPT_MAX + 1);
  });
});
