import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFailure } from '../../crdt/errors.ts';
import { datadirLayout, type DatadirLayout } from '../../src/datadir/layout.ts';
import { lockDatadir, type DatadirLock } from '../../src/datadir/lock.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';

const HOLDER = fileURLToPath(new URL('lock-holder.ts', import.meta.url));

async function kill(child: ChildProcessWithoutNullStreams): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('the lock of a data directory', () => {
  const disk = new NodeDisk();
  let root: string;
  let layout: DatadirLayout;
  let children: ChildProcessWithoutNullStreams[];

  const lock = (): Promise<DatadirLock> => lockDatadir({ disk, layout, processId: process.pid });
  const holder = async (): Promise<{ child: ChildProcessWithoutNullStreams; said: string }> => {
    const child = spawn(process.execPath, [HOLDER, layout.root]);
    children.push(child);
    const [said]: unknown[] = await once(child.stdout, 'data');
    return { child, said: String(said).trim() };
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'driftlock-lock-'));
    layout = datadirLayout(join(root, 'data'));
    children = [];
  });

  afterEach(async () => {
    await Promise.all(
      children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(kill),
    );
    await rm(root, { recursive: true });
  });

  it('is refused to a second process, with the directory and the pid of the first', async () => {
    const { child, said } = await holder();
    assert.equal(said, 'locked');
    await assert.rejects(lock(), (error) => {
      assert(isFailure(error, 'ERR_DATADIR_IN_USE'));
      assert.equal(error.argument, layout.root);
      assert.equal(error.found, `one locked by process ${child.pid}`);
      return true;
    });
  });

  it('is free as soon as its owner was killed', async () => {
    const { child } = await holder();
    await kill(child);
    const taken = await lock();
    taken.release();
  });

  it('goes to exactly one of several processes that start at once', async () => {
    const said = await Promise.all(Array.from({ length: 4 }, async () => (await holder()).said));
    assert.deepEqual(said.sort(), ['ERR_DATADIR_IN_USE', 'ERR_DATADIR_IN_USE', 'ERR_DATADIR_IN_USE', 'locked']);
  });

  it('is refused to a second owner in the same process, and free after release', async () => {
    const first = await lock();
    await assert.rejects(lock(), (error) => isFailure(error, 'ERR_DATADIR_IN_USE'));
    first.release();
    first.release();
    const second = await lock();
    second.release();
  });

  it('is refused without a pid while the owner has not written it, or something else stands there', async () => {
    const first = await lock();
    for (const content of ['', '[]', '{"pid":"7"}', 'x'.repeat(1000)]) {
      await writeFile(layout.owner, content);
      await assert.rejects(
        lock(),
        (error) => isFailure(error, 'ERR_DATADIR_IN_USE') && error.found === 'one locked by another process',
      );
    }
    first.release();
  });

  it('leaves nothing in .driftlock but the lock, the owner and the directory for temporary files', async () => {
    const taken = await lock();
    assert.deepEqual((await readdir(layout.state)).sort(), ['lock', 'owner.json', 'tmp']);
    assert.deepEqual(await readdir(layout.temporary), []);
    taken.release();
  });

  it('is refused when the lock file is something else', async () => {
    await mkdir(layout.state, { recursive: true });
    await writeFile(layout.lock, 'not a lock. '.repeat(100));
    await assert.rejects(lock(), (error) => isFailure(error, 'ERR_BAD_LOCK_FILE') && error.argument === layout.lock);
  });

  it('is refused as not writable when the data directory is a file, or below one', async () => {
    await writeFile(layout.root, '');
    for (const datadir of [layout.root, join(layout.root, 'below')]) {
      layout = datadirLayout(datadir);
      await assert.rejects(lock(), (error) => isFailure(error, 'ERR_NOT_WRITABLE') && error.argument === datadir);
    }
  });

  it('is refused as not writable where this user may not write', async function () {
    // Permissions do not bind root, but nobody makes directories in sysfs.
    const isRoot = process.getuid?.() === 0;
    const parent = isRoot ? '/sys' : join(root, 'read-only');
    if (isRoot && !(await readdir('/').then((names) => names.includes('sys')))) {
      process.stdout.write('      skipped: root can write everywhere on this machine\n');
      this.skip();
    }
    if (!isRoot) {
      await mkdir(parent);
      await chmod(parent, 0o555);
    }
    layout = datadirLayout(join(parent, 'driftlock-test'));
    await assert.rejects(lock(), (error) => isFailure(error, 'ERR_NOT_WRITABLE') && error.argument === layout.root);
  });
});
