import assert from 'node:assert/strict';
import { isFailure } from '../../crdt/errors.ts';
import { backupDirectory, BACKUP_GROUP_BLOCKS, datadirLayout } from '../../src/datadir/layout.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import { DiskError, type DiskCode } from '../../src/disk/disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';

const layout = datadirLayout('/data');

describe('the layout of a data directory', () => {
  it('is absolute and normal, whatever way the directory was written', () => {
    assert.equal(datadirLayout('/data/../data/').validate, '/data/validate');
    assert.equal(datadirLayout('data').root.startsWith('/'), true);
  });

  it('archives 1,024 blocks a directory, beyond 32 bits too', () => {
    assert.equal(backupDirectory(layout, 0), '/data/backup/0');
    assert.equal(backupDirectory(layout, BACKUP_GROUP_BLOCKS - 1), '/data/backup/0');
    assert.equal(backupDirectory(layout, BACKUP_GROUP_BLOCKS), '/data/backup/1');
    assert.equal(backupDirectory(layout, 2 ** 32), `/data/backup/${2 ** 22}`);
    assert.equal(backupDirectory(layout, Number.MAX_SAFE_INTEGER), `/data/backup/${2 ** 43 - 1}`);
  });
});

describe('preparing a data directory', () => {
  it('makes its directories and leaves nothing else', async () => {
    const disk = new MemoryDisk();
    assert.deepEqual(await prepareDatadir(disk, layout), { staleFilesRemoved: 0 });
    for (const directory of [layout.validate, layout.witness, layout.backup, layout.quarantine, layout.temporary]) {
      assert.deepEqual(await disk.list(directory), []);
      await disk.syncDirectory(directory);
    }
  });

  it('removes what a crash left half written, and no other file', async () => {
    const disk = new MemoryDisk();
    await prepareDatadir(disk, layout);
    const kept = [layout.key, `${layout.validate}/1.0x00.v`, `${layout.validate}/foreign.tmp`];
    for (const path of [...kept, `${layout.temporary}/1.2.tmp`, `${layout.temporary}/probe.tmp`]) {
      await disk.create(path, new Uint8Array(1), { sync: true });
    }
    assert.deepEqual(await prepareDatadir(disk, layout), { staleFilesRemoved: 2 });
    assert.deepEqual(await disk.list(layout.temporary), []);
    for (const path of kept) assert.notEqual(await disk.identify(path), undefined);
  });

  const reasons: readonly DiskCode[] = ['ERR_NOT_WRITABLE', 'ERR_CROSS_DEVICE'];
  for (const code of reasons) {
    it(`says ${code} when files cannot be renamed into witness/, and cleans up`, async () => {
      const disk = new MemoryDisk({
        beforeOperation: (operation, path) => {
          if (operation !== 'move' || !path.endsWith('probe.tmp') || ++probes !== 2) return;
          throw new DiskError(code, { argument: path, expected: 'a rename', found: 'an injected fault' });
        },
      });
      let probes = 0;
      await assert.rejects(
        prepareDatadir(disk, layout),
        (error) => isFailure(error, code) && error.argument === layout.root && error.cause instanceof DiskError,
      );
      assert.deepEqual(await disk.list(layout.temporary), []);
    });
  }

  it('says that the data directory is a file', async () => {
    const disk = new MemoryDisk();
    await disk.create('/data', new Uint8Array(), { sync: true });
    await assert.rejects(
      prepareDatadir(disk, layout),
      (error) => isFailure(error, 'ERR_NOT_WRITABLE') && error.argument === layout.root,
    );
  });
});
