import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BigColumn, SafeIntegerColumn } from '../../src/replica/columns.ts';
import { holds } from '../properties.ts';

describe('a column of 64-bit values', () => {
  it('gives what was set last, and 0 elsewhere, for values below and above 32 bits', () => {
    const value = fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
    const writes = fc.array(fc.tuple(fc.oneof(fc.nat(3), fc.nat(20_000)), value), { maxLength: 40 });
    holds(
      fc.property(writes, (all) => {
        const column = new BigColumn();
        const expected = new Map<number, bigint>();
        for (const [slot, each] of all) {
          column.set(slot, each);
          expected.set(slot, each);
        }
        for (const [slot] of all) assert.equal(column.get(slot), expected.get(slot));
        assert.equal(column.get(20_001), 0n);
      }),
    );
  });

  it('takes the halves of a value, signed or not', () => {
    const column = new BigColumn();
    column.setHalves(1, -1, -2);
    assert.equal(column.get(1), 2n ** 64n - 2n);
    column.setHalves(1, 0, 5);
    assert.equal(column.get(1), 5n);
  });
});

describe('a column of whole numbers', () => {
  it('gives what was set last, and 0 elsewhere, up to the largest', () => {
    const number = fc.oneof(fc.nat(9), fc.maxSafeNat(), fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 32, 2 ** 32 - 1));
    holds(
      fc.property(fc.array(fc.tuple(fc.nat(3), number)), (writes) => {
        const column = new SafeIntegerColumn();
        for (const [slot, value] of writes) {
          column.set(slot, value);
          assert.equal(column.get(slot), value);
        }
        for (const [slot, value] of new Map(writes)) assert.equal(column.get(slot), value);
        assert.equal(column.get(4), 0);
      }),
    );
  });
});
