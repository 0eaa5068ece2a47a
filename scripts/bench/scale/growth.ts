/**
 * `node scripts/bench/scale/growth.ts [BLOCKS...]`: how time, bytes and memory grow with the number of blocks. Measures each
 * number (10,000, 100,000 and 1,000,000 by default), and writes `docs/scale.json`, from which `npm run docs:plots` draws.
 *
 * Each number of blocks has a directory of its own, which is removed before the next; a million take 4 GB and the better part
 * of an hour on two busy cores.
 */

import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { startChild } from './datadir.ts';
import { costOf } from './reconcile.ts';
import { claimP50, datadirOf, readAll } from './starts.ts';
import type { GrowthPoint } from './growth-point.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const FILE = new URL('../../../docs/scale.json', import.meta.url);

const sizes = process.argv.slice(2).map(Number);
const points: GrowthPoint[] = [];
for (const blocks of sizes.length > 0 ? sizes : SIZES) {
  points.push(await measure(blocks));
  process.stdout.write(`${JSON.stringify(points.at(-1))}\n`);
  await writeFile(FILE, `${JSON.stringify(points, undefined, 2)}\n`);
}

async function measure(blocks: number): Promise<GrowthPoint> {
  const filled = await datadirOf(blocks);
  const { index } = datadirLayout(filled.datadir);
  const readMs = await readAll(filled);
  const cold = await startChild(filled.datadir);
  const indexBytes = await sizeOf(index);
  const warm = await startChild(filled.datadir);
  const claimMs = await claimP50(filled);
  await rm(filled.datadir, { recursive: true });
  const [newest, scattered] = [costOf('newest', blocks), costOf('scattered', blocks)];
  return {
    blocks,
    readMs,
    coldMs: cold.startMs,
    warmMs: warm.startMs,
    claimMs,
    residentBytes: warm.residentBytes,
    indexBytes,
    newestBytes: newest.bytes,
    scatteredBytes: scattered.bytes,
    sessionMs: newest.processorMs,
  };
}

async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) bytes += (await stat(join(directory, name))).size;
  return bytes;
}
