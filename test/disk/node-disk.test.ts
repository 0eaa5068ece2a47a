import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '../../crdt/errors.ts';
import { diskError } from '../../src/disk/errno.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { WARM_READ_BYTES_MAX, WarmReads } from '../../src/disk/warm-reads.ts';
import { diskCompliance } from './compliance.ts';

async function temporaryRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'driftlock-disk-'));
}

for (const [name, warmReads] of [
  ['the machine', new WarmReads(() => 0)],
  ['a machine whose disk is slow', undefined],
] as const) {
  diskCompliance(name, async () => {
    const root = await temporaryRoot();
    const disk = new NodeDisk(warmReads);
    return {
      disk,
      root,
      overwrite: (path, bytes) => writeFile(path, bytes),
      dispose: async () => {
        await disk.close();
        await rm(root, { recursive: true });
      },
    };
  });
}

describe('the machine as a disk, beyond what memory can show', () => {
  const disk = new NodeDisk();
  let root: string;

  before(async () => {
    root = await temporaryRoot();
  });

  after(() => rm(root, { recursive: true }));

  it('never gives bytes with an identity that is not theirs while another program rewrites the file', async () => {
    const path = join(root, 'rewritten');
    await writeFile(path, '');
    const rewrite = async (): Promise<void> => {
      for (let turn = 0; turn < 500; turn++) await writeFile(path, String(turn % 10).repeat(turn % 7));
    };
    const read = async (): Promise<void> => {
      for (let turn = 0; turn < 500; turn++) {
        const content = await disk.read(path, 64).catch((error: unknown) => {
          assert(isFailure(error, 'ERR_CHANGING'));
        });
        if (content === undefined) continue;
        assert.equal(content.bytes.length, content.identity.sizeBytes);
        assert(new Set(content.bytes).size <= 1);
      }
    };
    await Promise.all([rewrite(), read()]);
  });

  it('reads WARM_READ_BYTES_MAX at a time on the thread that asks, and a byte more elsewhere', async () => {
    const path = join(root, 'part');
    await writeFile(path, new Uint8Array(WARM_READ_BYTES_MAX + 1).fill(7));
    for (const [lengthBytes, timedCount] of [
      [WARM_READ_BYTES_MAX, 2],
      [WARM_READ_BYTES_MAX + 1, 0],
    ] as const) {
      let timed = 0;
      const clock = (): number => {
        timed++;
        return 0;
      };
      const warm = new NodeDisk(new WarmReads(clock));
      assert.equal((await warm.readRange(path, 0, lengthBytes))?.bytes.length, lengthBytes);
      assert.equal(timed, timedCount);
    }
  });

  it('refuses what is no regular file, without waiting for a FIFO to be written', async () => {
    const fifo = join(root, 'fifo');
    execFileSync('mkfifo', [fifo]);
    for (const path of [fifo, root]) {
      await assert.rejects(disk.read(path, 64), (error) => isFailure(error, 'ERR_DISK') && error.argument === path);
    }
  });

  for (const count of [4_096, 4_097]) {
    it(`names each of ${count} files once, and no folder`, async () => {
      const expected = Array.from({ length: count }, (_, at) => `${at}`);
      const directory = join(root, `names-${count}`);
      mkdirSync(join(directory, 'folder'), { recursive: true });
      for (const name of expected) writeFileSync(join(directory, name), '');
      const found: string[] = [];
      for await (const names of disk.names(directory)) found.push(...names);
      assert.deepEqual(found.sort(), expected.sort());
    });
  }

  it('gives up on a directory that the system neither has nor makes', async function () {
    const path = '/proc/driftlock/deep';
    if (!(await disk.listDirectories('/proc')).includes('sys')) this.skip();
    await assert.rejects(
      disk.makeDirectory(path),
      (error) => isFailure(error, 'ERR_NOT_FOUND') && error.argument === path,
    );
  });

  it('keeps the cause of a failure and names it by its errno', async () => {
    const path = join(root, 'none', 'file');
    await assert.rejects(disk.create(path, new Uint8Array(), { sync: true }), (error) => {
      assert(isFailure(error, 'ERR_NOT_FOUND'));
      assert.equal(error.argument, path);
      assert.equal(error.found, 'ENOENT on create');
      assert(error.cause instanceof Error);
      return true;
    });
  });

  const codes = [
    ['ENOSPC', 'ERR_NO_SPACE'],
    ['EDQUOT', 'ERR_NO_SPACE'],
    ['EACCES', 'ERR_NOT_WRITABLE'],
    ['EPERM', 'ERR_NOT_WRITABLE'],
    ['EROFS', 'ERR_NOT_WRITABLE'],
    ['EEXIST', 'ERR_EXISTS'],
    ['ENOENT', 'ERR_NOT_FOUND'],
    ['ENOTDIR', 'ERR_NOT_A_DIRECTORY'],
    ['EXDEV', 'ERR_CROSS_DEVICE'],
    ['EIO', 'ERR_DISK'],
  ] as const;
  for (const [errno, code] of codes) {
    it(`turns ${errno} into ${code}`, () => {
      const cause = Object.assign(new Error('text that nobody reads'), { code: errno });
      assert.equal(diskError(cause, 'write', '/path').code, code);
    });
  }
});
