/**
 * `cold-start`, `warm-start`, `claim-at-scale`: what a directory of a million finished blocks costs a node that starts on it,
 * and the claims after that. `DRIFTLOCK_SCALE_BLOCKS` sets another number of blocks.
 *
 * Every start is a process of its own. The directory is filled once for all rows: 4 GB of disk and some minutes for a million.
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { benchDirectory } from '../parts/bench-directory.ts';
import type { BenchRow } from '../row.ts';
import { ScaleBlocks } from './blocks.ts';
import { fillValidate, startChild } from './datadir.ts';

export const SCALE_BLOCKS = Number(process.env['DRIFTLOCK_SCALE_BLOCKS'] ?? 1_000_000);
const FEW_BLOCKS = 1_000;
const CLAIMS = 200;

export interface Filled {
  readonly datadir: string;
  /** Paths of its `.v` files, in the order of the directory's blocks. */
  readonly paths: readonly string[];
}

const filled = new Map<number, Promise<Filled>>();

export function datadirOf(blocks: number): Promise<Filled> {
  const known = filled.get(blocks) ?? fill(blocks);
  filled.set(blocks, known);
  return known;
}

async function fill(blocks: number): Promise<Filled> {
  const datadir = await benchDirectory();
  const layout = datadirLayout(datadir);
  const names = await fillValidate(layout, new ScaleBlocks(), blocks);
  return { datadir, paths: names.map((name) => join(layout.validate, name)) };
}

/** Milliseconds for every file once, one after the other. */
export async function readAll({ paths }: Filled): Promise<number> {
  const start = performance.now();
  for (const path of paths) await readFile(path);
  return performance.now() - start;
}

/** Milliseconds. */
async function coldStart(datadir: string): Promise<number> {
  await rm(datadirLayout(datadir).index, { recursive: true, force: true });
  return (await startChild(datadir)).startMs;
}

export async function claimP50({ datadir }: Filled): Promise<number> {
  const sorted = (await startChild(datadir, CLAIMS)).claimsMs.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const ofMany = `${SCALE_BLOCKS.toLocaleString('en-US')} blocks`;

export const startRows: readonly BenchRow[] = [
  {
    id: 'cold-start',
    what: `a start without an index on ${ofMany}`,
    unit: 'ms',
    ours: 'read, check every signature, index',
    against: 'only reading all the files, one after the other',
    target: { kind: 'at-most', bound: 3 },
    pairs: 3,
    isCold: true,
    async prepare() {
      const filledDatadir = await datadirOf(SCALE_BLOCKS);
      // Whoever came first would pay for the disk; from here on both find the files in the page cache.
      await readAll(filledDatadir);
      return {
        ours: () => coldStart(filledDatadir.datadir),
        against: () => readAll(filledDatadir),
        close: () => Promise.resolve(),
      };
    },
  },
  {
    id: 'warm-start',
    what: `a start on ${ofMany} after an orderly stop`,
    unit: 'ms',
    ours: 'from the index, and the names of all files',
    against: 'a cold start',
    target: { kind: 'at-most', bound: 0.05 },
    pairs: 1,
    isCold: true,
    async prepare() {
      const { datadir } = await datadirOf(SCALE_BLOCKS);
      await startChild(datadir);
      return {
        async ours() {
          const { startMs, fromIndex } = await startChild(datadir);
          if (fromIndex < SCALE_BLOCKS) throw new Error(`the index knew ${fromIndex} blocks`);
          return startMs;
        },
        against: () => coldStart(datadir),
        close: () => Promise.resolve(),
      };
    },
  },
  {
    id: 'claim-at-scale',
    what: 'from a new witness in the directory to the call of the validator, median, after the first scan',
    unit: 'ms',
    ours: `among ${ofMany}`,
    against: `among ${FEW_BLOCKS.toLocaleString('en-US')}`,
    target: { kind: 'at-most', bound: 1.3 },
    pairs: 3,
    isCold: true,
    async prepare() {
      const [many, few] = [await datadirOf(SCALE_BLOCKS), await datadirOf(FEW_BLOCKS)];
      await startChild(many.datadir);
      return { ours: () => claimP50(many), against: () => claimP50(few), close: () => Promise.resolve() };
    },
  },
];
