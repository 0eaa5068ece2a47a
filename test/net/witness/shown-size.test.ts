/** Announcements that state a wrong size, and holders that would like to be taken for honest ones. */

import assert from 'node:assert/strict';
import { chunkListOf, CHUNK_BYTES, encodeChunkList } from '../../../crdt/block/payload-digest.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { ChunkBuffers } from '../../../net/witness/chunk-buffers.ts';
import { encodeWitnessAnswer } from '../../../net/witness/messages.ts';
import { retrieveWitness } from '../../../net/witness/retrieve.ts';
import { holderOf, liar, payloadOf, wantedOf, WitnessPeers, type HolderMaker } from './peers.ts';

/** How the only holder of `payload` fails when `announcedBytes` were announced. */
async function fault(payload: Uint8Array, announcedBytes: number, holder: HolderMaker): Promise<readonly string[]> {
  const peers = await WitnessPeers.start([holder]);
  const codes: string[] = [];
  const isComplete = await peers.during(
    retrieveWitness({
      client: peers.client,
      clock: peers.clock,
      buffers: new ChunkBuffers(),
      wanted: { ...wantedOf(payload), payloadBytes: announcedBytes },
      sources: peers.holders,
      begin: async () => () => false,
      onChunk: () => Promise.resolve(),
      onSourceLost: (_source, error) => codes.push(isFailure(error) ? error.code : String(error)),
      signal: new AbortController().signal,
    }),
  );
  assert.equal(isComplete, false);
  return codes;
}

/** Gives the chunks of one payload, and a list that may be another's. */
function chunksOf(payload: Uint8Array, list: Uint8Array): HolderMaker {
  return liar((request) => {
    const index = request.kind === 'chunk' ? request.index : 0;
    const chunk = payload.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    return [encodeWitnessAnswer({ status: 'found', body: request.kind === 'chunk' ? chunk : list })];
  });
}

const SIZES = [0, 1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5];

describe('a holder of the announced digest', () => {
  it('is not at fault for any size that was announced wrong', async () => {
    for (const size of SIZES) {
      const payload = payloadOf(size);
      for (const announced of SIZES.filter((other) => other !== size)) {
        const codes = await fault(payload, announced, holderOf([payload]));
        assert.deepEqual(codes, ['ERR_WITNESS_SIZE'], `${size} bytes, announced as ${announced}`);
      }
    }
  });

  it('is at fault for bytes of another digest, whatever sizes they have', async () => {
    const payload = payloadOf(2 * CHUNK_BYTES + 5);
    const other = payloadOf(CHUNK_BYTES + 9, 4);
    const [own, foreign] = [encodeChunkList(chunkListOf(payload)), encodeChunkList(chunkListOf(other))];
    for (const list of [own, foreign, new Uint8Array(), own.slice(0, 33), new Uint8Array(CHUNK_BYTES)]) {
      assert.deepEqual(await fault(payload, 77, chunksOf(other, list)), ['ERR_WITNESS_LENGTH']);
      assert.deepEqual(await fault(payload, other.length, chunksOf(other, list)), ['ERR_WITNESS_LIST']);
      assert.deepEqual(await fault(payload, CHUNK_BYTES, chunksOf(other, list)), ['ERR_WITNESS_DIGEST']);
    }
  });
});
