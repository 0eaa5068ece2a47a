import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IdTable } from '../../../net/reconcile/index/id-table.ts';
import { holds } from '../../properties.ts';

/** Few tags, so that they collide; numbers about the limit of 32 bits, and far beyond it. */
const tag = fc.constantFrom(0, 1, 1024, 2048, 2 ** 32 - 1);
const number = fc.constantFrom(0, 1, 2 ** 32 - 3, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER);

describe('the table of ids', () => {
  it('has for each tag the numbers that were added and not removed, however large they are', () => {
    holds(
      fc.property(
        fc.array(fc.tuple(tag, number), { maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (pairs, removals) => {
          const table = new IdTable();
          const left = [...pairs];
          for (const [of, value] of pairs) table.add(of, value);
          for (const removal of removals) {
            const [gone] = left.length === 0 ? [] : left.splice(removal % left.length, 1);
            if (gone !== undefined) table.remove(...gone);
          }
          assert.equal(table.count, left.length);
          for (const [of] of pairs) {
            const expected = left.filter(([other]) => other === of).map(([, value]) => value);
            assert.deepEqual(
              table.numbersOf(of).sort((a, b) => a - b),
              expected.sort((a, b) => a - b),
            );
          }
        },
      ),
    );
  });

  it('finds every entry of a table that has grown', () => {
    const table = new IdTable();
    for (let at = 0; at < 5_000; at++) table.add(Math.imul(at, 0x9e37_79b1) >>> 0, at);
    for (let at = 0; at < 5_000; at++) assert.deepEqual(table.numbersOf(Math.imul(at, 0x9e37_79b1) >>> 0), [at]);
  });
});
