/**
 * `npm run docs:plots`: writes the plots of `docs/`, from runs of the simulator and from a model. The same on any machine.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { forkRandom } from '../../src/sim/seeded-random.ts';
import type { System } from '../bench/duplicates/cell.ts';
import { SEED, skewed } from '../bench/duplicates/conditions.ts';
import { growthPoints, type GrowthPoint } from '../bench/scale/growth-point.ts';
import { runCells } from '../bench/duplicates/run-cells.ts';
import { coverageByRound, MESH_DEGREE, roundsToAll } from './gossip-rounds.ts';
import { lineChart, type Series } from '../../src/plots/line-chart.ts';

const SKEWS_MS = [0, 250, 500, 750, 1_000];
const SYSTEMS: readonly System[] = ['driftlock', "the reference's rule"];
const NODES = [10, 100, 1_000];
const FOLDER = new URL('../../docs/plots/', import.meta.url);

await write('coverage-over-rounds.svg', coveragePlot());
await scalePlots();
await write('duplicates-over-skew.svg', await skewPlot());

async function skewPlot(): Promise<string> {
  const requests = SYSTEMS.flatMap((system) =>
    SKEWS_MS.map((skewMs) => ({ system, arrival: 'everywhere' as const, conditions: skewed(skewMs) })),
  );
  const cells = await runCells(requests, (done) => process.stderr.write(`${done} of ${requests.length}\n`));
  return lineChart({
    title: 'Duplicate validations over skew: 5 nodes, 3 regions 80 ms apart',
    xLabel: 'between the clock furthest ahead and the one furthest behind, ms',
    yLabel: 'duplicates per 1,000 blocks',
    mark: { x: 500, label: 'skew bound' },
    series: SYSTEMS.map((name) => ({
      name,
      points: cells
        .filter(({ system }) => system === name)
        .map(({ skewMs, duplicatesPer1000 }) => [skewMs, duplicatesPer1000] as const),
    })),
  });
}

function coveragePlot(): string {
  const series = NODES.map((nodes): Series => {
    const coverage = coverageByRound(nodes, forkRandom(SEED, `mesh of ${nodes}`));
    const log = Math.log(nodes) / Math.log(MESH_DEGREE);
    const rounds = roundsToAll(coverage) ?? 'never';
    return {
      name: `${nodes.toLocaleString('en-US')} nodes: ${rounds} rounds, log n = ${log.toFixed(1)}`,
      points: coverage.map((share, round) => [round, share * 100] as const),
    };
  });
  return lineChart({
    title: `Nodes reached over rounds of gossip: model of a random mesh, D = ${MESH_DEGREE}; log to base D`,
    xLabel: 'rounds',
    yLabel: 'nodes reached, %',
    series,
  });
}

/** From `docs/scale.json`, which `node scripts/bench/scale/growth.ts` writes; both axes are logarithms to base 10. */
async function scalePlots(): Promise<void> {
  const points = growthPoints.parse(JSON.parse(await readFile(new URL('../scale.json', FOLDER), 'utf8')));
  const series = (name: string, valueOf: (point: GrowthPoint) => number): Series => ({
    name,
    points: points.map((point) => [Math.log10(point.blocks), Math.log10(valueOf(point))] as const),
  });
  await write(
    'scale-time.svg',
    scaleChart('Time over blocks', 'milliseconds', [
      series('cold start', ({ coldMs }) => coldMs),
      series('only reading the files', ({ readMs }) => readMs),
      series('warm start', ({ warmMs }) => warmMs),
      series('a claim, median', ({ claimMs }) => claimMs),
      series('processor time of a session, 1,000 newest missing', ({ sessionMs }) => sessionMs),
    ]),
  );
  await write(
    'scale-bytes.svg',
    scaleChart('Bytes over blocks', 'bytes', [
      series('index on disk', ({ indexBytes }) => indexBytes),
      series('session, 1,000 missing at random', ({ scatteredBytes }) => scatteredBytes),
      series('session, 1,000 newest missing', ({ newestBytes }) => newestBytes),
    ]),
  );
  const resident = series('of the whole process, after a warm start', ({ residentBytes }) => residentBytes);
  await write('scale-memory.svg', scaleChart('Resident memory over blocks', 'bytes', [resident]));
}

function scaleChart(title: string, yLabel: string, series: readonly Series[]): string {
  return lineChart({ title, xLabel: 'log10 of the number of blocks', yLabel: `log10 of ${yLabel}`, series });
}

function write(name: string, svg: string): Promise<void> {
  return writeFile(new URL(name, FOLDER), svg);
}
