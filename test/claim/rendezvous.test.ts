import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import { rankOf } from '../../src/claim/rendezvous.ts';
import { hashOf, nodeOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';
import { keyAt } from '../net/signed-nodes.ts';

const nodes = fc.uniqueArray(fc.nat({ max: 1_000 }).map(nodeOf), { minLength: 1, maxLength: 12 });
const key = fc.nat({ max: 100_000 }).map(keyAt);

/** `candidates` in the order that each of them comes to by itself. */
function orderOf(block: BlockKey, candidates: readonly NodeId[]): NodeId[] {
  const order: NodeId[] = [];
  for (const node of candidates) order[rankOf(node, block, candidates)] = node;
  return order;
}

describe('the order in which nodes may claim a block', () => {
  it('is the same for all of them, without gaps, however each lists the others', () => {
    holds(
      fc.property(nodes, key, fc.nat(), (candidates, block, rotation) => {
        const order = orderOf(block, candidates);
        assert.deepEqual(new Set(order), new Set(candidates));
        for (const [rank, node] of order.entries()) {
          const at = rotation % candidates.length;
          const listed = [...candidates.slice(at), ...candidates.slice(0, at)];
          assert.equal(rankOf(node, block, listed), rank);
          assert.equal(
            rankOf(
              node,
              block,
              listed.filter((other) => other !== node),
            ),
            rank,
          );
        }
      }),
    );
  });

  it('moves nobody else when a node leaves', () => {
    holds(
      fc.property(nodes, key, fc.nat(), (candidates, block, which) => {
        const leaving = candidates[which % candidates.length];
        const staying = candidates.filter((node) => node !== leaving);
        assert.deepEqual(
          orderOf(block, staying),
          orderOf(block, candidates).filter((node) => node !== leaving),
        );
      }),
    );
  });

  it('gives each node about its share of the blocks', () => {
    const candidates = Array.from({ length: 5 }, (_, at) => nodeOf(at + 1));
    const firsts = new Map<NodeId, number>();
    for (let number = 0; number < 5_000; number++) {
      const [first] = orderOf({ number, hash: hashOf(number) }, candidates);
      assert(first !== undefined);
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    // 1000 each, with a standard deviation of 28.
    for (const node of candidates) assert(Math.abs((firsts.get(node) ?? 0) - 1_000) < 150, `${firsts.get(node)}`);
  });
});
