import assert from 'node:assert/strict';
import { blake3 as oracle } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import {
  checkChunkList,
  chunkBytes,
  chunkCount,
  ChunkLister,
  chunkListOf,
  CHUNK_BYTES,
  digestOfChunks,
  encodeChunkList,
  payloadDigestOf,
} from '../../../crdt/block/payload-digest.ts';
import { hashFromBytes } from '../../../crdt/ids.ts';
import { holdsAsync } from '../../properties.ts';

function payloadOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(5);
}

describe('the digest of a payload', () => {
  it('of one chunk is its BLAKE3', () => {
    for (const bytes of [0, 1, CHUNK_BYTES]) {
      assert.equal(payloadDigestOf(payloadOf(bytes)), hashFromBytes(oracle(payloadOf(bytes))));
    }
  });

  it('of several chunks is the keyed BLAKE3 of its size and its chunk list', () => {
    const payload = payloadOf(2 * CHUNK_BYTES + 1);
    const size = new Uint8Array(8);
    new DataView(size.buffer).setBigUint64(0, BigInt(payload.length));
    const chunks = [0, 1, 2].map((at) => oracle(payload.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES)));
    const key = oracle(new TextEncoder().encode('driftlock/chunk-list/1'));
    const expected = oracle(Uint8Array.from([...size, ...chunks.flatMap((chunk) => [...chunk])]), { key });
    assert.equal(payloadDigestOf(payload), hashFromBytes(expected));
    assert.equal(payloadDigestOf(payload), '0x41c504ffc36e860e33de089ebd8b3f2b5fa303bb3e5e3be46342369e9e86a2f6');
  });

  it('has one chunk up to CHUNK_BYTES, and two from one byte more', () => {
    assert.deepEqual([0, 1, CHUNK_BYTES, CHUNK_BYTES + 1].map(chunkCount), [1, 1, 1, 2]);
    assert.equal(chunkBytes(CHUNK_BYTES + 1, 1), 1);
    assert.equal(chunkBytes(0, 0), 0);
  });

  it('is the same when the payload arrives in pieces, whatever their borders', () =>
    holdsAsync(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: CHUNK_BYTES + 2 }), { maxLength: 4 }), async (pieces) => {
        const lister = new ChunkLister();
        for (const bytes of pieces) lister.update(payloadOf(bytes));
        const whole = payloadOf(pieces.reduce((sum, bytes) => sum + bytes, 0));
        assert.deepEqual(lister.finish(), chunkListOf(whole));
      }),
    ));

  it('is that of a chunk list with the right digests, count, order and size alone', () => {
    const payload = Uint8Array.from({ length: CHUNK_BYTES + 9 }, (_, at) => at % 7);
    const digest = payloadDigestOf(payload);
    const chunks = chunkListOf(payload);
    const list = encodeChunkList(chunks);
    assert.deepEqual(checkChunkList(list, digest, payload.length), chunks);
    assert.equal(checkChunkList(encodeChunkList(chunks.toReversed()), digest, payload.length), undefined);
    assert.equal(checkChunkList(list, digest, payload.length + 1), undefined);
    assert.equal(checkChunkList(list.subarray(1), digest, payload.length), undefined);
    assert.equal(checkChunkList(Uint8Array.from([...list, 0]), digest, payload.length), undefined);
  });

  it('of a payload that is the bytes of a chunk list is not the digest of that list', () => {
    const chunks = chunkListOf(payloadOf(CHUNK_BYTES + 1));
    const asPayload = Uint8Array.from([...new Uint8Array(5), 4, 0, 1, ...encodeChunkList(chunks)]);
    assert.notEqual(payloadDigestOf(asPayload), digestOfChunks(CHUNK_BYTES + 1, chunks));
  });
});
