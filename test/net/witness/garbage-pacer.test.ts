import assert from 'node:assert/strict';
import { COLLECT_EVERY_BYTES, GarbagePacer } from '../../../net/witness/garbage-pacer.ts';

describe('the pace at which garbage is collected', () => {
  it('is once for each COLLECT_EVERY_BYTES that moved', () => {
    let collections = 0;
    const pacer = new GarbagePacer(() => collections++);
    pacer.moved(COLLECT_EVERY_BYTES - 1);
    assert.equal(collections, 0);
    pacer.moved(1);
    assert.equal(collections, 1);
    pacer.moved(COLLECT_EVERY_BYTES + 1);
    pacer.moved(COLLECT_EVERY_BYTES - 1);
    assert.equal(collections, 3);
  });
});
