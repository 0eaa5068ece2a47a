import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasSuccess, type BlockRecord } from '../../crdt/block/record.ts';
import { disputeOf, viewOf } from '../../crdt/block/view.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { Replica } from '../../src/replica/replica.ts';
import { Tally } from '../../src/replica/tally.ts';
import { arbitraryDelta, hashOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

const KEYS: readonly BlockKey[] = [1, 2, 3].map((number) => ({ number, hash: hashOf(number) }));

function successes({ results }: BlockRecord): number {
  return results.filter(({ verdict }) => verdict === 'success').length;
}

describe('the counts over all records', () => {
  it('are those of the records, whatever was merged and removed', () => {
    const arbitraryStep = fc.record({
      key: fc.constantFrom(...KEYS),
      delta: fc.option(arbitraryDelta, { nil: undefined, freq: 6 }),
    });
    holds(
      fc.property(fc.array(arbitraryStep, { maxLength: 12 }), (steps) => {
        const replica = new Replica();
        const tally = new Tally();
        for (const { key, delta } of steps) {
          const before = replica.get(key);
          if (delta === undefined) replica.remove(key);
          else replica.merge({ key, record: delta });
          tally.note({ key, before, after: replica.get(key) });
        }
        const held = KEYS.filter((key) => replica.record(key) !== undefined);
        const unfinished = held.filter((key) => !hasSuccess(replica.get(key).results));
        const sum = (count: (record: BlockRecord) => number): number =>
          held.reduce((total, key) => total + count(replica.get(key)), 0);
        assert.equal(tally.blocks, held.length);
        assert.deepEqual(new Set(tally.unfinished()), new Set(unfinished));
        assert.equal(tally.unfinishedCount, unfinished.length);
        assert.equal(
          tally.results,
          sum(({ results }) => results.length),
        );
        assert.equal(
          tally.duplicates,
          sum((record) => Math.max(0, successes(record) - 1)),
        );
        assert.deepEqual(
          new Set(tally.disputedBlocks()),
          new Set(held.filter((key) => disputeOf(replica.get(key).results) !== undefined)),
        );
        // Whether its leases are over or not, nothing has been begun of a block that is idle either way.
        const isIdle = (key: BlockKey): boolean => viewOf(replica.get(key), () => true).status === 'idle';
        const begun = new Set(tally.begun());
        assert.equal(tally.begunCount, begun.size);
        for (const key of unfinished) if (!begun.has(key)) assert(isIdle(key), `block ${key.number} is idle`);
        for (const key of begun) assert(unfinished.includes(key), `block ${key.number} is not finished`);
      }),
    );
  });
});
