import assert from 'node:assert/strict';
import { isFailure } from '../../crdt/errors.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { JOURNAL_ENTRIES_MAX } from '../../src/disk/memory-names.ts';
import { diskCompliance } from './compliance.ts';

diskCompliance('memory', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/root');
  return { disk, root: '/root', overwrite: (path, bytes) => disk.overwrite(path, bytes), dispose: () => undefined };
});

const BYTES = Buffer.from('content');
/** Three pages of `byte`. */
const pages = (byte: number): Uint8Array => new Uint8Array(3 * 4_096).fill(byte);
const all = (below: number): number => below - 1;

async function textOn(disk: MemoryDisk, path: string): Promise<string | undefined> {
  const content = await disk.read(path, 64);
  return content === undefined ? undefined : Buffer.from(content.bytes).toString();
}

/** Everything a disk sees and says in one fixed sequence of calls. */
async function traceOfCalls(): Promise<unknown[]> {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/a');
  const trace: unknown[] = [];
  disk.watch('/a', (name) => trace.push(name));
  trace.push(await disk.create('/a/one', BYTES, { sync: true }));
  await disk.append('/a/one', BYTES);
  await disk.move('/a/one', '/a/two');
  trace.push(await disk.identify('/a/two'));
  return trace;
}

describe('a power loss on a memory disk', () => {
  let disk: MemoryDisk;

  beforeEach(async () => {
    disk = new MemoryDisk();
    await disk.makeDirectory('/a');
    await disk.makeDirectory('/b');
  });

  it('keeps a file whose content and name are synced, and its identity', async () => {
    const identity = await disk.create('/a/file', BYTES, { sync: true });
    await disk.syncDirectory('/a');
    const booted = disk.crash();
    assert.equal(await textOn(booted, '/a/file'), 'content');
    assert.deepEqual(await booted.identify('/a/file'), identity);
  });

  it('keeps the content of what was placed with sync, once its name is synced, and not without', async () => {
    for (const [sync, text] of [
      [true, 'content'],
      [false, ''],
    ] as const) {
      const placing = new MemoryDisk();
      await placing.makeDirectory('/a');
      await placing.place([{ temporary: '/a/tmp', target: '/a/file', bytes: BYTES, expected: undefined }], { sync });
      await placing.syncDirectory('/a');
      assert.equal(await textOn(placing.crash(), '/a/file'), text);
    }
  });

  it('keeps of what was written in place each page as it was or as it became, and loses what was not synced', async () => {
    await disk.create('/a/file', pages(1), { sync: true });
    await disk.syncDirectory('/a');
    await disk.writeAt('/a/file', 0, pages(2));
    await disk.writeAt('/a/file', 3 * 4_096, new Uint8Array(10).fill(3));
    let draws = 0;
    // Of the ten bytes behind nothing survives; of the pages the second one does.
    const booted = disk.crash((below) => (below === 2 && draws++ === 1 ? 1 : 0));
    const bytes = (await booted.read('/a/file', 100_000))?.bytes ?? new Uint8Array();
    assert.deepEqual([bytes.length, bytes[0], bytes[4_096], bytes[8_192]], [3 * 4_096, 1, 2, 1]);
  });

  it('keeps what was written in place and synced', async () => {
    await disk.create('/a/file', BYTES, { sync: true });
    await disk.syncDirectory('/a');
    await disk.writeAt('/a/file', 3, Buffer.from('TENT'));
    await disk.syncFile('/a/file');
    assert.equal(await textOn(disk.crash(), '/a/file'), 'conTENT');
  });

  it('loses a file whose name is not synced', async () => {
    await disk.create('/a/file', BYTES, { sync: true });
    assert.equal(await disk.crash().identify('/a/file'), undefined);
  });

  it('loses the content of a file of which only the name is synced', async () => {
    await disk.create('/a/file', BYTES, { sync: false });
    await disk.syncDirectory('/a');
    assert.equal(await textOn(disk.crash(), '/a/file'), '');
  });

  it('keeps content that was synced later', async () => {
    await disk.create('/a/file', BYTES, { sync: false });
    await disk.syncFile('/a/file');
    await disk.syncDirectory('/a');
    assert.equal(await textOn(disk.crash(), '/a/file'), 'content');
  });

  it('undoes a rename that is not synced, and no rename by halves', async () => {
    await disk.create('/a/file', BYTES, { sync: true });
    await disk.syncDirectory('/a');
    await disk.move('/a/file', '/b/file');
    const booted = disk.crash();
    assert.equal(await textOn(booted, '/a/file'), 'content');
    assert.equal(await booted.identify('/b/file'), undefined);
  });

  it('keeps a rename whole when either of its directories is synced', async () => {
    for (const directory of ['/a', '/b']) {
      disk = new MemoryDisk();
      await disk.makeDirectory('/a');
      await disk.makeDirectory('/b');
      await disk.create('/a/file', BYTES, { sync: true });
      await disk.move('/a/file', '/b/file');
      await disk.syncDirectory(directory);
      const booted = disk.crash(all);
      assert.equal(await textOn(booted, '/b/file'), 'content');
      assert.equal(await booted.identify('/a/file'), undefined);
    }
  });

  it('may keep everything, synced or not', async () => {
    await disk.create('/a/file', BYTES, { sync: false });
    assert.equal(await textOn(disk.crash(all), '/a/file'), 'content');
  });

  it('keeps what was appended before, and tears at most what was not synced', async () => {
    let isPowered = true;
    disk = new MemoryDisk({
      beforeOperation: (operation) => {
        if (operation === 'syncFile' && !isPowered) throw new Error('injected');
      },
    });
    await disk.makeDirectory('/a');
    await disk.append('/a/log', BYTES);
    isPowered = false;
    await assert.rejects(disk.append('/a/log', BYTES));
    assert.equal(
      await textOn(
        disk.crash((below) => Math.min(3, below - 1)),
        '/a/log',
      ),
      'contentcon',
    );
  });

  it('does not let a sync that had begun cover what came later', async () => {
    const gate = Promise.withResolvers<void>();
    disk = new MemoryDisk({
      beforeOperation: (operation) => (operation === 'syncDirectory' ? gate.promise : undefined),
    });
    await disk.makeDirectory('/a');
    await disk.create('/a/before', BYTES, { sync: true });
    const syncing = disk.syncDirectory('/a');
    await disk.create('/a/after', BYTES, { sync: true });
    gate.resolve();
    await syncing;
    const booted = disk.crash();
    assert.equal(await textOn(booted, '/a/before'), 'content');
    assert.equal(await booted.identify('/a/after'), undefined);
  });

  it('ends the old disk: calls under way fail and do not reach the new one', async () => {
    const writing = disk.create('/a/file', BYTES, { sync: true });
    const booted = disk.crash();
    await assert.rejects(writing, (error) => isFailure(error, 'ERR_DISK'));
    await assert.rejects(disk.read('/a/file', 64), (error) => isFailure(error, 'ERR_DISK'));
    assert.deepEqual(await booted.list('/a'), []);
  });

  it(`commits names by itself beyond ${JOURNAL_ENTRIES_MAX} that were not synced, oldest first`, async () => {
    for (let count = 0; count <= JOURNAL_ENTRIES_MAX; count++) {
      await disk.create(`/a/${count}`, BYTES, { sync: true });
    }
    assert.deepEqual(await disk.crash().list('/a'), ['0']);
  });
});

describe('a memory disk that is full', () => {
  it('takes of what is written at an offset what fits', async () => {
    const disk = new MemoryDisk({ capacityBytes: 10 });
    await disk.makeDirectory('/a');
    await disk.writeAt('/a/file', 0, BYTES);
    await assert.rejects(disk.writeAt('/a/file', 5, Buffer.from('0123456')), { code: 'ERR_NO_SPACE' });
    assert.equal(await textOn(disk, '/a/file'), 'conte01234');
    await disk.writeAt('/a/file', 0, Buffer.from('CON'));
    assert.equal(await textOn(disk, '/a/file'), 'CONte01234');
  });
});

describe('a memory disk', () => {
  it('is full at its capacity, one byte beyond fails, and removing a file makes room', async () => {
    const disk = new MemoryDisk({ capacityBytes: 10 });
    await disk.makeDirectory('/a');
    await disk.create('/a/six', new Uint8Array(6), { sync: true });
    await assert.rejects(
      disk.create('/a/five', new Uint8Array(5), { sync: true }),
      (error) => isFailure(error, 'ERR_NO_SPACE') && error.argument === '/a/five',
    );
    assert.deepEqual(await disk.list('/a'), ['six']);
    await disk.create('/a/four', new Uint8Array(4), { sync: true });
    await disk.remove('/a/six');
    await disk.create('/a/five', new Uint8Array(5), { sync: true });
    disk.resize(12);
    await disk.append('/a/five', new Uint8Array(3));
  });

  it('counts a replaced file no more, and a file of two names once', async () => {
    const disk = new MemoryDisk({ capacityBytes: 10 });
    await disk.makeDirectory('/a');
    await disk.create('/a/old', new Uint8Array(5), { sync: true });
    await disk.create('/a/new', new Uint8Array(5), { sync: true });
    await disk.move('/a/new', '/a/old');
    await disk.create('/a/new', new Uint8Array(5), { sync: true });
    const booted = disk.crash((below) => below - 1);
    await assert.rejects(booted.create('/a/more', new Uint8Array(1), { sync: true }), (error) =>
      isFailure(error, 'ERR_NO_SPACE'),
    );
  });

  it('takes of an append what fits, as a real one does', async () => {
    const disk = new MemoryDisk({ capacityBytes: 4 });
    await disk.makeDirectory('/a');
    await assert.rejects(disk.append('/a/log', BYTES), (error) => isFailure(error, 'ERR_NO_SPACE'));
    assert.equal((await disk.identify('/a/log'))?.sizeBytes, 4);
  });

  it('fails where the hook throws, without effect', async () => {
    const fault = new Error('injected');
    const disk = new MemoryDisk({
      beforeOperation: (operation, path) => {
        if (operation === 'create' && path === '/a/bad') throw fault;
      },
    });
    await disk.makeDirectory('/a');
    await assert.rejects(disk.create('/a/bad', BYTES, { sync: true }), fault);
    await disk.create('/a/good', BYTES, { sync: true });
    assert.deepEqual(await disk.list('/a'), ['good']);
  });

  it('leaves no file where syncing a new one fails', async () => {
    const disk = new MemoryDisk({
      beforeOperation: (operation) => {
        if (operation === 'syncFile') throw new Error('injected');
      },
    });
    await disk.makeDirectory('/a');
    await assert.rejects(disk.create('/a/file', BYTES, { sync: true }));
    assert.deepEqual(await disk.list('/a'), []);
  });

  it('gives the same identities and events for the same calls', async () => {
    assert.deepEqual(await traceOfCalls(), await traceOfCalls());
  });
});
