import { deepEqual, equal, rejects } from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { isFailure } from '../../crdt/errors.ts';
import { datadirLayout, type DatadirLayout } from '../../src/datadir/layout.ts';
import { NodeKeyDisk } from '../../src/identity/key-disk.ts';
import { loadIdentity, type LoadedIdentity } from '../../src/identity/load-identity.ts';
import { temporaryFolder } from '../cli/cli.ts';

const load = (layout: DatadirLayout, processId = 1): Promise<LoadedIdentity> =>
  loadIdentity(new NodeKeyDisk(), layout, processId);

describe('the identity of a data directory', () => {
  it('is made once, for itself alone, and is the same ever after', async () => {
    await using folder = await temporaryFolder();
    const layout = datadirLayout(folder.path);
    const first = await load(layout);
    deepEqual([first.created, first.openToOthers], [true, false]);
    const second = await load(layout);
    deepEqual([second.created, second.identity.node], [false, first.identity.node]);
    deepEqual(await readdir(layout.state), ['key']);
  });

  it('is one, however many make it at the same moment', async () => {
    await using folder = await temporaryFolder();
    const layout = datadirLayout(folder.path);
    const loaded = await Promise.all(Array.from({ length: 16 }, (_, processId) => load(layout, processId)));
    equal(new Set(loaded.map(({ identity }) => identity.node)).size, 1);
    equal(loaded.filter(({ created }) => created).length, 1);
    deepEqual(await readdir(layout.state), ['key']);
  });

  it('is made in spite of what a killed process of the same id left', async () => {
    await using folder = await temporaryFolder();
    const layout = datadirLayout(folder.path);
    await load(layout);
    await writeFile(`${layout.key}.1.tmp`, 'half a key');
    await new NodeKeyDisk().remove(layout.key);
    equal((await load(layout)).created, true);
    deepEqual(await readdir(layout.state), ['key']);
  });

  it('is refused when its file is damaged in any way, and the file is left as it is', async () => {
    await using folder = await temporaryFolder();
    const layout = datadirLayout(folder.path);
    await load(layout);
    const key = await readFile(layout.key);
    const flipped = key.map((byte, at) => (at === key.length - 1 ? byte ^ 1 : byte));
    for (const damaged of [new Uint8Array(), key.subarray(0, 67), key.toReversed(), flipped]) {
      await writeFile(layout.key, damaged);
      await rejects(load(layout), (error: unknown) => {
        return isFailure(error, 'ERR_BAD_KEY_FILE') && error.argument === layout.key;
      });
      deepEqual(Uint8Array.from(await readFile(layout.key)), Uint8Array.from(damaged));
    }
    await writeFile(layout.key, new Uint8Array(5_000));
    await rejects(
      load(layout),
      (error: unknown) => isFailure(error, 'ERR_OVER_LIMIT') && error.argument === layout.key,
    );
  });

  it('is said to be open to others as soon as anyone but the owner has a permission', async () => {
    await using folder = await temporaryFolder();
    const layout = datadirLayout(folder.path);
    await load(layout);
    const modes: readonly (readonly [mode: number, isOpen: boolean])[] = [
      [0o600, false],
      [0o400, false],
      [0o700, false],
      [0o640, true],
      [0o604, true],
      [0o601, true],
    ];
    for (const [mode, isOpen] of modes) {
      await chmod(layout.key, mode);
      equal((await load(layout)).openToOthers, isOpen, mode.toString(8));
    }
  });
});
