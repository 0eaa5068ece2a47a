import assert from 'node:assert/strict';
import { boundAt, END } from '../../net/reconcile/index/item.ts';
import { FetchLedger } from '../../src/reconcile/fetch-ledger.ts';

const range = (from: number, to: number) => ({ from: boundAt(from), to: boundAt(to) });

describe('the ledger of what is being fetched', () => {
  it('reserves a range for one session, and those that touch it for any', () => {
    const ledger = new FetchLedger();
    const [a, b] = [ledger.begin(), ledger.begin()];
    assert.equal(a.range(range(10, 20)), true);
    assert.equal(b.range({ from: boundAt(19), to: END }), false);
    assert.deepEqual([b.isBusy(range(0, 11)), a.isBusy(range(0, 11)), b.isBusy(range(20, 30))], [true, false, false]);
    assert.equal(b.range(range(20, 30)), true);
    assert.equal(a.range(range(15, 20)), true);
  });

  it('reserves an id for one session', () => {
    const ledger = new FetchLedger();
    const [a, b] = [ledger.begin(), ledger.begin()];
    assert.deepEqual([a.id(1n), b.id(1n), a.id(1n), b.id(2n)], [true, false, true, true]);
  });

  it('frees what a session had reserved when it ends, and nothing else', () => {
    const ledger = new FetchLedger();
    const [a, b] = [ledger.begin(), ledger.begin()];
    a.range(range(0, 10));
    a.id(1n);
    b.range(range(10, 20));
    b.id(2n);
    a.release();
    const c = ledger.begin();
    assert.deepEqual([c.range(range(0, 10)), c.id(1n), c.range(range(10, 20)), c.id(2n)], [true, true, false, false]);
  });
});
