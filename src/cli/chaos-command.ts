/** `driftlock chaos`: real processes under real faults, and what is left on their disks. */

import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { CHAOS_NODES_MAX, CHAOS_SECONDS_MAX } from '../chaos/scenario/fault-plan.ts';
import { CHAOS_SEED_MAX, type ChaosOptions } from '../chaos/options.ts';
import type { ChaosSummary } from '../chaos/outcome.ts';
import { nodesNeeded, secondsNeeded, type Scenario } from '../chaos/scenario/scenario.ts';
import { SCENARIOS } from '../chaos/scenarios/all.ts';
import { selectScenarios } from '../chaos/select.ts';
import { EXIT_FAILED, EXIT_OK, UsageError, type SetExitCode } from './exit-codes.ts';
import { parseCount, parsePath, parseSeconds } from './flag-values.ts';
import { stopSignal } from './stop-signal.ts';
import { printLine, styled, type Terminal } from './terminal.ts';

/** As commander leaves them. */
export interface ChaosFlags {
  readonly nodes?: string;
  readonly seed?: string;
  readonly duration?: string;
  readonly report?: string;
  readonly json?: boolean;
}

export function addChaosCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('chaos')
    .summary('run a cluster of processes, break it, and check what is promised')
    .description(
      'Starts real nodes on loopback, each with a directory of its own, lets a workload with known answers run, breaks ' +
        'networks, processes, clocks, disks and files as the scenario says, heals them, and reads from the files on disk ' +
        'whether every promise held. SCENARIO: names, "all" (the default), the path of a scenario file, or "list" alone.',
    )
    .argument('[SCENARIO...]')
    .option('--nodes <n>', `processes, 2 to ${CHAOS_NODES_MAX} (default: as the scenario says)`)
    .option('--seed <s>', `what is drawn: who is hit, and when; 1 to ${CHAOS_SEED_MAX} (default: drawn, and printed)`)
    .option('--duration <s>', 'seconds for which faults strike (default: as the scenario says)')
    .option('--report <dir>', 'write SCENARIO.html and SCENARIO.json there')
    .option('--json', 'print one JSON object a scenario')
    .addHelpText(
      'after',
      `
Scenarios:
${SCENARIOS.map(({ name, breaks }) => `  ${name.padEnd(24)} ${breaks}`).join('\n')}

Exit codes: 0 all that must hold held (a scenario that this machine cannot run is skipped, and says why); 1 something did
not, and directories and logs are kept; 2 the command line or a scenario file is wrong.

Examples:
  driftlock chaos list
  driftlock chaos split-in-half --report out
  driftlock chaos all --seed 7 --json
  driftlock chaos ./my-scenario.ts --nodes 7 --duration 120`,
    )
    .action(async (names: readonly string[], flags: ChaosFlags) => {
      const [first, ...others] = names;
      if (first === 'list' && others.length === 0) listScenarios(flags.json ?? false, terminal);
      else setExitCode(await runChaos(chaosOptions(names, flags), flags.json ?? false, terminal));
    });
}

/** Throws a {@link UsageError} that names the flag. */
export function chaosOptions(names: readonly string[], { nodes, seed, duration, report }: ChaosFlags): ChaosOptions {
  return {
    scenarios: names.length === 0 ? ['all'] : names,
    nodes: nodes === undefined ? undefined : parseNodes(nodes),
    seed: seed === undefined ? 1 + randomInt(CHAOS_SEED_MAX) : parseCount(seed, '--seed', CHAOS_SEED_MAX),
    durationSeconds: duration === undefined ? undefined : parseSeconds(duration, '--duration', CHAOS_SECONDS_MAX),
    reportDir: parsePath(report, '--report', 'a directory'),
  };
}

function parseNodes(text: string): number {
  const nodes = parseCount(text, '--nodes', CHAOS_NODES_MAX);
  if (nodes >= 2) return nodes;
  throw new UsageError('--nodes', `an integer from 2 to ${CHAOS_NODES_MAX}`, `"${text}"`);
}

function listScenarios(json: boolean, { stdout }: Terminal): void {
  for (const { name, breaks } of SCENARIOS) {
    printLine(stdout, json ? JSON.stringify({ scenario: name, breaks }) : `${name.padEnd(24)} ${breaks}`);
  }
}

async function runChaos(options: ChaosOptions, json: boolean, terminal: Terminal): Promise<number> {
  const scenarios = await selectScenarios(options.scenarios, SCENARIOS);
  for (const scenario of scenarios) checkFits(scenario, options);
  const { runScenarios } = await import('../chaos/run-scenarios.ts');
  const progress = new ProgressLine(terminal);
  let exitCode: number = EXIT_OK;
  const onProgress = (text: string): void => progress.show(text);
  const onRemoved = (directory: string): void =>
    printLine(terminal.stderr, `removed what a run that was killed had left: ${directory}`);
  for await (const result of runScenarios(scenarios, options, stopSignal(), onProgress, onRemoved)) {
    const { summary, verdicts, directory } = result;
    progress.clear();
    printLine(terminal.stdout, json ? JSON.stringify(summary) : summaryLine(summary, terminal));
    if (summary.ok) continue;
    exitCode = EXIT_FAILED;
    for (const { name, ok, details } of verdicts) {
      if (!ok) for (const detail of details) printLine(terminal.stderr, `  ${name}: ${detail}`);
    }
    printLine(terminal.stderr, `  directories and logs: ${directory ?? 'none'}`);
  }
  return exitCode;
}

/** A scenario names nodes and times that it needs. */
function checkFits(scenario: Scenario, { nodes, durationSeconds }: ChaosOptions): void {
  const nodesMin = nodesNeeded(scenario);
  if (nodes !== undefined && nodes < nodesMin) {
    throw new UsageError('--nodes', `at least ${nodesMin} for ${scenario.name}`, `${nodes}`);
  }
  const secondsMin = secondsNeeded(scenario);
  if (durationSeconds !== undefined && durationSeconds < secondsMin) {
    throw new UsageError('--duration', `at least ${secondsMin} s for ${scenario.name}`, `${durationSeconds}`);
  }
}

function summaryLine(summary: ChaosSummary, { stdout }: Terminal): string {
  const { scenario, ok, lost, unfinished, different, duplicates, healMs, seed, blocks, seconds, failed, skipped } =
    summary;
  if (skipped !== null) return `${styled(stdout, 'yellow', 'skipped')}  ${scenario.padEnd(24)} ${skipped}`;
  const verdict = ok ? styled(stdout, 'green', 'held   ') : styled(stdout, 'red', 'FAILED ');
  const heals = healMs.p50 === null ? 'nothing to heal' : `heal p50 ${healMs.p50} p99 ${healMs.p99} ms`;
  const counts = `${blocks} blocks, ${lost} lost, ${unfinished} unfinished, ${different} different, ${duplicates} duplicates`;
  const failure = ok ? '' : `: ${failed.join(', ')}`;
  return `${verdict}  ${scenario.padEnd(24)} ${counts}, ${heals}, ${seconds} s, seed ${seed}${failure}`;
}

/** One line on a terminal that the next one replaces; nothing elsewhere. */
class ProgressLine {
  readonly #stream: NodeJS.WriteStream;

  constructor({ stderr }: Terminal) {
    this.#stream = stderr;
  }

  show(text: string): void {
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[K${text.slice(0, this.#stream.columns - 1)}`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }
}
