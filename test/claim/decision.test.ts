import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decideClaim,
  FETCH_STEPS,
  failuresIn,
  retryDelayMs,
  type ClaimDecision,
  type ClaimSituation,
  type RetryPolicy,
} from '../../src/claim/decision.ts';
import { nodeOf, resultWith } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

const FAILURES_MAX = 5;
const RETRY: RetryPolicy = { failuresMax: FAILURES_MAX, delayMsMin: 1_000, delayMsMax: 60_000 };

/** A block that is this node's to claim now. */
const OURS: ClaimSituation = {
  status: 'idle',
  holdsWitness: true,
  rank: 0,
  rankStepMs: 250,
  freeForMs: 0,
  claimableForMs: 0,
  backoffMs: 0,
  earlierRankFetches: false,
  earlierRanksHoldForMs: Infinity,
  failures: 0,
  failuresMax: FAILURES_MAX,
  leaseRemainingMs: 0,
};

const TABLE: readonly [sentence: string, situation: Partial<ClaimSituation>, decision: ClaimDecision][] = [
  ['is claimed at once by the first in rank', {}, { action: 'claim', reason: 'first-in-rank' }],
  [
    'is claimed at once after a failure that was long ago',
    { status: 'failed', failures: 1, backoffMs: 1_000, freeForMs: 1_000, claimableForMs: 1_000 },
    { action: 'claim', reason: 'first-in-rank' },
  ],
  ['is left alone once it is finished', { status: 'success' }, { action: 'drop', reason: 'finished' }],
  [
    'is left alone once it is finished, witness or not',
    { status: 'success', holdsWitness: false },
    { action: 'drop', reason: 'finished' },
  ],
  ['is left alone without its witness', { holdsWitness: false }, { action: 'drop', reason: 'no-witness' }],
  [
    'without its witness is not waited for, whoever holds the lease',
    { holdsWitness: false, status: 'processing', leaseRemainingMs: 5 },
    { action: 'drop', reason: 'no-witness' },
  ],
  [
    'is waited for until its lease has expired',
    { status: 'processing', leaseRemainingMs: 12_345 },
    { action: 'wait', waitMs: 12_345, reason: 'lease-held' },
  ],
  [
    'is waited for a millisecond at least, so that no wait spins',
    { status: 'processing', leaseRemainingMs: 0.25 },
    { action: 'wait', waitMs: 1, reason: 'lease-held' },
  ],
  [
    'is waited for while its lease lives, though it has failed too often',
    { status: 'processing', failures: FAILURES_MAX, leaseRemainingMs: 7 },
    { action: 'wait', waitMs: 7, reason: 'lease-held' },
  ],
  [
    'is left to the second in rank after one step',
    { rank: 1 },
    { action: 'wait', waitMs: 250, reason: 'earlier-rank' },
  ],
  [
    'is left to the earlier ranks for what is left of their steps',
    { rank: 3, freeForMs: 700, claimableForMs: 700 },
    { action: 'wait', waitMs: 50, reason: 'earlier-rank' },
  ],
  [
    'is claimed by a later rank when the earlier ones were silent',
    { rank: 3, freeForMs: 750, claimableForMs: 750 },
    { action: 'claim', reason: 'earlier-ranks-silent' },
  ],
  [
    'is left to an earlier rank for some steps more while that one fetches the witness',
    { rank: 1, earlierRankFetches: true, freeForMs: 500, claimableForMs: 500 },
    { action: 'wait', waitMs: (1 + FETCH_STEPS) * 250 - 500, reason: 'earlier-rank' },
  ],
  [
    'is claimed by a later rank when an earlier one does not come by the witness',
    { rank: 1, earlierRankFetches: true, freeForMs: 10_000, claimableForMs: (1 + FETCH_STEPS) * 250 },
    { action: 'claim', reason: 'earlier-ranks-silent' },
  ],
  [
    'is left to an earlier rank for its steps from when that one came to hold the witness',
    { rank: 2, freeForMs: 10_000, claimableForMs: 10_000, earlierRanksHoldForMs: 100 },
    { action: 'wait', waitMs: 400, reason: 'earlier-rank' },
  ],
  [
    'is claimed at once by the first in rank, whoever came to hold the witness meanwhile',
    { earlierRanksHoldForMs: 0 },
    { action: 'claim', reason: 'first-in-rank' },
  ],
  [
    'is left alone for a while after a failure',
    { status: 'failed', failures: 1, backoffMs: 1_000, freeForMs: 999, claimableForMs: 999 },
    { action: 'wait', waitMs: 1, reason: 'backing-off' },
  ],
  [
    'goes through the ranks again after the pause, and not during it',
    { status: 'failed', failures: 1, rank: 2, backoffMs: 1_000, freeForMs: 1_000, claimableForMs: 1_000 },
    { action: 'wait', waitMs: 500, reason: 'earlier-rank' },
  ],
  [
    'is given the ranks’ turns from when its witness came, if that was after the pause',
    { status: 'failed', failures: 1, rank: 1, backoffMs: 1_000, freeForMs: 9_000, claimableForMs: 100 },
    { action: 'wait', waitMs: 150, reason: 'earlier-rank' },
  ],
  [
    'is not left alone anew after a pause that was over when its witness came',
    { status: 'failed', failures: 1, backoffMs: 1_000, freeForMs: 9_000 },
    { action: 'claim', reason: 'first-in-rank' },
  ],
  [
    `is tried again after ${FAILURES_MAX - 1} failures`,
    { status: 'failed', failures: FAILURES_MAX - 1 },
    { action: 'claim', reason: 'first-in-rank' },
  ],
  [
    `is left to people after ${FAILURES_MAX} failures`,
    { status: 'failed', failures: FAILURES_MAX },
    { action: 'drop', reason: 'failures-exhausted' },
  ],
];

describe('whether to claim: a block', () => {
  for (const [sentence, situation, decision] of TABLE) {
    it(sentence, () => assert.deepEqual(decideClaim({ ...OURS, ...situation }), decision));
  }

  it('that is waited for is claimed once the wait is over, if nothing else changed', () => {
    const situation = fc.record({
      status: fc.constantFrom('idle' as const, 'failed' as const),
      holdsWitness: fc.constant(true),
      rank: fc.nat({ max: 20 }),
      rankStepMs: fc.nat({ max: 1_000 }),
      freeForMs: fc.nat({ max: 100_000 }),
      claimableForMs: fc.nat({ max: 100_000 }),
      earlierRankFetches: fc.boolean(),
      earlierRanksHoldForMs: fc.nat({ max: 10_000 }),
      backoffMs: fc.nat({ max: RETRY.delayMsMax }),
      failuresMax: fc.constant(FAILURES_MAX),
      failures: fc.nat({ max: FAILURES_MAX - 1 }),
      leaseRemainingMs: fc.constant(0),
    });
    holds(
      fc.property(situation, (start) => {
        let { claimableForMs, earlierRanksHoldForMs } = start;
        let freeForMs = start.claimableForMs + start.freeForMs;
        for (let waits = 0; ; waits++) {
          const decision = decideClaim({ ...start, freeForMs, claimableForMs, earlierRanksHoldForMs });
          if (decision.action === 'claim') return;
          assert(decision.action === 'wait' && decision.waitMs > 0);
          assert(waits < 2, 'first the pause, then the ranks');
          freeForMs += decision.waitMs;
          claimableForMs += decision.waitMs;
          earlierRanksHoldForMs += decision.waitMs;
        }
      }),
    );
  });
});

describe('the pause after tries without success', () => {
  it('is none before the first, then doubles up to a minute', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1_000, 10_000].map((tries) => retryDelayMs(tries, RETRY));
    assert.deepEqual(delays, [0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    const short = { failuresMax: 1, delayMsMin: 50, delayMsMax: 120 };
    assert.deepEqual(
      [0, 1, 2, 3].map((tries) => retryDelayMs(tries, short)),
      [0, 50, 100, 120],
    );
  });
});

describe('the number of failures of a block', () => {
  it('is the sum of what each node counted, and successes do not count', () => {
    assert.equal(failuresIn([]), 0);
    const failed = [1, 2].map((n) => resultWith({ node: nodeOf(n), verdict: 'failed', sequence: n + 1 }));
    assert.equal(failuresIn([...failed, resultWith({ node: nodeOf(3), sequence: 9 })]), 5);
  });
});
