import assert from 'node:assert/strict';
import { withStallLimit } from '../../../net/framing/stall-limit.ts';
import { pause } from '../../../net/clock.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import { connectedStreams, readAll } from '../stream-pair.ts';

const STALL_MS = 1_000;

/** Chunks that come `pauseMs` apart. */
async function* chunks(clock: VirtualClock, count: number, pauseMs: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) {
    await pause(clock, pauseMs);
    yield Uint8Array.of(at);
  }
}

describe('a stall limit', () => {
  it('aborts a stream on which nothing moves, for both ends', async () => {
    const clock = new VirtualClock();
    const { near, far } = connectedStreams();
    const reading = withStallLimit(near, '/test/1', clock, STALL_MS, (stream) => readAll(stream.source));
    const failure = assert.rejects(reading, {
      code: 'ERR_STREAM_FAILED',
      found: 'no byte in either direction for 1000 ms',
    });
    await clock.advance(STALL_MS - 1);
    assert.equal(clock.timers, 1);
    await clock.advance(1);
    await failure;
    await assert.rejects(readAll(far.source), { code: 'ERR_STREAM_FAILED' });
    assert.equal(clock.timers, 0);
  });

  it('begins anew with every chunk that arrives or leaves, and ends with the use of the stream', async () => {
    const clock = new VirtualClock();
    const { near, far } = connectedStreams();
    const served = withStallLimit(near, '/test/1', clock, STALL_MS, async (stream) => {
      const request = await readAll(stream.source);
      await stream.sink(chunks(clock, request.length, STALL_MS - 1));
    });
    const answered = far.sink(chunks(clock, 3, STALL_MS - 1)).then(() => readAll(far.source));
    await clock.advance(6 * STALL_MS);
    assert.deepEqual(await answered, Buffer.from([0, 1, 2]));
    await served;
    assert.equal(clock.timers, 0);
  });

  it('aborts a stream as long after the last thing that moved', async () => {
    const clock = new VirtualClock();
    const { near, far } = connectedStreams();
    const reading = withStallLimit(near, '/test/1', clock, STALL_MS, (stream) => readAll(stream.source));
    let failedAtMs: number | undefined;
    const failure = assert.rejects(
      reading.finally(() => (failedAtMs = clock.monotonicMs())),
      { code: 'ERR_STREAM_FAILED' },
    );
    async function* chunkAndSilence(): AsyncGenerator<Uint8Array> {
      yield* chunks(clock, 1, 600);
      await pause(clock, 10 * STALL_MS);
    }
    const sending = far.sink(chunkAndSilence()).catch(() => undefined);
    await clock.advance(20 * STALL_MS);
    await Promise.all([failure, sending]);
    assert.equal(failedAtMs, 600 + STALL_MS);
  });
});
