/**
 * `result-vs-disk`: what it costs to make a result durable, against the disk alone.
 *
 * Ours: sign a result, append the record to the journal by group commit, merge it into the replica: acknowledged; and
 * write the `.v` with its trailer. The clock stops when every `.v` is visible. The other: for as many bytes, create a
 * temporary file, write, fsync, rename, fsync of the directory. Both with 64 in flight, each run in a new directory of one
 * file system. Both have it on the platter when they say so; the `.v` itself is synced by a later checkpoint, which
 * `result-vs-disk-sustained` counts: there the clock stops when every file is synced and the journal is empty.
 */

import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { benchDirectory } from '../parts/bench-directory.ts';
import { IN_FLIGHT, inFlight, openBenchStore } from '../parts/bench-store.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const RESULTS = 3_000;
const RESULTS_SUSTAINED = 30_000;
/** What a `.v` with one result is long. */
const FILE_BYTES = 360;

const RAW = 'create, write, fsync, rename, fsync of the directory: durable file';

export const resultVsDisk: BenchRow = {
  id: 'result-vs-disk',
  what: `durable local results at ${IN_FLIGHT} in flight until all are acknowledged and visible, against the raw write loop`,
  unit: 'results/s',
  ours: 'sign, merge, journal with group commit: durable entry, acknowledged; and the .v, visible, synced later',
  against: RAW,
  target: { kind: 'at-least', bound: 0.8 },
  pairs: 7,
  prepare: () => prepare(RESULTS, false),
};

export const resultVsDiskSustained: BenchRow = {
  id: 'result-vs-disk-sustained',
  what: `the same for ${RESULTS_SUSTAINED} results, until all files are synced too and the journal is empty`,
  unit: 'results/s',
  ours: 'sign, merge, journal with group commit, write and sync the .v: durable file, empty journal',
  against: RAW,
  target: { kind: 'at-least', bound: 0.5 },
  pairs: 3,
  prepare: () => prepare(RESULTS_SUSTAINED, true),
};

async function prepare(results: number, countsCheckpoint: boolean): Promise<BenchWork> {
  const root = await benchDirectory();
  let runs = 0;
  return {
    ours: () => commitResults(join(root, `ours-${runs++}`), results, countsCheckpoint),
    against: () => writeRaw(join(root, `raw-${runs++}`), results),
    close: () => Promise.resolve(),
  };
}

async function commitResults(datadir: string, results: number, countsCheckpoint: boolean): Promise<number> {
  const store = await openBenchStore(datadir);
  const last = countsCheckpoint ? () => store.stop() : () => store.idle();
  const { perSecond } = await inFlight(results, (at) => store.result(at), { last });
  if (!countsCheckpoint) await store.stop();
  return perSecond;
}

async function writeRaw(directory: string, results: number): Promise<number> {
  await mkdir(directory, { recursive: true });
  const bytes = new Uint8Array(FILE_BYTES).fill(7);
  const directoryHandle = await open(directory, 'r');
  try {
    const { perSecond } = await inFlight(results, async (at) => {
      const temporary = join(directory, `${at}.tmp`);
      const file = await open(temporary, 'wx');
      await file.write(bytes);
      await file.sync();
      await file.close();
      await rename(temporary, join(directory, `${at}.v`));
      await directoryHandle.sync();
    });
    return perSecond;
  } finally {
    await directoryHandle.close();
  }
}
