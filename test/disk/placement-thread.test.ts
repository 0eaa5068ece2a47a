import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFailure } from '../../crdt/errors.ts';
import type { Placement } from '../../src/disk/disk.ts';
import { PlacementThread } from '../../src/disk/placement-thread.ts';

const UNSYNCED = { sync: false } as const;
const NODE_DISK = new URL('../../src/disk/node-disk.ts', import.meta.url).href;

describe('the thread that places files', () => {
  let root: string;
  let thread: PlacementThread;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'driftlock-thread-'));
    thread = new PlacementThread();
  });

  afterEach(async () => {
    await thread.close();
    await rm(root, { recursive: true });
  });

  const fileFor = (name: string): Placement => ({
    temporary: join(root, `${name}.tmp`),
    target: join(root, name),
    bytes: Buffer.from(name),
    expected: undefined,
  });

  it('answers every batch in turn, each file with its own content', async () => {
    const batches = ['a', 'b', 'c'].map((letter) => ['1', '22', '333'].map((digits) => fileFor(letter + digits)));
    const answers = await Promise.all(batches.map((batch) => thread.place(batch, UNSYNCED)));
    for (const outcomes of answers) assert(outcomes.every((outcome) => 'replaced' in outcome && outcome.replaced));
    for (const { target, bytes } of batches.flat()) assert.deepEqual(await readFile(target), bytes);
    assert.equal((await readdir(root)).length, 9);
  });

  it('answers each batch with what became of its own files, whichever is done first', async () => {
    const [slow, quick] = [['a', 'b', 'c'].map(fileFor), [fileFor('dd')]];
    const answers = await Promise.all([thread.place(slow, { sync: true }), thread.place(quick, UNSYNCED)]);
    for (const [at, batch] of [slow, quick].entries()) {
      const sizes = answers[at]?.map((outcome) => 'identity' in outcome && outcome.identity.sizeBytes);
      assert.deepEqual(
        sizes,
        batch.map(({ bytes }) => bytes.length),
      );
    }
  });

  it('leaves the bytes of the caller alone', async () => {
    const file = fileFor('mine');
    await thread.place([file], UNSYNCED);
    assert.deepEqual(Buffer.from(file.bytes).toString(), 'mine');
  });

  it('fails what it has not answered when it ends, and begins anew with the next batch', async () => {
    const deaf = new PlacementThread(new URL('deaf-worker.ts', import.meta.url));
    await deaf.place([fileFor('before')], UNSYNCED);
    const unanswered = deaf.place([fileFor('lost')], UNSYNCED);
    const failed = assert.rejects(unanswered, (error) => isFailure(error, 'ERR_DISK'));
    await deaf.close();
    await failed;
    const [outcome] = await deaf.place([fileFor('after')], UNSYNCED);
    await deaf.close();
    assert(outcome !== undefined && 'replaced' in outcome && outcome.replaced);
  });

  it('says why it ended, each time', async () => {
    const failing = new PlacementThread(new URL('failing-worker.ts', import.meta.url));
    for (const name of ['a', 'b']) {
      await assert.rejects(failing.place([fileFor(name)], UNSYNCED), (error) => {
        assert(isFailure(error, 'ERR_DISK'));
        assert.equal(error.argument, join(root, name));
        assert.equal(error.found, 'its end: a defect');
        return true;
      });
    }
  });

  it('keeps the process alive until it has answered, and no longer', () => {
    const script = `
      import { NodeDisk } from '${NODE_DISK}';
      const [temporary, target] = ['${join(root, 'a.tmp')}', '${join(root, 'a')}'];
      new NodeDisk().place([{ temporary, target, bytes: Buffer.from('a'), expected: undefined }], { sync: false }).then(
        ([outcome]) => console.log(outcome.replaced),
      );`;
    const run = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(run, 'true\n');
  });
});
