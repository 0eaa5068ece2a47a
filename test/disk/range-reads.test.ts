import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../crdt/errors.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { RANGE_BYTES_MAX, RangeReads, RANGES_BYTES_MAX, RANGES_MAX } from '../../src/disk/range-reads.ts';
import { temporaryFolder } from '../cli/cli.ts';

describe('parts of files that are read in groups', () => {
  it('are each its own part of its own file, however many are asked for at once', async () => {
    await using folder = await temporaryFolder();
    const reads = new RangeReads();
    const path = join(folder.path, 'file');
    await writeFile(path, Buffer.from(Array.from({ length: 256 }, (_, at) => at)));
    const counts = [RANGES_MAX - 1, RANGES_MAX, RANGES_MAX + 1];
    for (const count of counts) {
      const asked = Array.from({ length: count }, (_, at) => reads.read({ path, offset: at, lengthBytes: 3 }));
      const contents = await Promise.all(asked);
      assert.deepEqual(
        contents.map((content) => [...(content?.bytes ?? [])]),
        Array.from({ length: count }, (_, at) => [at, at + 1, at + 2]),
      );
    }
    await reads.close();
  });

  it('are read when they are more bytes together than a group may have', async () => {
    await using folder = await temporaryFolder();
    const reads = new RangeReads();
    const path = join(folder.path, 'file');
    await writeFile(path, new Uint8Array(RANGE_BYTES_MAX).fill(7));
    const count = RANGES_BYTES_MAX / RANGE_BYTES_MAX + 1;
    const asked = Array.from({ length: count }, () => reads.read({ path, offset: 0, lengthBytes: RANGE_BYTES_MAX }));
    for (const content of await Promise.all(asked)) {
      assert.equal(content?.bytes.length, RANGE_BYTES_MAX);
      assert(content.bytes.every((byte) => byte === 7));
    }
    await reads.close();
  });

  it('cost nobody else when one of them cannot be read', async () => {
    await using folder = await temporaryFolder();
    const reads = new RangeReads();
    const path = join(folder.path, 'file');
    await writeFile(path, 'content');
    const [good, absent, folderRead, short] = await Promise.allSettled([
      reads.read({ path, offset: 0, lengthBytes: 7 }),
      reads.read({ path: join(folder.path, 'none'), offset: 0, lengthBytes: 7 }),
      reads.read({ path: folder.path, offset: 0, lengthBytes: 7 }),
      reads.read({ path, offset: 4, lengthBytes: 7 }),
    ]);
    assert(good.status === 'fulfilled' && good.value !== undefined);
    assert.deepEqual(good.value.identity, await new NodeDisk().identify(path));
    assert.equal(Buffer.from(good.value.bytes).toString(), 'content');
    assert.deepEqual(absent, { status: 'fulfilled', value: undefined });
    assert(folderRead.status === 'rejected' && isFailure(folderRead.reason, 'ERR_DISK'));
    assert(short.status === 'fulfilled' && Buffer.from(short.value?.bytes ?? []).toString() === 'ent');
    await reads.close();
  });
});
