/**
 * `npm run bench:duplicates [-- --json]`: how often blocks are validated twice, by driftlock, by driftlock without ranking,
 * and by the reference's rule, under what goes wrong in a cluster. Simulated, so the figures are the same on any machine.
 *
 * Exit code 0 when every target was met, 1 when one was not, 2 for wrong arguments.
 */

import { parseArgs } from 'node:util';
import { SYSTEMS, type Cell } from './cell.ts';
import { ARRIVALS, BLOCKS, CONDITIONS } from './conditions.ts';
import { runCells } from './run-cells.ts';

const { json } = parsedArguments();

const requests = ARRIVALS.flatMap((arrival) =>
  CONDITIONS.flatMap((conditions) => SYSTEMS.map((system) => ({ system, arrival, conditions }))),
);
const cells = await runCells(requests, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${done} of ${requests.length}`);
});
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
const missed = ARRIVALS.flatMap((arrival) => missedTargets(cells.filter((cell) => cell.arrival === arrival)));

process.stdout.write(json ? `${JSON.stringify({ blocks: BLOCKS, cells, missed })}\n` : `${table()}\n`);
process.exitCode = missed.length === 0 ? 0 : 1;

function parsedArguments(): { json: boolean } {
  try {
    return parseArgs({ options: { json: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

/** What driftlock is to keep, of one arrival. */
function missedTargets(ofArrival: readonly Cell[]): string[] {
  const ours = new Map(ofArrival.filter(({ system }) => system === 'driftlock').map((cell) => [cell.condition, cell]));
  const calm = ours.get('no faults')?.duplicatesPer1000 ?? Infinity;
  const skewed = ours.get('400 ms skew')?.duplicatesPer1000 ?? Infinity;
  const parted = ours.get('30 s partition')?.duplicatesOfOneMax ?? Infinity;
  const arrival = ofArrival[0]?.arrival;
  return [
    ...(calm > 1 ? [`${arrival}: without faults at most 1 per 1,000, found ${calm}`] : []),
    ...(skewed > calm ? [`${arrival}: with 400 ms skew at most ${calm} per 1,000, found ${skewed}`] : []),
    ...(parted > 1 ? [`${arrival}: under partition each side once, found ${parted + 1} validations of a block`] : []),
    ...[...ours.values()].flatMap(({ condition, unfinished }) =>
      unfinished > 0 ? [`${arrival}, ${condition}: ${unfinished} blocks unfinished`] : [],
    ),
  ];
}

function table(): string {
  const lines: string[] = ['Duplicate validations per 1,000 blocks (of one block at most)'];
  for (const arrival of ARRIVALS) {
    lines.push('', `the witness appears ${arrival === 'everywhere' ? 'on every machine' : 'on one machine'}`);
    lines.push(row('', SYSTEMS));
    for (const { name } of CONDITIONS) {
      const figures = SYSTEMS.map((system) => {
        const found = cells.find((c) => c.arrival === arrival && c.condition === name && c.system === system);
        return found === undefined ? '' : `${found.duplicatesPer1000} (${found.duplicatesOfOneMax})`;
      });
      lines.push(row(name, figures));
    }
  }
  return [...lines, '', ...(missed.length === 0 ? ['every target met'] : missed.map((line) => `MISSED ${line}`))].join(
    '\n',
  );
}

function row(name: string, figures: readonly string[]): string {
  return [name.padEnd(16), ...figures.map((figure) => figure.padStart(26))].join('').trimEnd();
}
