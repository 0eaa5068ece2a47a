import assert from 'node:assert/strict';
import { DriftlockError } from '../../crdt/errors.ts';
import { Quarantine, QUARANTINED_FILES_MAX } from '../../src/datadir/quarantine.ts';
import type { FileIdentity } from '../../src/disk/disk.ts';
import { MemoryDisk, type MemoryDiskOptions } from '../../src/disk/memory-disk.ts';
import { VirtualClock } from '../net/transport/virtual-clock.ts';

const BAD = new DriftlockError('ERR_BAD_CHECKSUM', { argument: '1.w', expected: 'its hash', found: 'another' });
const PATH = '/witness/1.w';
const DIRECTORY = '/quarantine';

async function textOf(disk: MemoryDisk, path: string): Promise<string> {
  return Buffer.from((await disk.read(path, 999))?.bytes ?? []).toString();
}

describe('the quarantine', () => {
  let disk: MemoryDisk;
  let clock: VirtualClock;
  let quarantine: Quarantine;

  const start = async (options?: MemoryDiskOptions): Promise<void> => {
    disk = new MemoryDisk(options);
    clock = new VirtualClock();
    clock.advance(1_700_000_000_000);
    let chance = 0;
    quarantine = new Quarantine({ disk, clock, random: () => chance++, directory: DIRECTORY });
    await disk.makeDirectory('/witness');
    await disk.makeDirectory(DIRECTORY);
  };
  const createBad = (path = PATH): Promise<FileIdentity> => disk.create(path, Buffer.from('bad'), { sync: true });

  beforeEach(() => start());

  it('takes the file away and keeps it beside the reason', async () => {
    assert.equal(await quarantine.put(PATH, BAD, await createBad()), true);
    assert.deepEqual(await disk.list('/witness'), []);
    const [name] = await quarantine.list();
    assert(name?.endsWith('.1.w'));
    assert.equal(await textOf(disk, `${DIRECTORY}/${name}`), 'bad');
    assert.deepEqual(JSON.parse(await textOf(disk, `${DIRECTORY}/${name}.reason.json`)), {
      file: PATH,
      code: 'ERR_BAD_CHECKSUM',
      message: BAD.message,
      wallMs: 1_700_000_000_000,
    });
  });

  it('keeps two files of one name, put there in the same millisecond', async () => {
    for (let turn = 0; turn < 2; turn++) await quarantine.put(PATH, BAD, await createBad());
    assert.equal((await quarantine.list()).length, 2);
  });

  it('leaves a file alone that was written after the bad one was read', async () => {
    const read = await createBad();
    disk.overwrite(PATH, Buffer.from('good'));
    assert.equal(await quarantine.put(PATH, BAD, read), false);
    assert.deepEqual(await disk.list('/witness'), ['1.w']);
    assert.deepEqual(await disk.list(DIRECTORY), []);
  });

  it('puts a file back that took the name at the last moment', async () => {
    let isArmed = false;
    await start({
      beforeOperation: (operation, path) => {
        if (isArmed && operation === 'move' && path === PATH) disk.overwrite(PATH, Buffer.from('good'));
      },
    });
    const read = await createBad();
    isArmed = true;
    assert.equal(await quarantine.put(PATH, BAD, read), false);
    assert.equal(await textOf(disk, PATH), 'good');
    assert.deepEqual(await disk.list(DIRECTORY), []);
  });

  it('does nothing when the file goes at the last moment, or is gone', async () => {
    await start({ beforeOperation: (operation) => (operation === 'move' ? disk.remove(PATH) : undefined) });
    const read = await createBad();
    assert.equal(await quarantine.put(PATH, BAD, read), false);
    assert.equal(await quarantine.put(PATH, BAD, read), false);
    assert.deepEqual(await disk.list(DIRECTORY), []);
  });

  it(`keeps ${QUARANTINED_FILES_MAX} files, and of one more the newest`, async () => {
    for (let count = 0; count < QUARANTINED_FILES_MAX; count++) {
      await quarantine.put(`/witness/${count}.w`, BAD, await createBad(`/witness/${count}.w`));
      clock.advance(1);
    }
    const full = await quarantine.list();
    assert.equal(full.length, QUARANTINED_FILES_MAX);
    await quarantine.put(PATH, BAD, await createBad());
    const after = await quarantine.list();
    assert.equal(after.length, QUARANTINED_FILES_MAX);
    assert.deepEqual(after.slice(0, -1), full.slice(1));
    assert.equal((await disk.list(DIRECTORY)).length, 2 * QUARANTINED_FILES_MAX);
  });
});
