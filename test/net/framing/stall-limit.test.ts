import assert from 'node:assert/strict';
import { withStallLimit } from '../../../net/framing/stall-limit.ts';
import { ManualClock } from '../../chain/manual-clock.ts';
import { connectedStreams, readAll } from '../stream-pair.ts';

describe('a stall limit', () => {
  it('aborts a stream on which nothing moves, for both ends', async () => {
    const clock = new ManualClock();
    const { near, far } = connectedStreams();
    const reading = withStallLimit(near, '/test/1', clock, 1_000, (stream) => readAll(stream.source));
    await clock.fire((delayMs) => delayMs === 1_000);
    await assert.rejects(reading, { code: 'ERR_STREAM_FAILED', found: 'no byte in either direction for 1000 ms' });
    await assert.rejects(readAll(far.source), { code: 'ERR_STREAM_FAILED' });
    assert.deepEqual(clock.timers, []);
  });

  it('begins anew with every chunk that arrives or leaves, and ends with the use of the stream', async () => {
    const clock = new ManualClock();
    const { near, far } = connectedStreams();
    const served = withStallLimit(near, '/test/1', clock, 1_000, async (stream) => {
      const request = await readAll(stream.source);
      await stream.sink([request, request]);
    });
    await far.sink([new Uint8Array([1]), new Uint8Array([2])]);
    assert.deepEqual(await readAll(far.source), Buffer.from([1, 2, 1, 2]));
    await served;
    assert.equal(clock.delaysMs.length, 1 + 2 + 2);
    assert.deepEqual(clock.timers, []);
  });
});
