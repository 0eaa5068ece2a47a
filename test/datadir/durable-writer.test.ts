import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '../../crdt/errors.ts';
import {
  DURABLE_BATCH_FILES_MAX,
  DurableWriter,
  HINT_BATCH_FILES_MAX,
  LARGE_WRITES_IN_FLIGHT_MAX,
  WRITES_WAITING_MAX,
  type WriteOutcome,
} from '../../src/datadir/durable-writer.ts';
import { PLACEMENT_BYTES_MAX, PLACEMENTS_MAX, type FileIdentity } from '../../src/disk/disk.ts';
import { MemoryDisk, type MemoryDiskOptions } from '../../src/disk/memory-disk.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';

const RESULT = { durability: 'durable', expected: undefined } as const;
const HINT = { durability: 'hint', expected: undefined } as const;
const REPLACING_HINT = { durability: 'hint', expected: 'any' } as const;
const ONE = Buffer.from('one');
const TWO = Buffer.from('two');

async function memory(options?: MemoryDiskOptions): Promise<{ disk: MemoryDisk; writer: DurableWriter }> {
  const disk = new MemoryDisk(options);
  await disk.makeDirectory('/tmp');
  await disk.makeDirectory('/validate');
  return { disk, writer: writerOn(disk) };
}

function writerOn(disk: MemoryDisk | NodeDisk, temporaryDirectory = '/tmp'): DurableWriter {
  return new DurableWriter({ disk, temporaryDirectory, random: () => 7 });
}

async function textOf(disk: MemoryDisk, path: string): Promise<string | undefined> {
  const content = await disk.read(path, 1024);
  return content === undefined ? undefined : Buffer.from(content.bytes).toString();
}

function identityOf(outcome: WriteOutcome): FileIdentity {
  assert(outcome.replaced);
  return outcome.identity;
}

/** Lets every promise that can settle without the test's help do so. */
async function quiet(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('the durable writer', () => {
  it('writes a file, tells its identity, and leaves nothing else behind', async () => {
    const { disk, writer } = await memory();
    const identity = identityOf(await writer.write('/validate/a', ONE, RESULT));
    assert.deepEqual(await disk.identify('/validate/a'), identity);
    assert.equal(await textOf(disk, '/validate/a'), 'one');
    assert.deepEqual(await disk.list('/tmp'), []);
  });

  it('makes a result durable before it says so', async () => {
    const { disk, writer } = await memory();
    await writer.write('/validate/a', ONE, RESULT);
    assert.equal(await textOf(disk.crash(), '/validate/a'), 'one');
  });

  it('shows a hint at once and syncs nothing for it', async () => {
    const operations: string[] = [];
    const { disk, writer } = await memory({ beforeOperation: (operation) => void operations.push(operation) });
    await writer.write('/validate/a', ONE, HINT);
    assert.equal(await textOf(disk, '/validate/a'), 'one');
    assert(!operations.some((operation) => operation.startsWith('sync')));
    assert.equal(await textOf(disk.crash(), '/validate/a'), undefined);
  });

  it('syncs the content of a hint that replaces a result, so that one of the two survives whole', async () => {
    for (const keep of [() => 0, (below: number) => below - 1]) {
      const { disk, writer } = await memory();
      const identity = identityOf(await writer.write('/validate/a', ONE, RESULT));
      await writer.write('/validate/a', TWO, { durability: 'hint', expected: identity });
      const text = await textOf(
        disk.crash((below) => Math.min(keep(below), below - 1)),
        '/validate/a',
      );
      assert(text === 'one' || text === 'two', `found ${text}`);
    }
  });

  it('does not overwrite what another program wrote after the file was read', async () => {
    const { disk, writer } = await memory();
    const expected = identityOf(await writer.write('/validate/a', ONE, RESULT));
    disk.overwrite('/validate/a', Buffer.from('foreign'));
    const outcome = await writer.write('/validate/a', TWO, { durability: 'durable', expected });
    assert.deepEqual(outcome, { replaced: false, found: await disk.identify('/validate/a') });
    assert.equal(await textOf(disk, '/validate/a'), 'foreign');
    assert.deepEqual(await disk.list('/tmp'), []);
  });

  it('does not overwrite a file where it expected none, nor make one where it expected one', async () => {
    const { disk, writer } = await memory();
    const expected = identityOf(await writer.write('/validate/a', ONE, RESULT));
    assert.equal((await writer.write('/validate/a', TWO, RESULT)).replaced, false);
    assert.equal(await textOf(disk, '/validate/a'), 'one');
    await disk.remove('/validate/a');
    const outcome = await writer.write('/validate/a', TWO, { durability: 'durable', expected });
    assert.deepEqual(outcome, { replaced: false, found: undefined });
  });

  it('replaces whatever is there when any is expected', async () => {
    const { disk, writer } = await memory();
    for (const bytes of [ONE, TWO]) {
      assert.equal(
        (await writer.write('/validate/a', bytes, { durability: 'durable', expected: 'any' })).replaced,
        true,
      );
    }
    assert.equal(await textOf(disk.crash(), '/validate/a'), 'two');
  });

  it('lets exactly one of many concurrent writes take a free name', async () => {
    const { writer } = await memory();
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => writer.write('/validate/a', ONE, RESULT)));
    assert.equal(outcomes.filter(({ replaced }) => replaced).length, 1);
  });

  for (const operation of ['create', 'syncFile', 'replace'] as const) {
    it(`leaves nothing of a write that failed at ${operation}`, async () => {
      const fault = new Error('injected');
      const { disk, writer } = await memory({
        beforeOperation: (current) => {
          if (current === operation) throw fault;
        },
      });
      await assert.rejects(writer.write('/validate/a', ONE, RESULT), fault);
      assert.deepEqual(await disk.list('/tmp'), []);
      assert.deepEqual(await disk.list('/validate'), []);
    });
  }

  it('says that the disk is full, leaves nothing, and writes again when there is room', async () => {
    const { disk, writer } = await memory({ capacityBytes: 4 });
    await writer.write('/validate/a', ONE, RESULT);
    await assert.rejects(writer.write('/validate/b', TWO, RESULT), (error) => isFailure(error, 'ERR_NO_SPACE'));
    assert.deepEqual(await disk.list('/tmp'), []);
    disk.resize(6);
    assert.equal((await writer.write('/validate/b', TWO, RESULT)).replaced, true);
  });

  it('acknowledges no rename by a directory sync that had begun before it', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let syncs = 0;
    const { disk, writer } = await memory({
      beforeOperation: (operation) => (operation === 'syncDirectory' ? gates[syncs++]?.promise : undefined),
    });
    const acknowledged: string[] = [];
    const write = (name: string): Promise<void> =>
      writer.write(`/validate/${name}`, ONE, RESULT).then(() => void acknowledged.push(name));
    const first = write('first');
    await quiet();
    const later = [write('second'), write('third')];
    await quiet();
    assert.deepEqual((await disk.list('/validate')).sort(), ['first', 'second', 'third']);

    gates[0]?.resolve();
    await first;
    await quiet();
    assert.deepEqual(acknowledged, ['first']);

    gates[1]?.resolve();
    await Promise.all(later);
    assert.equal(syncs, 2);
    assert.deepEqual((await disk.crash().list('/validate')).sort(), ['first', 'second', 'third']);
  });

  it('fails the writes that waited for a directory sync that failed, and no later ones', async () => {
    let syncs = 0;
    const fault = new Error('injected');
    const { disk, writer } = await memory({
      beforeOperation: (operation) => {
        if (operation === 'syncDirectory' && syncs++ === 0) throw fault;
      },
    });
    const first = writer.write('/validate/a', ONE, RESULT);
    await assert.rejects(first, fault);
    await writer.write('/validate/b', ONE, RESULT);
    assert.equal(await textOf(disk.crash(), '/validate/b'), 'one');
  });

  for (const [kind, hasExpected, durability, batches] of [
    ['durable writes', false, 'durable', [DURABLE_BATCH_FILES_MAX, 2]],
    ['hints that replace a file', true, 'hint', [HINT_BATCH_FILES_MAX, 2]],
    ['hints that take a free name', false, 'hint', [PLACEMENTS_MAX, 2]],
  ] as const) {
    it(`places ${kind} in batches of at most ${batches[0]}, one batch at a time`, async () => {
      const { disk, writer } = await memory();
      const sizes: number[] = [];
      const count = batches.reduce((sum, size) => sum + size, 0);
      const expected: (FileIdentity | undefined)[] = [];
      for (let at = 0; at < count; at++) {
        const first = hasExpected ? await writer.write(`/validate/${at}`, ONE, HINT) : undefined;
        expected.push(first === undefined ? undefined : identityOf(first));
      }
      const place = disk.place.bind(disk);
      let underWay = 0;
      disk.place = async (batch, options) => {
        assert.equal(++underWay, 1);
        sizes.push(batch.length);
        const outcomes = await place(batch, options);
        underWay--;
        return outcomes;
      };
      const outcomes = await Promise.all(
        expected.map((file, at) => writer.write(`/validate/${at}`, TWO, { durability, expected: file })),
      );
      assert(outcomes.every(({ replaced }) => replaced));
      assert.deepEqual(sizes, batches);
    });
  }

  it('has at most LARGE_WRITES_IN_FLIGHT_MAX writes in flight that fit into no batch', async () => {
    const gate = Promise.withResolvers<void>();
    let started = 0;
    const { disk, writer } = await memory({
      beforeOperation: (operation) => {
        if (operation !== 'create') return undefined;
        started++;
        return gate.promise;
      },
    });
    const count = LARGE_WRITES_IN_FLIGHT_MAX + 1;
    const writes = Array.from({ length: count }, (_, at) => writer.write(`/validate/${at}`, ONE, REPLACING_HINT));
    await quiet();
    assert.equal(started, LARGE_WRITES_IN_FLIGHT_MAX);
    gate.resolve();
    await Promise.all(writes);
    assert.equal((await disk.list('/validate')).length, count);
  });

  for (const isReplacing of [false, true]) {
    const kind = isReplacing ? 'hints that replace a file' : 'hints';
    it(`lets a result pass any number of ${kind} that wait`, async () => {
      const gate = Promise.withResolvers<void>();
      let isHeld = false;
      const { writer } = await memory({
        beforeOperation: (operation, path) =>
          isHeld && operation === 'create' && path !== '/tmp/7.200.tmp' ? gate.promise : undefined,
      });
      const names = Array.from({ length: 100 }, (_, at) => `/validate/hint-${at}`);
      const files = await Promise.all(names.map(async (name) => identityOf(await writer.write(name, ONE, HINT))));
      isHeld = true;
      const waiting = names.map((name, at) => {
        const target = isReplacing ? name : `${name}-more`;
        return writer.write(target, TWO, { durability: 'hint', expected: isReplacing ? files[at] : undefined });
      });
      assert.equal((await writer.write('/validate/result', ONE, RESULT)).replaced, true);
      gate.resolve();
      await Promise.all(waiting);
    });
  }

  for (const [kind, options, underWay] of [
    ['of those that fit into no batch', REPLACING_HINT, LARGE_WRITES_IN_FLIGHT_MAX],
    ['behind a batch', HINT, 1],
    ['behind a batch that is synced', RESULT, 1],
  ] as const) {
    it(`takes as many writes that wait ${kind} as its limit, and refuses one more`, async () => {
      const gate = Promise.withResolvers<void>();
      const { writer } = await memory({
        beforeOperation: (operation) => (operation === 'create' ? gate.promise : undefined),
      });
      const write = (at: number): Promise<WriteOutcome> => writer.write(`/validate/${at}`, ONE, options);
      const begun = Array.from({ length: underWay }, (_, at) => write(at));
      await quiet();
      const writes = [...begun, ...Array.from({ length: WRITES_WAITING_MAX }, (_, at) => write(underWay + at))];
      await assert.rejects(write(-1), (error) => isFailure(error, 'ERR_QUEUE_FULL'));
      gate.resolve();
      assert((await Promise.all(writes)).every(({ replaced }) => replaced));
    });
  }

  it('syncs the directory once for all files of a batch', async () => {
    let syncs = 0;
    const { disk, writer } = await memory({
      beforeOperation: (operation) => void (syncs += operation === 'syncDirectory' ? 1 : 0),
    });
    const names = Array.from({ length: 1 + DURABLE_BATCH_FILES_MAX }, (_, at) => `/validate/${at}`);
    syncs = 0;
    await Promise.all(names.map((name) => writer.write(name, ONE, RESULT)));
    assert.equal(syncs, 2);
    assert.equal((await disk.crash().list('/validate')).length, names.length);
  });

  it('writes a file that is too large for a batch all the same, without a sync', async () => {
    const operations: string[] = [];
    const { disk, writer } = await memory({ beforeOperation: (operation) => void operations.push(operation) });
    await writer.write('/validate/a', new Uint8Array(PLACEMENT_BYTES_MAX + 1), HINT);
    assert.equal((await disk.identify('/validate/a'))?.sizeBytes, PLACEMENT_BYTES_MAX + 1);
    assert(!operations.some((operation) => operation.startsWith('sync')));
  });

  it('is settled when every write has ended, well or badly', async () => {
    const { disk, writer } = await memory({ capacityBytes: 3 });
    const writes = [writer.write('/validate/a', ONE, RESULT), writer.write('/validate/b', ONE, RESULT)];
    const outcomes = Promise.allSettled(writes);
    await writer.settled();
    assert.deepEqual(await disk.list('/validate'), ['a']);
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
  });
});

describe('the durable writer on the machine', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'driftlock-writer-'));
  });

  afterEach(() => rm(root, { recursive: true }));

  it('writes many files at once, all of them whole, and leaves no temporary file', async () => {
    const disk = new NodeDisk();
    const temporary = join(root, 'tmp');
    const target = join(root, 'validate');
    await disk.makeDirectory(temporary);
    await disk.makeDirectory(target);
    const writer = writerOn(disk, temporary);
    const names = Array.from({ length: 200 }, (_, index) => `${index}`);
    await Promise.all(
      names.map((name, index) =>
        writer.write(join(target, name), Buffer.from(name), {
          durability: index % 2 === 0 ? 'durable' : 'hint',
          expected: undefined,
        }),
      ),
    );
    for (const name of names) assert.equal(await readFile(join(target, name), 'utf8'), name);
    assert.deepEqual(await readdir(temporary), []);
  });

  it('does not overwrite what another program wrote after the file was read', async () => {
    const disk = new NodeDisk();
    const target = join(root, 'file');
    const writer = writerOn(disk, root);
    const expected = identityOf(await writer.write(target, ONE, RESULT));
    await writeFile(target, 'foreign');
    const outcome = await writer.write(target, TWO, { durability: 'durable', expected });
    assert.deepEqual(outcome, { replaced: false, found: await disk.identify(target) });
    assert.equal(await readFile(target, 'utf8'), 'foreign');
    assert.deepEqual(await readdir(root), ['file']);
  });
});
