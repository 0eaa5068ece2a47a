import assert from 'node:assert/strict';
import { CHUNK_BYTES } from '../../../crdt/block/payload-digest.ts';
import { CHUNK_BUFFERS_KEPT_MAX, ChunkBuffers } from '../../../net/witness/chunk-buffers.ts';

describe('buffers of one chunk', () => {
  it('are used again, and never by two at a time', () => {
    const buffers = new ChunkBuffers();
    const [first, second] = [buffers.take(), buffers.take()];
    assert.equal(first.length, CHUNK_BYTES);
    assert.notEqual(first, second);
    buffers.giveBack(first);
    assert.equal(buffers.take(), first);
    assert.notEqual(buffers.take(), first);
  });

  it('are kept up to CHUNK_BUFFERS_KEPT_MAX, and one more is not', () => {
    const buffers = new ChunkBuffers();
    for (let at = 0; at < CHUNK_BUFFERS_KEPT_MAX; at++) buffers.giveBack(new Uint8Array(CHUNK_BYTES));
    assert.equal(buffers.freeCount, CHUNK_BUFFERS_KEPT_MAX);
    buffers.giveBack(new Uint8Array(CHUNK_BYTES));
    assert.equal(buffers.freeCount, CHUNK_BUFFERS_KEPT_MAX);
  });

  it('that were lent come back when their use ends, however it does', async () => {
    const buffers = new ChunkBuffers();
    const lent = await buffers.lend(async (take) => {
      const both = [take(), take()];
      assert.equal(buffers.freeCount, 0);
      assert.notEqual(both[0], both[1]);
      return both;
    });
    assert.equal(buffers.freeCount, lent.length);
    const failing = buffers.lend((take) => Promise.reject(new Error(`with ${take().length}`)));
    assert.equal(buffers.freeCount, 1);
    await assert.rejects(failing);
    assert.equal(buffers.freeCount, lent.length);
  });
});
