/** What every `Disk` must do, whatever is below it. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isFailure } from '../../crdt/errors.ts';
import {
  PLACEMENT_BYTES_MAX,
  PLACEMENTS_MAX,
  sameFile,
  type Disk,
  type DiskCode,
  type FileIdentity,
  type Placement,
} from '../../src/disk/disk.ts';

export interface DiskUnderTest {
  readonly disk: Disk;
  /** An empty directory. */
  readonly root: string;
  /** Empties and rewrites an existing file in place, as other programs do. */
  overwrite(path: string, bytes: Uint8Array): void | Promise<void>;
  dispose(): void | Promise<void>;
}

const BYTES_MAX = 1024;
const ONE = Buffer.from('one');
const TWO = Buffer.from('the second');

export function diskCompliance(name: string, open: () => DiskUnderTest | Promise<DiskUnderTest>): void {
  describe(`${name} as a disk`, () => {
    let under: DiskUnderTest;
    let disk: Disk;
    let path: string;

    beforeEach(async () => {
      under = await open();
      disk = under.disk;
      path = join(under.root, 'file');
    });

    afterEach(() => under.dispose());

    const create = (at: string, bytes: Uint8Array = ONE): Promise<FileIdentity> =>
      disk.create(at, bytes, { sync: true });
    const fileFor = (file: string, text: string, expected: FileIdentity | undefined): Placement => ({
      temporary: join(under.root, `temporary-${file}`),
      target: join(under.root, file),
      bytes: Buffer.from(text),
      expected,
    });
    const textOf = async (at: string): Promise<string | undefined> => {
      const content = await disk.read(at, BYTES_MAX);
      return content === undefined ? undefined : Buffer.from(content.bytes).toString();
    };

    it('reads what was created, with the identity that create and identify give', async () => {
      const identity = await create(path);
      assert.deepEqual(await disk.identify(path), identity);
      const content = await disk.read(path, BYTES_MAX);
      assert.deepEqual(content?.identity, identity);
      assert.deepEqual(Buffer.from(content?.bytes ?? []), ONE);
      assert.equal(identity.sizeBytes, ONE.length);
    });

    it('keeps the bytes as they were when the call was made, and gives out copies', async () => {
      const bytes = Buffer.from('one');
      await create(path, bytes);
      bytes.fill(0);
      (await disk.read(path, BYTES_MAX))?.bytes.fill(0);
      assert.equal(await textOf(path), 'one');
    });

    it('creates an empty file without sync', async () => {
      const identity = await disk.create(path, new Uint8Array(), { sync: false });
      assert.equal(identity.sizeBytes, 0);
      assert.equal(await textOf(path), '');
    });

    it('answers undefined for a file that is not there', async () => {
      assert.equal(await disk.read(path, BYTES_MAX), undefined);
      assert.equal(await disk.identify(path), undefined);
      assert.equal(await disk.identify(join(under.root, 'none', 'file')), undefined);
    });

    it('reads a file of exactly the limit, and refuses one byte more', async () => {
      await create(path);
      assert.equal((await disk.read(path, ONE.length))?.bytes.length, ONE.length);
      await failsWith('ERR_OVER_LIMIT', path, disk.read(path, ONE.length - 1));
    });

    it('reads a range, what there is of it, and nothing behind the end', async () => {
      const identity = await create(path, TWO);
      const range = async (offset: number, length: number): Promise<string> =>
        Buffer.from((await disk.readRange(path, offset, length))?.bytes ?? []).toString();
      assert.equal(await range(4, 6), 'second');
      assert.equal(await range(4, 100), 'second');
      assert.equal(await range(0, 0), '');
      assert.equal(await range(100, 1), '');
      assert.deepEqual((await disk.readRange(path, 0, 1))?.identity, identity);
      assert.equal(await disk.readRange(join(under.root, 'none'), 0, 1), undefined);
    });

    it('reads a range into the memory that it is given', async () => {
      await create(path, TWO);
      const into = new Uint8Array(8);
      const content = await disk.readRange(path, 4, 6, into);
      assert.equal(content?.bytes.buffer, into.buffer);
      assert.equal(Buffer.from(content.bytes).toString(), 'second');
      assert.deepEqual([...into.subarray(6)], [0, 0]);
    });

    it('writes at any offset, making the file, and fills the gap with zeros', async () => {
      await disk.writeAt(path, 2, ONE);
      assert.equal(await textOf(path), '\0\0one');
      await disk.writeAt(path, 0, Buffer.from('ab'));
      await disk.writeAt(path, 4, Buffer.from('longer'));
      assert.equal(await textOf(path), 'abonlonger');
      await assert.rejects(disk.writeAt(join(under.root, 'none', 'file'), 0, ONE), { code: 'ERR_NOT_FOUND' });
    });

    it('writes parts one behind the other, however many', async () => {
      // The kernel takes 1,024 at a call.
      const parts = Array.from({ length: 1_100 }, (_, at) => Buffer.from(`${at},`));
      await disk.writeAt(path, 3, ...parts);
      await disk.writeAt(path, 0, Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc'));
      const content = await disk.read(path, 10_000);
      assert.equal(String(content && Buffer.from(content.bytes)), `abc${parts.join('')}`);
    });

    it('gives another identity to a file that was written to', async () => {
      const before = await create(path);
      await disk.writeAt(path, 3, TWO);
      assert(!sameFile(await disk.identify(path), before));
    });

    it('does not create over an existing file', async () => {
      await create(path);
      await failsWith('ERR_EXISTS', path, create(path, TWO));
      assert.equal(await textOf(path), 'one');
    });

    it('names the path when a directory is missing or a file is in its place', async () => {
      const lost = join(under.root, 'none', 'file');
      await failsWith('ERR_NOT_FOUND', lost, create(lost), join(under.root, 'none'));
      await create(path);
      await failsWith('ERR_NOT_A_DIRECTORY', join(path, 'below'), create(join(path, 'below')), path);
      await failsWith('ERR_NOT_A_DIRECTORY', path, disk.makeDirectory(path));
      await failsWith('ERR_NOT_A_DIRECTORY', join(path, 'below'), disk.makeDirectory(join(path, 'below')), path);
    });

    it('lists files and directories apart, and nothing where there is no directory', async () => {
      await create(path);
      await create(join(under.root, 'other'));
      await disk.makeDirectory(join(under.root, 'directory', 'deeper'));
      assert.deepEqual((await disk.list(under.root)).sort(), ['file', 'other']);
      assert.deepEqual(await disk.listDirectories(under.root), ['directory']);
      assert.deepEqual(await disk.list(join(under.root, 'none')), []);
      assert.deepEqual(await disk.listDirectories(join(under.root, 'none')), []);
      await failsWith('ERR_NOT_A_DIRECTORY', path, disk.list(path));
      await failsWith('ERR_NOT_A_DIRECTORY', path, disk.listDirectories(path));
    });

    it('makes a directory with its parents, and again without complaint', async () => {
      const deep = join(under.root, 'a', 'b', 'c');
      await disk.makeDirectory(deep);
      await disk.makeDirectory(deep);
      await create(join(deep, 'file'));
      assert.equal(await textOf(join(deep, 'file')), 'one');
    });

    it('syncs files and directories, and says when they are not there', async () => {
      await create(path);
      await disk.syncFile(path);
      await disk.syncDirectory(under.root);
      await failsWith('ERR_NOT_FOUND', join(under.root, 'none'), disk.syncFile(join(under.root, 'none')));
      await failsWith('ERR_NOT_FOUND', join(under.root, 'none'), disk.syncDirectory(join(under.root, 'none')));
    });

    it('replaces the file that was expected, and carries the identity over', async () => {
      const expected = await create(path);
      const from = join(under.root, 'temporary');
      const identity = await create(from, TWO);
      assert.equal(await disk.replace(from, path, expected), true);
      assert.equal(await textOf(path), 'the second');
      assert.deepEqual(await disk.identify(path), identity);
      assert.equal(await disk.identify(from), undefined);
    });

    it('takes a free name when none was expected to be there', async () => {
      const from = join(under.root, 'temporary');
      const identity = await create(from, TWO);
      assert.equal(await disk.replace(from, path, undefined), true);
      assert.deepEqual(await disk.identify(path), identity);
      assert.deepEqual(await disk.list(under.root), ['file']);
    });

    it('leaves a file alone that was not expected, and both files as they were', async () => {
      await create(path);
      const from = join(under.root, 'temporary');
      await create(from, TWO);
      assert.equal(await disk.replace(from, path, undefined), false);
      assert.equal(await textOf(path), 'one');
      assert.equal(await textOf(from), 'the second');
    });

    it('leaves a file alone that another program rewrote in place since it was read', async () => {
      const expected = await create(path);
      const from = join(under.root, 'temporary');
      await create(from, TWO);
      await under.overwrite(path, Buffer.from('foreign'));
      assert.equal(await disk.replace(from, path, expected), false);
      assert.equal(await textOf(path), 'foreign');
    });

    it('leaves a file alone that another program renamed into place since it was read', async () => {
      const expected = await create(path);
      const from = join(under.root, 'temporary');
      await create(from, TWO);
      await create(join(under.root, 'foreign'), ONE);
      await disk.move(join(under.root, 'foreign'), path);
      assert.equal(await disk.replace(from, path, expected), false);
      assert.equal(await textOf(path), 'one');
    });

    it('does not replace a file that is gone', async () => {
      const expected = await create(path);
      const from = join(under.root, 'temporary');
      await create(from, TWO);
      await disk.remove(path);
      assert.equal(await disk.replace(from, path, expected), false);
      assert.equal(await disk.identify(path), undefined);
    });

    it('lets exactly one of many writers take a free name', async () => {
      const froms = Array.from({ length: 8 }, (_, index) => join(under.root, `temporary-${index}`));
      for (const from of froms) await create(from);
      const outcomes = await Promise.all(froms.map((from) => disk.replace(from, path, undefined)));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    it('lets exactly one of many writers replace a file they all expect', async () => {
      const expected = await create(path);
      const froms = Array.from({ length: 8 }, (_, index) => join(under.root, `temporary-${index}`));
      for (const from of froms) await create(from, TWO);
      const outcomes = await Promise.all(froms.map((from) => disk.replace(from, path, expected)));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    for (const sync of [false, true]) {
      const how = sync ? ' with sync' : '';
      it(`places a batch${how}: free names, files that are expected, and none where something else is`, async () => {
        const expected = await create(join(under.root, 'known'));
        await create(join(under.root, 'foreign'), TWO);
        const batch = [
          fileFor('free', 'one', undefined),
          fileFor('known', 'new', expected),
          fileFor('foreign', 'three', undefined),
          fileFor('gone', 'four', expected),
          fileFor('empty', '', undefined),
        ];
        const outcomes = await disk.place(batch, { sync });
        const identityAt = (file: string): Promise<FileIdentity | undefined> => disk.identify(join(under.root, file));
        assert.deepEqual(outcomes, [
          { replaced: true, identity: await identityAt('free') },
          { replaced: true, identity: await identityAt('known') },
          { replaced: false, found: await identityAt('foreign') },
          { replaced: false, found: undefined },
          { replaced: true, identity: await identityAt('empty') },
        ]);
        const texts = ['free', 'known', 'foreign', 'empty'].map((file) => textOf(join(under.root, file)));
        assert.deepEqual(await Promise.all(texts), ['one', 'new', 'the second', '']);
        assert.deepEqual((await disk.list(under.root)).sort(), ['empty', 'foreign', 'free', 'known']);
      });

      it(`says of each file of a batch${how} what became of it, and leaves the others alone`, async () => {
        await create(join(under.root, 'temporary-taken'));
        const taken = fileFor('taken', 'one', undefined);
        const lost = { ...fileFor('lost', 'one', undefined), target: join(under.root, 'none', 'file') };
        const good = fileFor('good', 'good', undefined);
        const [first, second, third] = await disk.place([taken, lost, good], { sync });
        assert(first !== undefined && 'failure' in first && isFailure(first.failure, 'ERR_EXISTS'));
        assert.equal(first.failure.argument, taken.temporary);
        assert(second !== undefined && 'failure' in second && isFailure(second.failure, 'ERR_NOT_FOUND'));
        assert(third !== undefined && 'replaced' in third && third.replaced);
        assert.deepEqual((await disk.list(under.root)).sort(), ['good', 'temporary-taken']);
      });

      it(`lets exactly one file of a batch${how} take a free name`, async () => {
        const batch = ['one', 'two'].map((text) => ({ ...fileFor(text, text, undefined), target: path }));
        const [first, second] = await disk.place(batch, { sync });
        assert(first !== undefined && 'replaced' in first && first.replaced);
        assert.deepEqual(second, { replaced: false, found: await disk.identify(path) });
        assert.equal(await textOf(path), 'one');
      });

      it(`takes batches${how} of ${PLACEMENTS_MAX} files and ${PLACEMENT_BYTES_MAX} bytes, and refuses one more`, async () => {
        assert.deepEqual(await disk.place([], { sync }), []);
        const many = Array.from({ length: PLACEMENTS_MAX + 1 }, (_, at) => fileFor(`${at}`, '', undefined));
        await assert.rejects(disk.place(many, { sync }), { code: 'ERR_OVER_LIMIT' });
        assert.equal((await disk.place(many.slice(1), { sync })).length, PLACEMENTS_MAX);
        const large = { ...fileFor('large', '', undefined), bytes: new Uint8Array(PLACEMENT_BYTES_MAX) };
        await assert.rejects(disk.place([large, fileFor('small', 'a', undefined)], { sync }), {
          code: 'ERR_OVER_LIMIT',
        });
        assert.equal((await disk.place([large], { sync })).length, 1);
      });
    }

    it('moves over whatever is there, across directories', async () => {
      await create(path);
      const from = join(under.root, 'directory', 'file');
      await disk.makeDirectory(join(under.root, 'directory'));
      const identity = await create(from, TWO);
      await disk.move(from, path);
      assert.deepEqual(await disk.identify(path), identity);
      assert.deepEqual(await disk.list(join(under.root, 'directory')), []);
    });

    it('does not move or replace with a file that is not there', async () => {
      await failsWith('ERR_NOT_FOUND', path, disk.move(path, join(under.root, 'other')));
      await failsWith('ERR_NOT_FOUND', path, disk.replace(path, join(under.root, 'other'), undefined));
    });

    it('appends, and makes the file for the first append', async () => {
      await disk.append(path, ONE);
      const first = await disk.identify(path);
      await disk.append(path, TWO);
      assert.equal(await textOf(path), 'onethe second');
      assert.equal(sameFile(first, await disk.identify(path)), false);
    });

    it('removes a file, and does nothing where there is none', async () => {
      await create(path);
      await disk.remove(path);
      await disk.remove(path);
      assert.equal(await disk.identify(path), undefined);
    });

    it('tells files apart that have the same content', async () => {
      const first = await create(path);
      assert.equal(sameFile(first, await create(join(under.root, 'other'))), false);
      assert.equal(sameFile(first, await disk.identify(path)), true);
      assert.equal(sameFile(first, undefined), false);
      assert.equal(sameFile(undefined, undefined), true);
    });

    it('reports new, renamed and rewritten files to a watcher until it is stopped', async () => {
      const events: (string | undefined)[] = [];
      let wake = Promise.withResolvers<void>();
      const stop = disk.watch(under.root, (changed) => {
        events.push(changed);
        wake.resolve();
      });
      const sees = async (wanted: string): Promise<void> => {
        for (; !events.includes(wanted); wake = Promise.withResolvers()) await wake.promise;
        events.length = 0;
      };
      await create(path);
      await sees('file');
      await disk.move(path, join(under.root, 'renamed'));
      await sees('renamed');
      await under.overwrite(join(under.root, 'renamed'), TWO);
      await sees('renamed');
      await disk.remove(join(under.root, 'renamed'));
      await sees('renamed');
      stop();
    });

    it('says when a directory cannot be watched', () => {
      const none = join(under.root, 'none');
      assert.throws(
        () => disk.watch(none, () => undefined),
        (error) => isFailure(error, 'ERR_NOT_WATCHABLE') && error.argument === none,
      );
    });
  });
}

/** A disk may name the file in the way (`also`) instead of the path that was asked for. */
async function failsWith(code: DiskCode, path: string, action: Promise<unknown>, also = path): Promise<void> {
  await assert.rejects(action, (error) => {
    assert(isFailure(error, code), `expected ${code}, found ${String(error)}`);
    assert([path, also].includes(error.argument), `expected ${path}, found ${error.argument}`);
    return true;
  });
}
