import assert from 'node:assert/strict';
import { WindowCounts } from '../../../net/rate/window-counts.ts';

describe('counts in a window', () => {
  it('are up to the limit for each key, and begin anew with the next window', () => {
    const counts = new WindowCounts<string>(1_000, 2);
    assert.deepEqual([counts.take('a', 5), counts.take('a', 6), counts.take('a', 7)], [true, true, false]);
    assert.equal(counts.take('b', 8), true);
    assert.equal(counts.take('a', 1_004), false);
    assert.equal(counts.take('a', 1_005), true);
  });
});
