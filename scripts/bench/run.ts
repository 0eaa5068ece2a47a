/**
 * Measures rows as the command line asks, and prints them: what `npm run bench` and `npm run bench:scale` share.
 *
 * Exit code 0 when every measured row met its target, 1 when one did not, 2 for wrong arguments.
 */

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { removeBenchDirectories } from './parts/bench-directory.ts';
import { BenchSkip, measure, type BenchResult, type BenchRow } from './row.ts';

/** `command`: how the user calls it. */
export async function runBench(command: string, all: readonly BenchRow[]): Promise<void> {
  const { values, positionals } = parsedArguments();

  const wanted = [...values.only, ...positionals];
  const unknown = wanted.filter((id) => !all.some((row) => row.id === id));
  if (values.help) {
    const ids = all.map((row) => `  ${row.id.padEnd(22)} ${row.what}`).join('\n');
    process.stdout.write(`usage: ${command} -- [--only ID...] [--json] [--out FILE]\n\nrows:\n${ids}\n`);
    process.exit(0);
  }
  if (unknown.length > 0) {
    refuse(`--only: expected ${all.map((row) => row.id).join(', ')}, found ${unknown.join(', ')}`);
  }

  const rows = wanted.length === 0 ? all : all.filter((row) => wanted.includes(row.id));
  const results: BenchResult[] = [];
  const skipped: Skipped[] = [];
  try {
    for (const row of rows) {
      const result = await measureOrSkip(row);
      progress('');
      if ('reason' in result) {
        skipped.push(result);
        process.stderr.write(`${result.id} skipped: ${result.reason}\n`);
        continue;
      }
      results.push(result);
      if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    }
  } finally {
    await removeBenchDirectories();
  }
  if (!values.json) process.stdout.write(table(results) + legend(results));
  if (values.out !== undefined) {
    const report = {
      node: process.version,
      cores: availableParallelism(),
      takenAt: new Date().toISOString(),
      results,
      skipped,
    };
    await writeFile(values.out, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  // Not exit(): what is still being written to a pipe must get there; rows leave no handle open.
  process.exitCode = results.every((result) => result.ok) ? 0 : 1;
}

function parsedArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** One line, so that a script's log shows what was wrong with its arguments. */
function refuse(reason: string): never {
  process.stderr.write(`bench: ${reason}\n`);
  process.exit(2);
}

interface Skipped {
  readonly id: string;
  readonly reason: string;
}

async function measureOrSkip(row: BenchRow): Promise<BenchResult | Skipped> {
  try {
    return await measure(row, (done) => progress(`${row.id}: pair ${done} of ${row.pairs}`));
  } catch (error) {
    if (!(error instanceof BenchSkip)) throw error;
    return { id: row.id, reason: error.message };
  }
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function table(measured: readonly BenchResult[]): string {
  const header = ['row', 'ours', 'against', 'unit', 'ratio (min…max)', 'target', ''];
  const lines = measured.map((result) => [
    result.id,
    figure(result.value.ours),
    figure(result.value.against),
    result.unit,
    `${figure(result.ratio.median)} (${figure(result.ratio.min)}…${figure(result.ratio.max)})`,
    result.target,
    result.ok ? 'ok' : 'NOT MET',
  ]);
  const widths = header.map((title, at) => Math.max(title.length, ...lines.map((line) => line[at]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[header, ...lines].map(format).join('\n')}\n`;
}

/** What each side does: a ratio means little without it. */
function legend(measured: readonly BenchResult[]): string {
  return measured.map(({ id, ours, against }) => `\n${id}\n  ours:    ${ours}\n  against: ${against}\n`).join('');
}

function figure(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
