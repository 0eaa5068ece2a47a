import assert from 'node:assert/strict';
import {
  decideReconcile,
  FRUITLESS_DELAY_MS_MAX,
  fruitlessDelayMs,
  SECOND_STARTER_MS,
  SETTLE_MS,
  type PeerComparison,
} from '../../src/reconcile/trigger.ts';

const DIFFERS: PeerComparison = {
  agreement: 'differ',
  nowMs: 100_000,
  differsSinceMs: 100_000 - SETTLE_MS,
  lastEndedMs: 0,
  fruitless: 0,
  hasMore: false,
  startsFirst: true,
};

describe('when to reconcile', () => {
  it('is decided by the digests first, then by what may settle it otherwise', () => {
    const cases: readonly [Partial<PeerComparison>, boolean, string][] = [
      [{}, true, 'digests-differ'],
      [{ agreement: 'agree', hasMore: true }, false, 'digests-agree'],
      [{ agreement: 'theirs-to-tell', lastEndedMs: undefined }, false, 'theirs-to-tell'],
      [{ agreement: 'theirs-to-tell', hasMore: true }, true, 'more-left'],
      [{ differsSinceMs: 100_001 - SETTLE_MS }, false, 'gossip-may-settle-it'],
      [{ differsSinceMs: 100_000, hasMore: true }, true, 'more-left'],
      [{ lastEndedMs: undefined, differsSinceMs: 100_000 }, true, 'first-contact'],
      [{ lastEndedMs: undefined, differsSinceMs: 100_000, startsFirst: false }, false, 'gossip-may-settle-it'],
      [{ startsFirst: false }, false, 'gossip-may-settle-it'],
      [{ startsFirst: false, differsSinceMs: 100_000 - SETTLE_MS - SECOND_STARTER_MS }, true, 'digests-differ'],
      [{ fruitless: 3, lastEndedMs: 97_000 }, false, 'fruitless-lately'],
      [{ fruitless: 3, lastEndedMs: 96_000 }, true, 'digests-differ'],
    ];
    for (const [change, start, reason] of cases) {
      assert.deepEqual(decideReconcile({ ...DIFFERS, ...change }), { start, reason }, JSON.stringify(reason));
    }
  });

  it('waits twice as long after each session that moved nothing, up to a limit', () => {
    assert.deepEqual([0, 1, 2, 3].map(fruitlessDelayMs), [0, 1_000, 2_000, 4_000]);
    assert.equal(fruitlessDelayMs(60), FRUITLESS_DELAY_MS_MAX);
  });
});
