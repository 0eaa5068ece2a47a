import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fingerprintOf } from '../../crdt/block/fingerprint.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { recordOf } from '../../crdt/block/record.ts';
import { blockId } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import { DiskError } from '../../src/disk/disk.ts';
import { MemoryDisk, type DiskOperation } from '../../src/disk/memory-disk.ts';
import {
  GROUP_BYTES_MAX,
  Journal,
  JOURNAL_BYTES_MAX,
  SEGMENT_AGE_MS_MAX,
  SEGMENT_BYTES_MAX,
  type JournalEvent,
} from '../../src/journal/journal.ts';
import { encodeEntry } from '../../src/journal/segment.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

const DIRECTORY = '/journal';
const NEVER = new AbortController().signal;

class Bench {
  readonly clock = new VirtualClock();
  readonly disk: MemoryDisk;
  readonly journal: Journal;
  hook: ((operation: DiskOperation, path: string) => Promise<void> | void) | undefined;
  closed = 0;

  constructor(from?: MemoryDisk) {
    const beforeOperation = (operation: DiskOperation, path: string) => this.hook?.(operation, path);
    this.disk = from?.crash(() => 0, { beforeOperation }) ?? new MemoryDisk({ beforeOperation });
    const { disk, clock } = this;
    this.journal = new Journal({ disk, directory: DIRECTORY, clock, onClosed: () => this.closed++ });
  }

  static async make(): Promise<Bench> {
    const bench = new Bench();
    await bench.disk.makeDirectory(DIRECTORY);
    return bench;
  }

  append(keyed: KeyedRecord): Promise<void> {
    return this.journal.append(keyed, fingerprintOf(keyed));
  }

  async files(): Promise<string[]> {
    return (await this.disk.list(DIRECTORY)).sort();
  }
}

/** Of about `blobs` times 32 bytes. */
function recordAt(block: number, version = 0, blobs = 1): KeyedRecord {
  const blobIds = Array.from({ length: blobs }, (_, at) => hashOf(version * 1_000_000 + at)).sort();
  return { key: keyAt(block), record: recordOf({ blobIds }) };
}

/** What a new journal reads from `disk`, after a power loss that kept nothing unsynced. */
async function recovered(disk: MemoryDisk): Promise<{ records: KeyedRecord[]; events: readonly JournalEvent[] }> {
  const records: KeyedRecord[] = [];
  const events = await new Bench(disk.crash()).journal.recover(async (keyed) => void records.push(keyed));
  return { records, events };
}

/** A journal that has no room for another block. */
async function full(): Promise<Bench> {
  const bench = await Bench.make();
  for (let at = 0; bench.journal.sizeBytes < JOURNAL_BYTES_MAX; at++) await bench.append(recordAt(at, 0, 16_000));
  return bench;
}

describe('the journal', () => {
  it('gives back after a power loss what was appended, and says how much', async () => {
    const bench = await Bench.make();
    const wanted = [recordAt(1), recordAt(2), recordAt(1, 1)];
    for (const keyed of wanted) await bench.append(keyed);
    const { records, events } = await recovered(bench.disk);
    assert.deepEqual(records, wanted);
    assert.deepEqual(events, [{ type: 'journal-replayed', files: 1, entries: 3, tornBytes: 0 }]);
  });

  it('is silent at the start after a clean stop', async () => {
    const { disk } = await Bench.make();
    assert.deepEqual(await recovered(disk), { records: [], events: [] });
  });

  it('takes all that waits while a sync runs into the next one', async () => {
    const bench = await Bench.make();
    const gate = Promise.withResolvers<void>();
    let appends = 0;
    bench.hook = (operation) => {
      if (operation === 'append') appends++;
      return operation === 'syncFile' ? gate.promise : undefined;
    };
    const all = Array.from({ length: 100 }, (_, at) => bench.append(recordAt(at)));
    gate.resolve();
    await Promise.all(all);
    assert.equal(appends, 2);
    assert.equal((await recovered(bench.disk)).records.length, 100);
  });

  it(`writes at most ${GROUP_BYTES_MAX} bytes at once`, async () => {
    const bench = await Bench.make();
    const sizes: number[] = [];
    let sizeBytes = 0;
    bench.hook = async (operation, path) => {
      if (operation !== 'syncFile') return;
      const after = (await bench.disk.identify(path))?.sizeBytes ?? 0;
      sizes.push(after - sizeBytes);
      sizeBytes = after;
    };
    const big = Array.from({ length: 30 }, (_, at) => recordAt(at, 0, 2_000));
    const entryBytes = encodeEntry(big[0] ?? assert.fail(), 0n).length;
    await Promise.all(big.map((keyed) => bench.append(keyed)));
    assert(sizes.length > 2);
    for (const size of sizes) assert(size <= GROUP_BYTES_MAX, `${size}`);
    assert(Math.max(...sizes) > GROUP_BYTES_MAX - entryBytes);
  });

  it('does not write again what the newest entry of a block says already', async () => {
    const bench = await Bench.make();
    await bench.append(recordAt(1));
    const { sizeBytes } = bench.journal;
    await bench.append(recordAt(1));
    assert.equal(bench.journal.sizeBytes, sizeBytes);
  });

  it('never appends again to a segment whose sync failed, and keeps what it held', async () => {
    const bench = await Bench.make();
    await bench.append(recordAt(1));
    bench.hook = (operation, path) => {
      if (operation !== 'syncFile') return;
      throw new DiskError('ERR_DISK', { argument: path, expected: 'a sync', found: 'an error' });
    };
    await assert.rejects(bench.append(recordAt(2)), (error) => isFailure(error, 'ERR_DISK'));
    bench.hook = undefined;
    await bench.append(recordAt(2));
    assert.deepEqual(await bench.files(), ['0.journal', '1.journal']);
    assert.deepEqual(new Set((await recovered(bench.disk)).records.map(({ key }) => key.number)), new Set([1, 2]));
  });

  it('leaves nothing behind of a segment that never held an entry, so that a full disk stays as full as it is', async () => {
    const bench = await Bench.make();
    bench.disk.resize(20);
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(bench.append(recordAt(1)), (error) => isFailure(error, 'ERR_NO_SPACE'));
    }
    assert.deepEqual(await bench.files(), []);
    assert.equal(bench.journal.sizeBytes, 0);
  });

  it(`begins a new segment at ${SEGMENT_BYTES_MAX} bytes, and not before`, async () => {
    const bench = await Bench.make();
    const entryBytes = encodeEntry(recordAt(0, 0, 8_000), 0n).length;
    const fitting = Math.ceil(SEGMENT_BYTES_MAX / entryBytes) - 1;
    for (let at = 0; at < fitting; at++) await bench.append(recordAt(at, 0, 8_000));
    assert.equal(bench.closed, 0);
    await bench.append(recordAt(fitting, 0, 8_000));
    assert.equal(bench.closed, 1);
    assert.equal((await bench.files()).length, 1);
  });

  it(`begins a new segment ${SEGMENT_AGE_MS_MAX} ms after the first entry, and not before`, async () => {
    const bench = await Bench.make();
    await bench.append(recordAt(1));
    await bench.clock.advance(SEGMENT_AGE_MS_MAX - 1);
    assert.equal(bench.closed, 0);
    await bench.clock.advance(1);
    assert.equal(bench.closed, 1);
    await bench.clock.advance(10 * SEGMENT_AGE_MS_MAX);
    assert.equal(bench.closed, 1);
  });

  it('closes a segment in the midst of a write only after it', async () => {
    const bench = await Bench.make();
    const gate = Promise.withResolvers<void>();
    bench.hook = (operation) => (operation === 'syncFile' ? gate.promise : undefined);
    const appended = bench.append(recordAt(1));
    await bench.clock.advance(SEGMENT_AGE_MS_MAX);
    assert.equal(bench.closed, 0);
    gate.resolve();
    await appended;
    const [segment] = bench.journal.closed;
    assert(segment !== undefined);
    assert.deepEqual(bench.journal.newestIn(segment), [keyAt(1)]);
  });

  it('names the blocks whose newest entry a segment has, and forgets them with it', async () => {
    const bench = await Bench.make();
    await bench.append(recordAt(1));
    await bench.append(recordAt(2));
    bench.journal.closeActive();
    await bench.append(recordAt(2, 1));
    bench.journal.closeActive();
    const [first, second] = bench.journal.closed;
    assert(first !== undefined && second !== undefined);
    assert.deepEqual(bench.journal.newestIn(first), [keyAt(1)]);
    await bench.journal.remove(first);
    await bench.journal.remove(first);
    assert.deepEqual(await bench.files(), ['1.journal']);
    assert.deepEqual(bench.journal.newestIn(second), [keyAt(2)]);
    await bench.journal.remove(second);
    assert.equal(bench.journal.sizeBytes, 0);
  });

  describe(`at ${JOURNAL_BYTES_MAX} bytes`, () => {
    it('lets a new block wait until a segment is gone, and a block that it holds go on', async () => {
      const bench = await full();
      await assert.rejects(bench.append(recordAt(1_000_000)), (error) => isFailure(error, 'ERR_JOURNAL_FULL'));
      let hasRoom = false;
      const room = bench.journal.room(keyAt(1_000_000), NEVER).then(() => (hasRoom = true));
      await bench.journal.room(keyAt(0), NEVER);
      await bench.append(recordAt(0, 1));
      await bench.clock.settle();
      assert(!hasRoom);
      const [oldest] = bench.journal.closed;
      assert(oldest !== undefined);
      await bench.journal.remove(oldest);
      await room;
      await bench.append(recordAt(1_000_000));
    });

    it('lets nobody wait who stops', async () => {
      const bench = await full();
      const stopping = new AbortController();
      const before = bench.journal.room(keyAt(1_000_000), stopping.signal);
      stopping.abort();
      await before;
      await bench.journal.room(keyAt(1_000_000), stopping.signal);
    });
  });

  it('reports a damaged part at start, and gives back the rest', async () => {
    const bench = await Bench.make();
    for (let at = 1; at <= 3; at++) await bench.append(recordAt(at));
    const path = join(DIRECTORY, '0.journal');
    const bytes = (await bench.disk.read(path, 10_000))?.bytes ?? assert.fail();
    const entryBytes = encodeEntry(recordAt(1), 0n).length;
    const offset = bytes.length - 2 * entryBytes;
    bytes.fill(0xff, offset + 20, offset + 30);
    bench.disk.overwrite(path, bytes);
    await bench.disk.syncFile(path);
    const { records, events } = await recovered(bench.disk);
    assert.deepEqual(
      records.map(({ key }) => key.number),
      [1, 3],
    );
    assert.deepEqual(events[0], { type: 'journal-damaged', file: path, offset, sizeBytes: entryBytes });
  });

  it('goes on behind the segments that it found, though writes begin while they are replayed', async () => {
    const before = await Bench.make();
    await before.append(recordAt(1));
    before.journal.closeActive();
    await before.append(recordAt(2));
    const bench = new Bench(before.disk);
    const replayed: string[] = [];
    await bench.journal.recover(async (keyed) => {
      replayed.push(blockId(keyed.key));
      assert(bench.journal.isReplaying(keyed.key));
      await bench.append(recordAt(keyed.key.number, 1));
    });
    assert.deepEqual(replayed, [blockId(keyAt(1)), blockId(keyAt(2))]);
    assert(!bench.journal.isReplaying(keyAt(1)));
    assert.deepEqual(await bench.files(), ['0.journal', '1.journal', '2.journal']);
    for (const segment of bench.journal.closed) assert.deepEqual(bench.journal.newestIn(segment), []);
  });

  it('refuses to start on a journal of a later version, and changes nothing', async () => {
    const bench = await Bench.make();
    await bench.disk.append(join(DIRECTORY, '4.journal'), Buffer.from('DRFTJNL2'));
    await assert.rejects(recovered(bench.disk), (error) => isFailure(error, 'ERR_UNKNOWN_VERSION'));
  });
});
