import assert from 'node:assert/strict';
import fc from 'fast-check';
import { growChain, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN } from '../../src/chain/grow.ts';
import { hashHeader, parseHeader } from '../../src/chain/header.ts';
import { holds } from '../properties.ts';

const plans = fc.record({
  firstNumber: fc.integer({ min: 1, max: 1_000_000 }),
  count: fc.integer({ min: 0, max: 4 }),
  seed: fc.string(),
});

describe('a grown chain', () => {
  it('has headers that hash to their blocks, each naming its parent and starting from its state', () => {
    holds(
      fc.property(plans, (plan) => {
        const { root, blocks } = growChain(plan);
        assert.equal(blocks.length, plan.count);
        let parent = root;
        assert.equal(root.key.number, plan.firstNumber - 1);
        for (const grown of blocks) {
          const header = parseHeader(grown.block, 'grown');
          assert.equal(hashHeader(header), grown.key.hash);
          assert.equal(header.number, grown.key.number);
          assert.equal(grown.key.number, parent.key.number + 1);
          assert.equal(header.parentHash, parent.key.hash);
          assert.equal(grown.parentHash, parent.key.hash);
          assert.equal(grown.preStateRoot, parseHeader(parent.block, 'grown').stateRoot);
          assert.equal(header.stateRoot, grown.stateRoot);
          assert.ok(grown.witnessPayload.length >= PAYLOAD_BYTES_MIN);
          assert.ok(grown.witnessPayload.length <= PAYLOAD_BYTES_MAX);
          parent = grown;
        }
      }),
    );
  });

  it('is the same for the same seed, and another for another', () => {
    holds(
      fc.property(plans, fc.string(), (plan, otherSeed) => {
        const chain = growChain(plan);
        assert.deepEqual(growChain(plan), chain);
        if (otherSeed !== plan.seed) {
          assert.notEqual(growChain({ ...plan, seed: otherSeed }).root.key.hash, chain.root.key.hash);
        }
      }),
    );
  });

  it('stays what it was in every version: demos and recorded runs name its blocks', () => {
    const { root, blocks } = growChain({ firstNumber: 1, count: 1, seed: 'driftlock' });
    assert.equal(root.key.hash, '0x7b680f6a80f85339c555146ae26757c3e8abe354cc92d6aa6c635e1399f4969b');
    assert.equal(blocks[0]?.key.hash, '0xe75aafd0f73c19664c2b561fa8db6228103b23c64c386b18a53b87691bdb2ad6');
  });

  it('goes through JSON unchanged', () => {
    const { root } = growChain({ firstNumber: 7, count: 0, seed: 'json' });
    assert.deepEqual(JSON.parse(JSON.stringify(root.block)), root.block);
  });
});
