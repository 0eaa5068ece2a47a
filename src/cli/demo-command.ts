/** `driftlock demo`: a whole cluster on this machine. */

import type { Command } from 'commander';
import {
  DEMO_COUNT_MAX,
  DEMO_NODES_DEFAULT,
  DEMO_NODES_MAX,
  DEMO_TIMEOUT_SECONDS_DEFAULT,
  DEMO_TIMEOUT_SECONDS_MAX,
  type DemoOptions,
} from '../demo/options.ts';
import type { DemoOutcome, DemoSummary } from '../demo/run-demo.ts';
import { EXIT_FAILED, EXIT_OK, UsageError, type SetExitCode } from './exit-codes.ts';
import { parseCount, parsePath, parseSeconds } from './flag-values.ts';
import { stopSignal } from './stop-signal.ts';
import { printLine, type Terminal } from './terminal.ts';

/** As commander leaves them. */
export interface DemoFlags {
  readonly nodes: string;
  readonly dir?: string;
  readonly witness?: string;
  readonly blocks?: string;
  readonly count?: string;
  readonly exitWhenConverged?: boolean;
  readonly timeout: string;
  readonly json?: boolean;
}

export function addDemoCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('demo')
    .summary('run a whole cluster on this machine')
    .description(
      'Starts one process per node on loopback, each with its own data directory, drops each witness into one of the ' +
        'directories only, in turn, and shows how all of them come to hold the same files. Without --witness it grows a ' +
        'chain of its own. The validator is linkage: it checks real headers and executes nothing.',
    )
    .option('--nodes <n>', `processes, 1 to ${DEMO_NODES_MAX}`, `${DEMO_NODES_DEFAULT}`)
    .option('--dir <dir>', 'where node-1, node-2, … lie (default: a new temporary directory)')
    .option('--witness <dir>', 'a folder of .w files to use; needs --blocks')
    .option('--blocks <dir>', 'the folder of {number}.{hash}.json that their headers are read from')
    .option('--count <n>', 'blocks (default: every witness of the folder, or until it is stopped)')
    .option('--exit-when-converged', 'end when every node has every block Success and all digests agree')
    .option('--timeout <s>', 'seconds to wait for that', `${DEMO_TIMEOUT_SECONDS_DEFAULT}`)
    .option('--json', 'print the summary as one JSON object')
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 1 --exit-when-converged, and it did not converge in time: what is missing is said.

Examples:
  driftlock demo
  driftlock demo --nodes 5 --count 100 --exit-when-converged
  driftlock demo --dir /tmp/demo --witness witness --blocks blocks --exit-when-converged --json`,
    )
    .action(async (flags: DemoFlags) => {
      const options = demoOptions(flags);
      const { runDemo } = await import('../demo/run-demo.ts');
      setExitCode(reportDemo(await runDemo(options, terminal, stopSignal()), options, terminal));
    });
}

/** Says how it went, and gives the exit code: a demo that was only stopped has not failed. */
function reportDemo(
  { summary, dir, missing }: DemoOutcome,
  options: DemoOptions,
  { stdout, stderr }: Terminal,
): number {
  if (options.json) printLine(stdout, JSON.stringify(summary));
  else printLine(stdout, summaryText(summary, dir));
  if (!options.exitWhenConverged || summary.converged) return EXIT_OK;
  printLine(stderr, `driftlock: --timeout: not converged after ${summary.seconds} s`);
  for (const line of missing) printLine(stderr, `  ${line}`);
  return EXIT_FAILED;
}

function summaryText({ converged, nodes, blocks, validations, duplicates, seconds }: DemoSummary, dir: string): string {
  const outcome = converged ? 'converged' : 'stopped';
  return `${outcome}: ${nodes} nodes, ${blocks} blocks, ${validations} validations, ${duplicates} duplicates, ${seconds} s; files in ${dir}`;
}

/** Throws a {@link UsageError} that names the flag. */
export function demoOptions(flags: DemoFlags): DemoOptions {
  const { dir, witness, blocks, count } = flags;
  if (witness !== undefined && blocks === undefined)
    throw new UsageError('--blocks', 'a folder beside --witness', 'none');
  if (blocks !== undefined && witness === undefined)
    throw new UsageError('--witness', 'a folder beside --blocks', 'none');
  return {
    nodes: parseCount(flags.nodes, '--nodes', DEMO_NODES_MAX),
    dir: parsePath(dir, '--dir', 'a directory'),
    witnessDir: parsePath(witness, '--witness', 'a folder'),
    blocksDir: parsePath(blocks, '--blocks', 'a folder'),
    count: count === undefined ? undefined : parseCount(count, '--count', DEMO_COUNT_MAX),
    exitWhenConverged: flags.exitWhenConverged ?? false,
    timeoutSeconds: parseSeconds(flags.timeout, '--timeout', DEMO_TIMEOUT_SECONDS_MAX),
    json: flags.json ?? false,
  };
}
