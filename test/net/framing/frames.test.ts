import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../../crdt/errors.ts';
import { ChunkReader } from '../../../net/framing/chunk-reader.ts';
import { decodeFrames, encodeFrames, readFrameLength } from '../../../net/framing/frames.ts';
import { holdsAsync } from '../../properties.ts';

const PROTOCOL = '/test/1';
const FRAME_BYTES_MAX = 300;

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function collect(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const frame of frames) collected.push(new Uint8Array(frame));
  return collected;
}

async function readLength(bytes: readonly number[]): Promise<number | undefined> {
  return readFrameLength(new ChunkReader(each([new Uint8Array(bytes)]), PROTOCOL), PROTOCOL, FRAME_BYTES_MAX);
}

function decodeAll(bytes: Uint8Array): Promise<Uint8Array[]> {
  return collect(decodeFrames(chunksOf(bytes, []), PROTOCOL, FRAME_BYTES_MAX));
}

describe('frames', () => {
  it('come out as they went in, however the stream was cut into chunks', async () => {
    const frames = fc.array(fc.uint8Array({ maxLength: FRAME_BYTES_MAX }), { maxLength: 5 });
    const sizes = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 10 });
    await holdsAsync(
      fc.asyncProperty(frames, sizes, async (sent, cuts) => {
        const stream = Buffer.concat(await collect(encodeFrames(each(sent))));
        const arrived = await collect(decodeFrames(chunksOf(stream, cuts), PROTOCOL, FRAME_BYTES_MAX));
        assert.deepEqual(
          arrived,
          sent.map((frame) => new Uint8Array(frame)),
        );
      }),
    );
  });

  it('have these bytes', async () => {
    const encoded = Buffer.concat(
      await collect(encodeFrames(each([new Uint8Array([7, 8]), new Uint8Array(130).fill(1)]))),
    );
    assert.equal(encoded.toString('hex'), `0207088201${'01'.repeat(130)}`);
  });

  it('are taken at the limit and refused one byte beyond, before that byte arrives', async () => {
    const atLimit = new Uint8Array([0xac, 0x02, ...new Uint8Array(FRAME_BYTES_MAX)]);
    assert.equal((await decodeAll(atLimit))[0]?.length, FRAME_BYTES_MAX);
    await assert.rejects(decodeAll(new Uint8Array([0xad, 0x02])), {
      code: 'ERR_PEER_MISBEHAVED',
      expected: 'at most 300 bytes',
      found: '301',
    });
  });

  it('are refused when their length is not the shortest varint, or endless', async () => {
    await assert.rejects(decodeAll(new Uint8Array([0x81, 0x00, 0x07])), { code: 'ERR_PEER_MISBEHAVED' });
    await assert.rejects(decodeAll(new Uint8Array([0x80, 0x80, 0x80, 0x80])), { code: 'ERR_PEER_MISBEHAVED' });
  });

  it('that end in mid-frame or mid-length are a failed stream, and nobody is blamed', async () => {
    for (const bytes of [[0x02, 0x07], [0xac]]) {
      await assert.rejects(decodeAll(new Uint8Array(bytes)), (error) => isFailure(error, 'ERR_STREAM_FAILED'));
    }
  });

  it('have lengths that are read alone by the same rules', async () => {
    assert.equal(await readLength([]), undefined);
    assert.equal(await readLength([0x07]), 7);
    assert.equal(await readLength([0xac, 0x02]), FRAME_BYTES_MAX);
    await assert.rejects(readLength([0xad, 0x02]), { code: 'ERR_PEER_MISBEHAVED', found: '301' });
    await assert.rejects(readLength([0x81, 0x00]), { code: 'ERR_PEER_MISBEHAVED' });
    await assert.rejects(readLength([0x80, 0x80, 0x80, 0x80]), { code: 'ERR_PEER_MISBEHAVED' });
    await assert.rejects(readLength([0xac]), { code: 'ERR_STREAM_FAILED' });
  });
});
