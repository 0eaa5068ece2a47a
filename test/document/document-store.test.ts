import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { RandomInteger } from '../../net/clock.ts';
import { Quarantine } from '../../src/datadir/quarantine.ts';
import { DiskError } from '../../src/disk/disk.ts';
import { MemoryDisk, type DiskOperation } from '../../src/disk/memory-disk.ts';
import { ClusterDocument } from '../../src/document/cluster-document.ts';
import { DOCUMENT_FILE_BYTES_MAX } from '../../src/document/document-file.ts';
import {
  APPENDED_BYTES_MIN,
  DOCUMENT_FILE_NAME,
  DocumentStore,
  FLUSH_MS,
  FLUSH_RETRY_MS,
} from '../../src/document/document-store.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

const DIRECTORY = '/document';
const QUARANTINE = '/quarantine';
const FILE = join(DIRECTORY, DOCUMENT_FILE_NAME);

class Desk {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly failures: unknown[] = [];
  readonly damaged: unknown[] = [];
  readonly disk: MemoryDisk;
  readonly document: ClusterDocument;
  readonly store: DocumentStore;
  hook: ((operation: DiskOperation, path: string) => void) | undefined;

  constructor(seed: number, from?: MemoryDisk, chance: RandomInteger = () => 0) {
    const beforeOperation = (operation: DiskOperation, path: string): void => this.hook?.(operation, path);
    this.disk = from?.crash(chance, { beforeOperation }) ?? new MemoryDisk({ beforeOperation });
    const { disk, clock, random } = this;
    this.document = new ClusterDocument('test', seededRandom(seed));
    this.store = new DocumentStore({
      disk,
      clock,
      directory: DIRECTORY,
      quarantine: new Quarantine({ disk, clock, random, directory: QUARANTINE }),
      document: this.document,
      onDamaged: (_file, error) => void this.damaged.push(error),
      onFailure: (_file, error) => void this.failures.push(error),
    });
  }

  /** After a power loss, if there was a desk before. */
  static async open(seed: number, before?: Desk, chance?: RandomInteger): Promise<Desk> {
    const desk = new Desk(seed, before?.disk, chance);
    await desk.disk.makeDirectory(DIRECTORY);
    await desk.disk.makeDirectory(QUARANTINE);
    await desk.store.open();
    return desk;
  }

  write(text: string): void {
    assert(this.document.edit(text.length, 'test', (doc) => doc.getText('text').insert(0, text)));
  }

  get text(): string {
    return this.document.read((doc) => doc.getText('text').toJSON());
  }

  async fileBytes(): Promise<Uint8Array> {
    return (await this.disk.read(FILE, DOCUMENT_FILE_BYTES_MAX))?.bytes ?? assert.fail('there is a file');
  }
}

describe('the file of the cluster document', () => {
  it('gives back after a power loss what was written FLUSH_MS before, and after a clean stop everything', async () => {
    const first = await Desk.open(1);
    first.write('kept. ');
    await first.clock.advance(FLUSH_MS);
    first.write('lost. ');
    const second = await Desk.open(2, first);
    assert.equal(second.text, 'kept. ');
    second.write('stopped. ');
    await second.store.close();
    const third = await Desk.open(3, second);
    assert.equal(third.text, 'stopped. kept. ');
    assert.deepEqual(third.document.fingerprint(), second.document.fingerprint());
  });

  it('is not made while there is nothing to keep', async () => {
    const desk = await Desk.open(1);
    await desk.store.close();
    assert.deepEqual(await desk.disk.list(DIRECTORY), []);
  });

  it('is the old or the new one, whole, whenever the power fails', async () => {
    // Enough for it to be written anew in between.
    const texts = Array.from({ length: 4 }, (_, at) => `${at}`.repeat(APPENDED_BYTES_MIN / 2));
    let hasCrashed = true;
    for (let crashAt = 0; hasCrashed; crashAt++) {
      const desk = await Desk.open(1);
      let operations = 0;
      // From there on nothing takes effect any more.
      desk.hook = () => {
        if (operations++ >= crashAt)
          throw new DiskError('ERR_DISK', { argument: 'disk', expected: 'power', found: 'none' });
      };
      let durable = '';
      for (const text of texts) {
        desk.write(text);
        await desk.clock.advance(FLUSH_MS);
        if (operations <= crashAt) durable = desk.text;
      }
      hasCrashed = operations > crashAt;
      // Of what was not synced the power loss leaves what chance wills.
      const after = await Desk.open(2, desk, seededRandom(crashAt));
      assert(after.text.endsWith(durable), `a crash at operation ${crashAt} lost what was durable`);
      after.write('on. ');
      await after.store.close();
      assert.equal((await Desk.open(3, after)).text, after.text);
    }
  });

  it('is cut after the last whole entry, wherever it was torn, and written anew', async () => {
    const first = await Desk.open(1);
    first.write('whole. ');
    await first.clock.advance(FLUSH_MS);
    const wholeBytes = (await first.fileBytes()).length;
    first.write('torn. ');
    await first.store.close();
    const bytes = await first.fileBytes();
    for (let length = 0; length < bytes.length; length++) {
      const desk = new Desk(2);
      await desk.disk.makeDirectory(DIRECTORY);
      await desk.disk.makeDirectory(QUARANTINE);
      await desk.disk.create(FILE, bytes.subarray(0, length), { sync: true });
      await desk.disk.syncDirectory(DIRECTORY);
      await desk.store.open();
      assert.equal(desk.text, length >= wholeBytes ? 'whole. ' : '', `torn at ${length}`);
      assert.deepEqual(desk.damaged, []);
      desk.write('after. ');
      await desk.store.close();
      const again = await Desk.open(3, desk);
      assert.equal(again.text, desk.text, `torn at ${length}`);
    }
  });

  it('goes to quarantine when a byte of it is another, and what stands before that is kept', async () => {
    const first = await Desk.open(1);
    first.write('whole. ');
    await first.clock.advance(FLUSH_MS);
    const wholeBytes = (await first.fileBytes()).length;
    first.write('spoiled. ');
    await first.store.close();
    for (const [at, text] of [
      [0, ''],
      [wholeBytes + 21, 'whole. '],
    ] as const) {
      const bytes = (await first.fileBytes()).slice();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const desk = new Desk(2);
      await desk.disk.makeDirectory(DIRECTORY);
      await desk.disk.makeDirectory(QUARANTINE);
      await desk.disk.create(FILE, bytes, { sync: true });
      await desk.store.open();
      assert.equal(desk.text, text);
      assert.equal(desk.damaged.length, 1);
      assert.equal((await desk.disk.list(QUARANTINE)).length, 2, 'it and its reason');
      desk.write('after. ');
      await desk.store.close();
      assert.equal((await Desk.open(3, desk)).text, `after. ${text}`);
    }
  });

  it('of a later version is refused and left alone', async () => {
    const desk = new Desk(1);
    await desk.disk.makeDirectory(DIRECTORY);
    const later = Buffer.from('DRFTDOC2 something');
    await desk.disk.create(FILE, later, { sync: true });
    await assert.rejects(desk.store.open(), { code: 'ERR_UNKNOWN_VERSION' });
    await desk.store.close();
    assert.deepEqual(Buffer.from(await desk.fileBytes()), later);
  });

  it('is written anew once more was appended than it holds, and never grows beyond that', async () => {
    const desk = await Desk.open(1);
    const sizes: number[] = [];
    for (let round = 0; round < 50; round++) {
      desk.write('x'.repeat(20_000));
      desk.document.edit(1, 'test', (doc) => doc.getText('text').delete(0, 20_000));
      await desk.clock.advance(FLUSH_MS);
      sizes.push((await desk.fileBytes()).length);
    }
    assert(Math.max(...sizes) <= APPENDED_BYTES_MIN + 2_000, `${Math.max(...sizes)}`);
    assert(sizes.some((size, at) => size < (sizes[at - 1] ?? 0)));
    assert.equal((await Desk.open(2, desk)).text, '');
  });

  for (const failing of ['create', 'move', 'syncDirectory', 'writeAt', 'syncFile'] as const) {
    it(`loses nothing to a disk whose ${failing} fails for a while`, async () => {
      const desk = await Desk.open(1);
      const isOfNew = failing !== 'writeAt' && failing !== 'syncFile';
      if (!isOfNew) {
        desk.write('before. ');
        await desk.clock.advance(FLUSH_MS);
      }
      desk.hook = (operation) => {
        if (operation !== failing) return;
        throw new DiskError('ERR_NO_SPACE', { argument: 'disk', expected: 'room', found: 'none' });
      };
      desk.write('meanwhile. ');
      await desk.clock.advance(FLUSH_MS);
      assert.equal(desk.failures.length, 1);
      desk.hook = undefined;
      await desk.clock.advance(FLUSH_RETRY_MS);
      assert.equal((await Desk.open(2, desk)).text, desk.text);
    });
  }
});
