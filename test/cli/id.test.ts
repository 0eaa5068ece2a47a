import { deepEqual, equal, match } from 'node:assert/strict';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { driftlock, snapshot, temporaryFolder } from './cli.ts';
import { put } from './datadir.ts';

const id = (datadir: string): ReturnType<typeof driftlock> => driftlock(['id', '--datadir', datadir]);

describe('driftlock id', () => {
  it('makes the directory and a key of mode 0600, and prints the same peer id ever after', async () => {
    await using folder = await temporaryFolder();
    const datadir = join(folder.path, 'deep', 'data');
    const first = await id(datadir);
    equal(first.code, 0);
    equal(first.stderr, '');
    match(first.stdout, /^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}\n$/);
    const key = join(datadir, '.driftlock', 'key');
    equal((await stat(key)).mode & 0o777, 0o600);
    const before = await snapshot(folder.path);
    deepEqual(await id(datadir), first);
    deepEqual(await snapshot(folder.path), before);
    deepEqual(await readdir(datadir), ['.driftlock']);
    deepEqual(await readdir(join(datadir, '.driftlock')), ['key']);
  });

  it('agrees with itself when several processes are the first', async () => {
    await using folder = await temporaryFolder();
    const ended = await Promise.all([id(folder.path), id(folder.path), id(folder.path)]);
    deepEqual(
      ended.map(({ code }) => code),
      [0, 0, 0],
    );
    equal(new Set(ended.map(({ stdout }) => stdout)).size, 1);
    deepEqual(await readdir(join(folder.path, '.driftlock')), ['key']);
  });

  it('refuses a damaged key in one line that names it, and leaves it as it is', async () => {
    await using folder = await temporaryFolder();
    const key = join(folder.path, '.driftlock', 'key');
    await put(folder.path, '.driftlock/key', new Uint8Array(67));
    const before = await snapshot(folder.path);
    deepEqual(await id(folder.path), {
      code: 1,
      stdout: '',
      stderr: `driftlock: ${key}: expected an Ed25519 private key in libp2p protobuf form, 68 bytes, found 67 bytes\n`,
    });
    deepEqual(await snapshot(folder.path), before);
  });

  it('warns of a key that others can read', async () => {
    await using folder = await temporaryFolder();
    const { stdout } = await id(folder.path);
    const key = join(folder.path, '.driftlock', 'key');
    await chmod(key, 0o640);
    const again = await id(folder.path);
    equal(again.code, 0);
    equal(again.stdout, stdout);
    equal(again.stderr.startsWith(`driftlock: warning: ${key}: expected mode 0600`), true, again.stderr);
  });

  it('names the data directory when it is a file', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    const { code, stderr } = await id(file);
    equal(code, 1);
    match(stderr, new RegExp(`^driftlock: ${file}: expected a directory that this process may write to, found .*\n$`));
  });

  it('names the data directory when it cannot be written', async function () {
    await using folder = await temporaryFolder();
    const readOnly = join(folder.path, 'read-only');
    await mkdir(readOnly, { mode: 0o500 });
    if (process.getuid?.() === 0) {
      process.stderr.write('skipped: root may write to any directory\n');
      this.skip();
    }
    const refused = await id(readOnly);
    equal(refused.code, 1);
    match(refused.stderr, new RegExp(`^driftlock: ${readOnly}: expected a directory that this process may write to`));
  });
});
