import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkReader } from '../../../net/framing/chunk-reader.ts';
import { holdsAsync } from '../../properties.ts';
import { readAll } from '../stream-pair.ts';

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe('a chunk reader', () => {
  it('hands out every byte once and in order, however the chunks are cut', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 8 });
    await holdsAsync(
      fc.asyncProperty(chunks, fc.nat(20), fc.nat(20), async (given, first, second) => {
        const all = Buffer.concat(given);
        fc.pre(first + second <= all.length);
        const reader = new ChunkReader(each(given), '/test/1');
        const pieces = new Uint8Array(second);
        const parts = [await reader.exactly(first), pieces];
        await reader.pieces(second, (piece, at) => pieces.set(piece, at));
        const byte = await reader.byte();
        if (byte !== undefined) parts.push(Uint8Array.of(byte));
        parts.push(await readAll(reader.rest()));
        assert.equal(byte, all[first + second]);
        assert.deepEqual(Buffer.concat(parts), all);
      }),
    );
  });

  it('fails when the stream ends within a message', async () => {
    const reader = new ChunkReader(each([new Uint8Array(3)]), '/test/1');
    await assert.rejects(reader.exactly(4), {
      code: 'ERR_STREAM_FAILED',
      found: 'its end after 3 of 4 bytes of a message',
    });
  });

  it('takes bytes where the end should be for misbehaviour, whether they came with the message or after it', async () => {
    for (const chunks of [[new Uint8Array(5)], [new Uint8Array(4), new Uint8Array(0), new Uint8Array(1)]]) {
      const reader = new ChunkReader(each(chunks), '/test/1');
      await reader.exactly(4);
      await assert.rejects(reader.end(), { code: 'ERR_PEER_MISBEHAVED', found: '1 more bytes' });
    }
  });
});
