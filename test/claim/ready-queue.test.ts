import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockId, compareBlockKeys, type BlockKey } from '../../crdt/ids.ts';
import { ReadyQueue } from '../../src/claim/ready-queue.ts';
import { hashOf, plain } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

/** What the queue should hold, kept without any cleverness. */
class Model {
  readonly ranks = new Map<string, { key: BlockKey; rank: number }>();

  take(): BlockKey | undefined {
    const [first] = [...this.ranks.values()].sort((a, b) => a.rank - b.rank || compareBlockKeys(a.key, b.key));
    if (first !== undefined) this.ranks.delete(blockId(first.key));
    return first?.key;
  }
}

const key = plain<BlockKey>({ number: fc.nat({ max: 5 }), hash: fc.constantFrom(hashOf(1), hashOf(2)) });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key, rank: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
);

describe('the ready queue', () => {
  it('gives the earliest rank first, then the oldest block, whatever was put, moved and removed', () => {
    holds(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ReadyQueue();
        const model = new Model();
        for (const each of steps) {
          if (each.kind === 'put') {
            queue.put(each.key, each.rank);
            model.ranks.set(blockId(each.key), { key: each.key, rank: each.rank });
          } else if (each.kind === 'remove') {
            queue.remove(each.key);
            model.ranks.delete(blockId(each.key));
          } else assert.deepEqual(queue.take(), model.take());
          assert.equal(queue.size, model.ranks.size);
        }
        while (model.ranks.size > 0) assert.deepEqual(queue.take(), model.take());
        assert.equal(queue.take(), undefined);
      }),
    );
  });
});
