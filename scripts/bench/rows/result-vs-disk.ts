/**
 * `result-vs-disk`: what it costs to make a result durable, against the disk alone.
 *
 * Ours: sign a result, merge it, encode `StateData` and trailer, write it by the store's group commit, merge it into the
 * replica. The other: for as many bytes, create a temporary file, write, fsync, rename, fsync of the directory. Both
 * with 64 in flight, each run in a new directory of one file system (`DRIFTLOCK_BENCH_DIR`, else the system's).
 */

import { mkdtemp, mkdir, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordOf } from '../../../crdt/block/record.ts';
import { viewOf } from '../../../crdt/block/view.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { generateKey } from '../../../net/identity/identity.ts';
import { Author } from '../../../src/author/author.ts';
import { DurableWriter } from '../../../src/datadir/durable-writer.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { filePaths } from '../../../src/node/file-paths.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import { Replica } from '../../../src/replica/replica.ts';
import { BlockStore } from '../../../src/store/block-store.ts';
import { FileLedger } from '../../../src/store/file-ledger.ts';
import { fileView } from '../../../src/store/validate-view.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const RESULTS = 3_000;
const IN_FLIGHT = 64;
/** What a `.v` with one result is long. */
const FILE_BYTES = 360;

const identity = generateKey();

export const resultVsDisk: BenchRow = {
  id: 'result-vs-disk',
  what: `durable local results at ${IN_FLIGHT} in flight: signed, merged and written with their trailer, against the raw write loop`,
  unit: 'results/s',
  ours: 'sign, merge, write and sync in groups',
  against: 'create, write, fsync, rename, fsync of the directory',
  target: { kind: 'at-least', bound: 0.8 },
  pairs: 7,
  async prepare(): Promise<BenchWork> {
    const root = await mkdtemp(join(process.env['DRIFTLOCK_BENCH_DIR'] ?? tmpdir(), 'driftlock-bench-'));
    let runs = 0;
    return {
      ours: () => commitResults(join(root, `ours-${runs++}`)),
      against: () => writeRaw(join(root, `raw-${runs++}`)),
      close: () => rm(root, { recursive: true }),
    };
  },
};

async function commitResults(datadir: string): Promise<number> {
  const layout = datadirLayout(datadir);
  const disk = new NodeDisk();
  await prepareDatadir(disk, layout);
  const paths = filePaths(layout);
  const author = new Author({ ...identity, clock: systemClock, skewBoundMs: 500 });
  const replica = new Replica();
  const store = new BlockStore({
    replica,
    files: new FileLedger(replica.blocks),
    writer: new DurableWriter({ disk, temporaryDirectory: layout.temporary, random: randomInteger }),
    clock: systemClock,
    pathOf: paths.validate,
    fileViewOf: (key, record) =>
      fileView(
        key,
        viewOf(record, () => false),
        0,
      ),
    look: async () => undefined,
    onChange: () => undefined,
    onWriteError: (_key, error) => {
      throw error;
    },
  });
  const perSecond = await inFlight(async (at) => {
    const key: BlockKey = { number: at, hash: blake3Hash(new TextEncoder().encode(`${at}`)) };
    const result = author.result(key, [], 'success', key.hash, 1);
    await store.commit({ key, record: recordOf({ results: [result] }) });
  });
  await store.stop();
  return perSecond;
}

async function writeRaw(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true });
  const bytes = new Uint8Array(FILE_BYTES).fill(7);
  const directoryHandle = await open(directory, 'r');
  try {
    return await inFlight(async (at) => {
      const temporary = join(directory, `${at}.tmp`);
      const file = await open(temporary, 'wx');
      await file.write(bytes);
      await file.sync();
      await file.close();
      await rename(temporary, join(directory, `${at}.v`));
      await directoryHandle.sync();
    });
  } finally {
    await directoryHandle.close();
  }
}

/** Runs `task` for 0…RESULTS − 1 with IN_FLIGHT under way, and gives the rate a second. */
async function inFlight(task: (at: number) => Promise<void>): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < RESULTS) await task(next++);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (RESULTS * 1_000) / (performance.now() - start);
}
