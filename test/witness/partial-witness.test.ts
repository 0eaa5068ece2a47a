import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { CHUNK_BYTES, chunkListOf, digestOfChunks } from '../../crdt/block/payload-digest.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { decodeWitnessFile, encodeWitnessFile } from '../../src/files/witness-file.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { CHUNKS_PER_WRITE_MAX, PartialWitness } from '../../src/witness/partial-witness.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { payloadOf } from '../net/witness/peers.ts';
import { holdsAsync } from '../properties.ts';

const KEY = keyAt(3_080);
const FIELDS = {
  status: 'Witnessed' as const,
  blockHash: KEY.hash,
  blockNumber: KEY.number,
  preStateRoot: ZERO_HASH,
  parentHash: ZERO_HASH,
  lockTimeSeconds: 0n,
  blobIds: [],
};
const DIRECTORY = '/partial';

/** A disk that holds each write back until `release`, and tells the chunks of each, by their count. */
class HeldWrites extends MemoryDisk {
  readonly groups: number[] = [];
  #held: PromiseWithResolvers<void>[] = [];
  isHolding = true;

  override async writeAt(path: string, offset: number, ...parts: readonly Uint8Array[]): Promise<void> {
    this.groups.push(parts.length);
    if (this.isHolding) {
      const held = Promise.withResolvers<void>();
      this.#held.push(held);
      await held.promise;
    }
    await super.writeAt(path, offset, ...parts);
  }

  get heldCount(): number {
    return this.#held.length;
  }

  release(): void {
    this.isHolding = false;
    for (const held of this.#held.splice(0)) held.resolve();
  }

  fail(error: Error): void {
    for (const held of this.#held.splice(0)) held.reject(error);
  }
}

interface Assembly {
  readonly disk: HeldWrites;
  readonly partial: PartialWitness;
  readonly payload: Uint8Array;
  readonly write: (index: number) => Promise<void>;
}

async function assemblyOf(chunks: number): Promise<Assembly> {
  const disk = new HeldWrites();
  await disk.makeDirectory(DIRECTORY);
  const payload = payloadOf((chunks - 1) * CHUNK_BYTES + 5);
  const list = chunkListOf(payload);
  const payloadDigest = digestOfChunks(payload.length, list);
  const options = { disk, directory: DIRECTORY, fields: FIELDS, payloadDigest, payloadBytes: payload.length };
  const partial = await PartialWitness.open(options, list);
  const write = (index: number): Promise<void> =>
    partial.write(index, payload.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
  return { disk, partial, payload, write };
}

describe('a witness that is being assembled', () => {
  it('writes at once what comes first, and together what came meanwhile and lies side by side', async () => {
    const { disk, write } = await assemblyOf(8);
    const writes = [0, 3, 1, 6, 2, 4].map((index) => write(index));
    assert.deepEqual(disk.groups, [1]);
    disk.release();
    await Promise.all(writes);
    // 3 and 4, 1 and 2, 6.
    assert.deepEqual(disk.groups, [1, 2, 2, 1]);
  });

  it('writes CHUNKS_PER_WRITE_MAX together, and one more by itself', async () => {
    for (const count of [CHUNKS_PER_WRITE_MAX, CHUNKS_PER_WRITE_MAX + 1]) {
      const { disk, write } = await assemblyOf(count + 1);
      const writes = Array.from({ length: count + 1 }, (_, index) => write(index));
      disk.release();
      await Promise.all(writes);
      assert.deepEqual(disk.groups, count === CHUNKS_PER_WRITE_MAX ? [1, count] : [1, CHUNKS_PER_WRITE_MAX, 1]);
    }
  });

  it('fails each chunk of a write that fails, and goes on with the next', async () => {
    const { disk, partial, write } = await assemblyOf(4);
    const writes = [0, 1, 2].map((index) => write(index));
    const failed = Promise.allSettled(writes);
    disk.fail(new Error('no room'));
    while (disk.heldCount === 0) await turn();
    disk.fail(new Error('no room'));
    assert.deepEqual(
      (await failed).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    assert.equal(partial.missingCount, 4);
    disk.release();
    await write(3);
    assert.equal(partial.missingCount, 3);
  });

  it('is the witness file, in whatever order and company its chunks come', async () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
    await holdsAsync(
      fc.asyncProperty(order, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), async (indexes, awaited) => {
        const { disk, partial, payload, write } = await assemblyOf(6);
        disk.release();
        const writes: Promise<void>[] = [];
        for (const [at, index] of indexes.entries()) {
          writes.push(write(index));
          if (awaited[at] === true) await Promise.all(writes);
        }
        await Promise.all(writes);
        await partial.finish();
        const file = await disk.read(partial.path, 10 * CHUNK_BYTES);
        assert(file !== undefined);
        assert(Buffer.from(file.bytes).equals(encodeWitnessFile({ ...FIELDS, witnessData: payload })));
        decodeWitnessFile(file.bytes, blockFileName('witness', KEY));
      }),
    );
  });
});
