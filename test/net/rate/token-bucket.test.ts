import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TokenBucket } from '../../../net/rate/token-bucket.ts';
import { holds } from '../../properties.ts';

describe('a token bucket', () => {
  it('gives a second’s worth at once, and makes wait for the first byte more', () => {
    const bucket = new TokenBucket(1_000, 0);
    assert.equal(bucket.take(1_000, 0), 0);
    assert.equal(bucket.take(1, 0), 1);
  });

  it('fills with time, and never beyond a second’s worth', () => {
    const bucket = new TokenBucket(1_000, 0);
    bucket.take(1_000, 0);
    assert.equal(bucket.isFull(999), false);
    assert.equal(bucket.isFull(1_000), true);
    assert.equal(bucket.take(1_000, 60_000), 0);
    assert.equal(bucket.take(500, 60_000), 500);
  });

  it('never lets more through in any time than its rate and one second’s worth', () => {
    const takes = fc.array(fc.tuple(fc.nat(5_000), fc.nat(3_000)), { maxLength: 50 });
    holds(
      fc.property(takes, (taken) => {
        const bucket = new TokenBucket(1_000, 0);
        let [nowMs, bytes] = [0, 0];
        for (const [size, laterMs] of taken) {
          nowMs += laterMs;
          // Each taker waits before the next comes.
          nowMs += Math.ceil(bucket.take(size, nowMs));
          bytes += size;
          assert(bytes <= 1_000 + nowMs, `${bytes} bytes after ${nowMs} ms`);
        }
      }),
    );
  });
});
