/** `driftlock sim`: the node under a seeded simulator. */

import { createWriteStream, type WriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { CANARIES } from '../sim/canaries/all.ts';
import { CANARY_NAMES, type CanaryName } from '../sim/canaries/canary.ts';
import { FAULTS } from '../sim/faults/all.ts';
import { FAULT_NAMES, type FaultName } from '../sim/faults/fault.ts';
import { INVARIANTS } from '../sim/invariants/all.ts';
import { UNEXPECTED_ERRORS } from '../sim/invariants/unexpected-errors.ts';
import {
  SIM_BLOCKS_DEFAULT,
  SIM_BLOCKS_MAX,
  SIM_JOBS_MAX,
  SIM_NODES_DEFAULT,
  SIM_NODES_MAX,
  SIM_SEED_MAX,
  SIM_SEEDS_DEFAULT,
  type SimOptions,
} from '../sim/options.ts';
import { failureText, type SimReport } from '../sim/report.ts';
import { EXIT_FAILED, EXIT_OK, UsageError, type SetExitCode } from './exit-codes.ts';
import { parseCount, parsePath } from './flag-values.ts';
import { stopSignal } from './stop-signal.ts';
import { printLine, type Terminal } from './terminal.ts';

/** As commander leaves them. */
export interface SimFlags {
  readonly seeds?: string;
  readonly seed?: string;
  readonly nodes: string;
  readonly blocks: string;
  readonly faults: string;
  readonly canary?: string;
  readonly jobs?: string;
  readonly json?: boolean;
  readonly trace?: string;
}

export interface SimRequest {
  readonly seeds: readonly number[];
  readonly options: SimOptions;
  readonly jobs: number;
  readonly json: boolean;
  readonly traceFile: string | undefined;
}

export function addSimCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('sim')
    .summary('run the node under a seeded simulator and check its promises')
    .description(
      'Runs whole nodes, the code of production, with virtual time, disks and network, lets faults strike that are ' +
        'drawn from the seed, and checks all along and at the end that the promises hold. One seed is one run: the same ' +
        'on any machine.',
    )
    .option('--seeds <n>', `run the seeds 1 to n (default: ${SIM_SEEDS_DEFAULT})`)
    .option('--seed <s>', `run this seed alone, 1 to ${SIM_SEED_MAX}`)
    .option('--nodes <n>', `nodes, 1 to ${SIM_NODES_MAX}`, `${SIM_NODES_DEFAULT}`)
    .option('--blocks <n>', `blocks, 1 to ${SIM_BLOCKS_MAX}`, `${SIM_BLOCKS_DEFAULT}`)
    .option('--faults <list>', 'names separated by commas, "all" or "none"', 'all')
    .option('--canary <name>', 'put this defect in on purpose: the run is to find it')
    .option('--jobs <n>', 'seeds at once, each on a thread (default: one for each core; one with --trace)')
    .option('--json', 'print the outcome as one JSON object')
    .option('--trace <file>', 'write everything that happens to this file')
    .addHelpText(
      'after',
      `
Faults:
${named(FAULTS)}

Canaries:
${named(CANARIES)}

Checked:
${named([...INVARIANTS, UNEXPECTED_ERRORS].map(({ name, promise }) => ({ name, what: promise })))}

Exit codes: 0 no promise was broken; 1 one was, and what led there and the command that replays it are printed; 2 the
command line is wrong.

Examples:
  driftlock sim
  driftlock sim --seeds 200 --json
  driftlock sim --seed 17 --trace run.txt
  driftlock sim --seeds 50 --faults partition,clock-step --nodes 7
  driftlock sim --seeds 200 --canary no-reconcile`,
    )
    .action(async (flags: SimFlags) => {
      setExitCode(await runSim(simRequest(flags), terminal));
    });
}

/** Throws a {@link UsageError} that names the flag. */
export function simRequest(flags: SimFlags): SimRequest {
  const { seeds, seed, canary } = flags;
  if (seeds !== undefined && seed !== undefined) throw new UsageError('--seed', 'no --seeds beside it', 'both');
  const count = parseCount(seeds ?? `${SIM_SEEDS_DEFAULT}`, '--seeds', SIM_SEED_MAX);
  return {
    seeds:
      seed === undefined
        ? Array.from({ length: count }, (_, at) => at + 1)
        : [parseCount(seed, '--seed', SIM_SEED_MAX)],
    options: {
      nodes: parseCount(flags.nodes, '--nodes', SIM_NODES_MAX),
      blocks: parseCount(flags.blocks, '--blocks', SIM_BLOCKS_MAX),
      faults: parseFaults(flags.faults),
      canary: canary === undefined ? undefined : parseCanary(canary),
    },
    jobs: parseCount(flags.jobs ?? `${Math.min(availableParallelism(), SIM_JOBS_MAX)}`, '--jobs', SIM_JOBS_MAX),
    json: flags.json ?? false,
    traceFile: parsePath(flags.trace, '--trace', 'a file'),
  };
}

function parseFaults(text: string): readonly FaultName[] {
  if (text === 'all') return FAULT_NAMES;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = FAULT_NAMES.find((fault) => fault === name.trim());
    if (known === undefined) throw new UsageError('--faults', `all, none, or some of ${FAULT_NAMES.join(', ')}`, name);
    return known;
  });
}

function parseCanary(text: string): CanaryName {
  const known = CANARY_NAMES.find((name) => name === text);
  if (known === undefined) throw new UsageError('--canary', `one of ${CANARY_NAMES.join(', ')}`, text);
  return known;
}

async function runSim({ seeds, options, jobs, json, traceFile }: SimRequest, terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal;
  const { runSeeds } = await import('../sim/run-seeds.ts');
  const trace = traceFile === undefined ? undefined : createWriteStream(traceFile);
  const report = await runSeeds(seeds, options, {
    signal: stopSignal(),
    jobs,
    sink: trace === undefined ? undefined : (line) => void trace.write(`${line}\n`),
    onSeed: (seed, done) => {
      progress(terminal, `seed ${seed.seed}, ${done} of ${seeds.length}`);
      if (seed.violations.length === 0 || json) return;
      progress(terminal, '');
      printLine(stdout, failureText(seed, options));
    },
  });
  progress(terminal, '');
  if (trace !== undefined) await closed(trace);
  if (json) printLine(stdout, JSON.stringify(report));
  else printLine(stdout, summaryText(report));
  if (!json && report.violations.length > 0)
    printLine(stderr, `driftlock: sim: ${report.violations.length} violations`);
  return report.violations.length === 0 ? EXIT_OK : EXIT_FAILED;
}

function summaryText({ seeds, violations, simulatedSeconds, traceHash }: SimReport): string {
  const failed = new Set(violations.map(({ seed }) => seed)).size;
  return `${seeds} seeds, ${failed} with violations, ${simulatedSeconds} simulated seconds, trace ${traceHash}`;
}

/** One line on a terminal that the next one replaces; nothing elsewhere. */
function progress({ stderr }: Terminal, text: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
}

function closed(stream: WriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.end(resolve);
  });
}

function named(entries: readonly { readonly name: string; readonly what: string }[]): string {
  return entries.map(({ name, what }) => `  ${name.padEnd(28)} ${what}`).join('\n');
}
