import assert from 'node:assert/strict';
import { addHolder, removeHolder, type Holders } from '../../crdt/block/holders.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { EarlierRanks } from '../../src/claim/earlier-ranks.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';

const [FIRST, SECOND, LATER] = [nodeOf(1), nodeOf(2), nodeOf(3)];

function heldBy(...nodes: readonly NodeId[]): Holders {
  return nodes.flatMap((node) => addHolder([], node));
}

describe('those who rank before a node for a block', () => {
  it('fetch the witness until they are known to hold it, whoever else holds it', () => {
    const ranks = new EarlierRanks();
    const ahead = [FIRST, SECOND];
    assert.equal(ranks.look(ahead, heldBy(LATER), 10).earlierRankFetches, true);
    assert.equal(ranks.look(ahead, heldBy(FIRST, LATER), 20).earlierRankFetches, true);
    assert.equal(ranks.look(ahead, heldBy(FIRST, SECOND), 30).earlierRankFetches, false);
    assert.equal(ranks.look(ahead, removeHolder(heldBy(FIRST), FIRST), 40).earlierRankFetches, true);
    assert.equal(ranks.look([], heldBy(LATER), 50).earlierRankFetches, false);
  });

  it('are counted from when one more of them came to hold the witness', () => {
    const ranks = new EarlierRanks();
    const ahead = [FIRST, SECOND];
    const holdForMs = (holders: Holders, nowMs: number): number =>
      ranks.look(ahead, holders, nowMs).earlierRanksHoldForMs;
    assert.equal(holdForMs([], 10), Infinity);
    assert.equal(holdForMs(heldBy(FIRST), 20), 0);
    assert.equal(holdForMs(heldBy(FIRST), 120), 100);
    assert.equal(holdForMs(heldBy(FIRST, SECOND), 130), 0);
    assert.equal(holdForMs(heldBy(SECOND), 140), 10);
  });
});
