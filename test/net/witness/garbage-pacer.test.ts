import assert from 'node:assert/strict';
import { COLLECT_EVERY_BYTES, GarbagePacer, PACED_BODY_BYTES_MIN } from '../../../net/witness/garbage-pacer.ts';

describe('the pace at which garbage is collected', () => {
  it('is once for each COLLECT_EVERY_BYTES that moved', () => {
    for (const [secondBytes, expected] of [
      [COLLECT_EVERY_BYTES / 2 - 1, 0],
      [COLLECT_EVERY_BYTES / 2, 1],
    ] as const) {
      let collections = 0;
      const pacer = new GarbagePacer(() => collections++);
      pacer.moved(COLLECT_EVERY_BYTES / 2);
      assert.equal(collections, 0);
      pacer.moved(secondBytes);
      assert.equal(collections, expected);
    }
    let collections = 0;
    const pacer = new GarbagePacer(() => collections++);
    pacer.moved(COLLECT_EVERY_BYTES + 1);
    pacer.moved(COLLECT_EVERY_BYTES - 1);
    assert.equal(collections, 2);
  });

  it('does not count bodies below PACED_BODY_BYTES_MIN', () => {
    let collections = 0;
    const pacer = new GarbagePacer(() => collections++);
    const count = COLLECT_EVERY_BYTES / PACED_BODY_BYTES_MIN;
    for (let body = 0; body < 10 * count; body++) pacer.moved(PACED_BODY_BYTES_MIN - 1);
    assert.equal(collections, 0);
    for (let body = 0; body < count; body++) pacer.moved(PACED_BODY_BYTES_MIN);
    assert.equal(collections, 1);
  });
});
