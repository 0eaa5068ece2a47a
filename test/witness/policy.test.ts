import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  CLAIM_RANK_WAIT_MS,
  decideDrop,
  decideFetch,
  parseWitnessPolicy,
  POLICY_COPIES_MAX,
  type WitnessSituation,
} from '../../src/witness/policy.ts';
import { holds } from '../properties.ts';

const factor = { kind: 'factor', copies: 2 } as const;
const idle: WitnessSituation = {
  isUnfinished: true,
  claimRank: undefined,
  missingForMs: 0,
  keepRank: 5,
  copiesElsewhere: 2,
};

describe('a witness policy', () => {
  it('is full, claimed or factor:N, with N from 1 to POLICY_COPIES_MAX', () => {
    assert.deepEqual(parseWitnessPolicy('full', 'witnessPolicy'), { kind: 'full' });
    assert.deepEqual(parseWitnessPolicy('claimed', 'witnessPolicy'), { kind: 'claimed' });
    const most = { kind: 'factor', copies: POLICY_COPIES_MAX };
    assert.deepEqual(parseWitnessPolicy(`factor:${POLICY_COPIES_MAX}`, 'witnessPolicy'), most);
    for (const text of [
      '',
      'some',
      'factor',
      'factor:0',
      'factor:-1',
      `factor:${POLICY_COPIES_MAX + 1}`,
      'factor:1.5',
    ]) {
      assert.throws(() => parseWitnessPolicy(text, 'witnessPolicy'), { code: 'ERR_BAD_WITNESS_POLICY' });
    }
  });

  for (const [what, policy, situation, expected] of [
    ['full fetches everything', { kind: 'full' }, { isUnfinished: false }, { action: 'fetch', reason: 'full' }],
    ['claimed leaves what it does not validate', { kind: 'claimed' }, {}, { action: 'leave' }],
    [
      'claimed leaves what is finished',
      { kind: 'claimed' },
      { isUnfinished: false, claimRank: 0 },
      { action: 'leave' },
    ],
    [
      'claimed fetches what it claims first',
      { kind: 'claimed' },
      { claimRank: 0 },
      { action: 'fetch', reason: 'claim' },
    ],
    [
      'claimed waits for those in front',
      { kind: 'claimed' },
      { claimRank: 2, missingForMs: 100 },
      { action: 'wait', waitMs: 2 * CLAIM_RANK_WAIT_MS - 100 },
    ],
    [
      'claimed fetches when they did not get to it',
      { kind: 'claimed' },
      { claimRank: 2, missingForMs: 2 * CLAIM_RANK_WAIT_MS },
      { action: 'fetch', reason: 'claim' },
    ],
    ['factor:2 fetches its part', factor, { keepRank: 1, isUnfinished: false }, { action: 'fetch', reason: 'factor' }],
    ['factor:2 leaves the part of others', factor, { keepRank: 2, isUnfinished: false }, { action: 'leave' }],
    ['factor:2 fetches what it claims', factor, { keepRank: 2, claimRank: 0 }, { action: 'fetch', reason: 'claim' }],
  ] as const) {
    it(what, () => assert.deepEqual(decideFetch(policy, { ...idle, ...situation }), expected));
  }

  for (const [what, policy, situation, expected] of [
    ['full drops nothing', { kind: 'full' }, { isUnfinished: false }, { action: 'keep', reason: 'policy' }],
    ['factor:2 keeps what is unfinished', factor, {}, { action: 'keep', reason: 'unfinished' }],
    [
      'factor:2 keeps its part',
      factor,
      { isUnfinished: false, keepRank: 1 },
      { action: 'keep', reason: 'ours-to-keep' },
    ],
    [
      'factor:2 keeps what one other holds',
      factor,
      { isUnfinished: false, copiesElsewhere: 1 },
      { action: 'keep', reason: 'too-few-copies' },
    ],
    ['factor:2 drops what two others hold', factor, { isUnfinished: false }, { action: 'drop' }],
  ] as const) {
    it(what, () => assert.deepEqual(decideDrop(policy, { ...idle, ...situation }), expected));
  }

  it('never drops what it would fetch again', () => {
    const situations = fc.record({
      isUnfinished: fc.boolean(),
      claimRank: fc.option(fc.nat(5), { nil: undefined }),
      missingForMs: fc.nat(20_000),
      keepRank: fc.nat(5),
      copiesElsewhere: fc.nat(5),
    });
    holds(
      fc.property(situations, fc.integer({ min: 1, max: 5 }), (situation, copies) => {
        const policy = { kind: 'factor', copies } as const;
        const isDropped = decideDrop(policy, situation).action === 'drop';
        assert(!isDropped || decideFetch(policy, situation).action === 'leave');
      }),
    );
  });
});
