import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '../../crdt/errors.ts';
import {
  LOOKS_IN_FLIGHT_MAX,
  PENDING_NAMES_MAX,
  watchDirectory,
  type DirectoryWatch,
  type KnownFiles,
} from '../../src/datadir/directory-watch.ts';
import { DiskError, sameFile, type Disk, type FileIdentity } from '../../src/disk/disk.ts';
import { MemoryDisk, type MemoryDiskOptions } from '../../src/disk/memory-disk.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { VirtualClock } from '../net/transport/virtual-clock.ts';

const SCAN_INTERVAL_MS = 5_000;
const BYTES = Buffer.from('bytes');

/** A disk whose watcher accepts and never reports, and which the test can make report what it likes. */
class SilentDisk extends MemoryDisk {
  report: (name: string | undefined) => void = () => undefined;

  override watch(_directory: string, onChange: (name: string | undefined) => void): () => void {
    this.report = onChange;
    return () => undefined;
  }
}

/** Collects hints and wakes whoever waits for one. */
class Hints {
  readonly names: string[] = [];
  readonly failures: unknown[] = [];
  #wake = Promise.withResolvers<void>();

  add(name: string): void {
    this.names.push(name);
    this.#wake.resolve();
  }

  /** Waits until each of `wanted` was hinted at, and forgets all hints so far. */
  async see(...wanted: string[]): Promise<void> {
    for (; !wanted.every((name) => this.names.includes(name)); this.#wake = Promise.withResolvers()) {
      await this.#wake.promise;
    }
    this.names.length = 0;
  }

  /** The hints since the last call, sorted. */
  take(): string[] {
    return this.names.splice(0).sort();
  }
}

/** Knows of each file the state that a scan met and a look did not fail on. */
class RememberedFiles implements KnownFiles {
  readonly #identities = new Map<string, FileIdentity | undefined>();
  #met = new Set<string>();

  beginScan(): void {
    this.#met = new Set();
  }

  isKnown(name: string, identity: FileIdentity | undefined): boolean {
    this.#met.add(name);
    if (identity !== undefined && sameFile(identity, this.#identities.get(name))) return true;
    this.#identities.set(name, identity);
    return false;
  }

  *gone(): Generator<string> {
    for (const name of this.#identities.keys()) {
      if (this.#met.has(name)) continue;
      this.#identities.delete(name);
      yield name;
    }
  }

  forget(name: string): void {
    this.#identities.delete(name);
  }
}

async function silent(options?: MemoryDiskOptions): Promise<SilentDisk> {
  const disk = new SilentDisk(options);
  await disk.makeDirectory('/a');
  return disk;
}

function create(disk: Disk, name: string): Promise<unknown> {
  return disk.create(`/a/${name}`, BYTES, { sync: false });
}

describe('watching a directory', () => {
  let clock: VirtualClock;
  let hints: Hints;
  let watch: DirectoryWatch | undefined;

  beforeEach(() => {
    clock = new VirtualClock();
    hints = new Hints();
  });

  afterEach(async () => {
    await watch?.stop();
    watch = undefined;
  });

  const begin = (
    disk: Disk,
    onName: (name: string) => void | Promise<void> = (name) => hints.add(name),
  ): DirectoryWatch => {
    const known = new RememberedFiles();
    watch = watchDirectory({
      disk,
      known,
      directory: '/a',
      clock,
      scanIntervalMs: SCAN_INTERVAL_MS,
      accepts: (name) => !name.endsWith('.tmp'),
      onName,
      onFailure: (error, name) => {
        hints.failures.push(error);
        if (name !== undefined) known.forget(name);
      },
    });
    return watch;
  };
  it('begins with every accepted file that is there', async () => {
    const disk = await silent();
    for (const name of ['one', 'two', 'three.tmp']) await create(disk, name);
    await begin(disk).scan();
    assert.deepEqual(hints.take(), ['one', 'two']);
  });

  it('finds by scans alone what appears, changes and goes, and repeats nothing that stays', async () => {
    const disk = await silent();
    for (const name of ['changes', 'goes', 'stays']) await create(disk, name);
    const watching = begin(disk);
    await watching.scan();
    hints.take();
    await watching.scan();
    assert.deepEqual(hints.take(), []);

    disk.overwrite('/a/changes', BYTES);
    await disk.remove('/a/goes');
    await create(disk, 'appears');
    await watching.scan();
    assert.deepEqual(hints.take(), ['appears', 'changes', 'goes']);
    await watching.scan();
    assert.deepEqual(hints.take(), []);
  });

  it('scans again when the interval after the last scan is over', async () => {
    const disk = await silent();
    const watching = begin(disk);
    await watching.scan();
    await create(disk, 'later');
    assert.equal(clock.nextInMs, SCAN_INTERVAL_MS);
    assert.equal(clock.step(), true);
    await hints.see('later');
    await watching.scan();
    assert.equal(clock.nextInMs, SCAN_INTERVAL_MS);
  });

  it('passes on events without waiting for a scan, and leaves the rest out', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/a');
    await begin(disk).scan();
    await create(disk, 'ignored.tmp');
    await create(disk, 'appears');
    await hints.see('appears');
    await disk.move('/a/ignored.tmp', '/a/renamed');
    await hints.see('renamed');
    await disk.remove('/a/renamed');
    await hints.see('renamed');
    assert.equal(clock.timers, 1);
  });

  it('reports by the next scan, once, what an event reported', async () => {
    const disk = await silent();
    const watching = begin(disk);
    await watching.scan();
    await create(disk, 'file');
    disk.report('file');
    await hints.see('file');
    await watching.scan();
    assert.deepEqual(hints.take(), ['file']);
    await watching.scan();
    assert.deepEqual(hints.take(), []);
  });

  it('makes one more look of a burst of events during a look, and never two looks at once', async () => {
    const disk = await silent();
    const gate = Promise.withResolvers<void>();
    let looks = 0;
    let underWay = 0;
    const watching = begin(disk, async (name) => {
      assert.equal(++underWay, 1);
      looks++;
      await gate.promise;
      underWay--;
      hints.add(name);
    });
    await watching.scan();
    for (let event = 0; event < 100; event++) disk.report('file');
    gate.resolve();
    await hints.see('file');
    await watching.stop();
    assert(looks <= 2);
    assert.deepEqual(hints.failures, []);
  });

  it(`looks at ${LOOKS_IN_FLIGHT_MAX} names with events at a time`, async () => {
    const disk = await silent();
    const gate = Promise.withResolvers<void>();
    let underWay = 0;
    let mostUnderWay = 0;
    await begin(disk, async (name) => {
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      await gate.promise;
      underWay--;
      hints.add(name);
    }).scan();
    const names = Array.from({ length: LOOKS_IN_FLIGHT_MAX + 1 }, (_, index) => `${index}`);
    for (const name of names) disk.report(name);
    gate.resolve();
    await hints.see(...names);
    assert.equal(mostUnderWay, LOOKS_IN_FLIGHT_MAX);
  });

  it('scans at once when the watcher says that it may have missed some', async () => {
    const disk = await silent();
    await begin(disk).scan();
    await create(disk, 'missed');
    disk.report(undefined);
    await hints.see('missed');
  });

  it(`keeps ${PENDING_NAMES_MAX} names with events in memory, and scans instead of keeping one more`, async () => {
    for (const extra of [0, 1]) {
      let lists = 0;
      const disk = await silent({ beforeOperation: (operation) => void (lists += operation === 'scan' ? 1 : 0) });
      const gate = Promise.withResolvers<void>();
      const watching = begin(disk, async () => gate.promise);
      await watching.scan();
      const listsBefore = lists;
      const count = LOOKS_IN_FLIGHT_MAX + PENDING_NAMES_MAX + extra;
      for (let index = 0; index < count; index++) disk.report(`${index}`);
      gate.resolve();
      await watching.stop();
      assert.equal(lists - listsBefore, 0);
      assert.equal(clock.timers, 0);

      lists = 0;
      const again = begin(disk, (name) => hints.add(name));
      await again.scan();
      for (let index = 0; index < count; index++) disk.report(`${index}`);
      await hints.see(`${extra === 0 ? count - 1 : 0}`);
      await again.scan();
      assert.equal(lists, 2 + extra);
      await again.stop();
      hints.take();
    }
  });

  it('leaves nineteen times as long as a scan took between it and the next one', async () => {
    const disk = await silent({
      beforeOperation: (operation) => {
        if (operation === 'scan') clock.advance(1_000);
      },
    });
    await begin(disk).scan();
    assert.equal(clock.nextInMs, 19_000);
  });

  it('begins the next scan no later for looks that took long', async () => {
    const disk = await silent();
    await create(disk, 'file');
    // Once the scan waits for it: nothing else is left to do.
    await begin(disk, async () => {
      await turn();
      clock.advance(60_000);
    }).scan();
    assert.equal(clock.nextInMs, SCAN_INTERVAL_MS);
  });

  it('goes on without a watcher when there cannot be one, and says so', async () => {
    const disk = await silent();
    disk.watch = () => {
      throw new DiskError('ERR_NOT_WATCHABLE', { argument: '/a', expected: 'a watch', found: 'ENOSPC' });
    };
    await create(disk, 'file');
    await begin(disk).scan();
    assert.deepEqual(hints.take(), ['file']);
    assert(isFailure(hints.failures[0], 'ERR_NOT_WATCHABLE'));
  });

  it('reports a file again whose look failed, and says why it did', async () => {
    const disk = await silent();
    const fault = new Error('injected');
    await create(disk, 'file');
    let looks = 0;
    const watching = begin(disk, (name) => {
      if (looks++ === 0) throw fault;
      hints.add(name);
    });
    await watching.scan();
    assert.deepEqual(hints.failures, [fault]);
    await watching.scan();
    assert.deepEqual(hints.take(), ['file']);
  });

  it('goes on after a scan that failed', async () => {
    const fault = new Error('injected');
    let failing = '';
    const disk = await silent({
      beforeOperation: (_operation, path) => {
        if (path === failing) throw fault;
      },
    });
    await create(disk, 'file');
    failing = '/a';
    const watching = begin(disk);
    await watching.scan();
    failing = '';
    await watching.scan();
    assert.deepEqual(hints.take(), ['file']);
    assert.deepEqual(hints.failures, [fault]);
  });

  it('reports nothing after it was stopped, and is stopped when no look is under way', async () => {
    const disk = await silent();
    const gate = Promise.withResolvers<void>();
    const watching = begin(disk, async (name) => {
      await gate.promise;
      hints.add(name);
    });
    await watching.scan();
    disk.report('under way');
    const stopped = watching.stop();
    disk.report('too late');
    gate.resolve();
    await stopped;
    assert.deepEqual(hints.take(), ['under way']);
    await create(disk, 'later');
    await watching.scan();
    assert.deepEqual(hints.take(), []);
    assert.equal(clock.timers, 0);
  });

  it('sees on the machine what another program renames into place', async () => {
    const root = await mkdtemp(join(tmpdir(), 'driftlock-watch-'));
    const onMachine = watchDirectory({
      disk: new NodeDisk(),
      known: new RememberedFiles(),
      directory: root,
      clock,
      scanIntervalMs: SCAN_INTERVAL_MS,
      accepts: (name) => name.endsWith('.v'),
      onName: (name) => hints.add(name),
      onFailure: (error) => hints.failures.push(error),
    });
    try {
      await onMachine.scan();
      for (const name of ['1.v', '2.v']) {
        await writeFile(join(root, `${name}.foreign`), BYTES);
        await rename(join(root, `${name}.foreign`), join(root, name));
      }
      await hints.see('1.v', '2.v');
      assert.deepEqual(hints.failures, []);
    } finally {
      await onMachine.stop();
      await rm(root, { recursive: true });
    }
  });
});
