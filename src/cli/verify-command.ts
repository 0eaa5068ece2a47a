/** `driftlock verify`: whether every file of a data directory is good. */

import type { Command } from 'commander';
import { basename } from 'node:path';
import type { NodeConfig } from '../config/node-config.ts';
import { nameFlag, parseSettings } from '../config/read-settings.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import { CONTRACTS_FILE } from '../files/file-names.ts';
import { systemClock } from '../node/machine.ts';
import { configWith } from './config-file.ts';
import { EXIT_FAILED, EXIT_OK, type SetExitCode } from './exit-codes.ts';
import { messageAt } from './file-message.ts';
import { collect, DEFAULT_RPC_URL, parseRpcUrl, parseSeconds } from './flag-values.ts';
import { requiredDatadir } from './required-datadir.ts';
import { printError, printLine, type Terminal } from './terminal.ts';
import { openRepairNode } from './verify/repair-node.ts';
import { repairContracts } from './verify/repair-contracts.ts';
import { repairFiles, type RepairOutcome } from './verify/repair.ts';
import { NodeTreeDisk } from './verify/tree-disk.ts';
import { verifyDatadir, type Finding } from './verify/verify-datadir.ts';

interface VerifyFlags {
  readonly datadir?: string;
  readonly json?: boolean;
  readonly repair?: boolean;
  readonly config?: string;
  readonly peer?: readonly string[];
  readonly rpc: string;
  readonly wait: string;
}

/** Of the files that were looked at. `foreign` ones are good too, and are not counted as `good`. */
interface Summary {
  checked: number;
  good: number;
  foreign: number;
  bad: number;
  unknown: number;
}

/** `--wait` at most: a day, for witnesses of terabytes. */
const WAIT_SECONDS_MAX = 86_400;
/** About ten times a second at 3,000 files a second. */
const PROGRESS_FILES = 256;
const ERASE_LINE = '\r\u001B[2K';

export function addVerifyCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('verify')
    .summary('check every file of a data directory')
    .description(
      'Checks every .v and .w, the archived ones too, chain.status and contracts.txt: checksum, name, trailer and its ' +
        'signatures, keccak256 of contracts. Exit code 1 when any file is bad. Without --repair it changes nothing, also beside a ' +
        'running node.',
    )
    .option('--datadir <dir>', 'the data directory')
    .option('--json', 'one JSON object a line for each bad or unknown file, and a summary as the last')
    .option('--repair', 'have bad files repaired: from the records of this node, and by its peers')
    .option('--peer <multiaddr>', 'with --repair: a member to fetch from, ending in /p2p/PEERID; repeatable', collect)
    .option('--config <file>', 'with --repair: the settings that the node of this directory runs with')
    .option('--rpc <url>', 'with --repair: where the node answers that runs on this directory', DEFAULT_RPC_URL)
    .option('--wait <seconds>', 'with --repair: how long peers have to bring what is missing', '30')
    .addHelpText(
      'after',
      `
Counted: good (written by driftlock, or whole), foreign (a good .v without a trailer, of another program), bad, and
unknown (nothing that driftlock has to do with).

--repair puts bad files aside in .driftlock/quarantine/, writes a .v again from its record (in the journal, the index or at a
peer), fetches a .w from a peer that holds it, and takes rotten lines out of contracts.txt and fetches them again. A node that runs on the directory does it, asked at --rpc; otherwise one is
started for as long as it takes. Exit code 0 when every bad file was repaired; of each that was not, it says why.

Examples:
  driftlock verify --datadir /var/lib/driftlock
  driftlock verify --datadir /var/lib/driftlock --json | jq -r 'select(.verdict == "bad") | .file'
  driftlock verify --datadir /var/lib/driftlock --repair --config node.json`,
    )
    .action(async (flags: VerifyFlags) => {
      const { datadir, json = false } = flags;
      const layout = requiredDatadir(datadir);
      const repairing = flags.repair === true ? await repairSettings(layout, flags) : undefined;
      const badFiles: string[] = [];
      const summary: Summary = { checked: 0, good: 0, foreign: 0, bad: 0, unknown: 0 };
      for await (const finding of verifyDatadir(new NodeTreeDisk(), layout)) {
        count(summary, finding);
        if (finding.verdict.kind === 'bad') badFiles.push(finding.file);
        showProgress(terminal, summary);
        if (finding.verdict.kind === 'bad' || finding.verdict.kind === 'unknown') print(terminal, finding, json);
      }
      endProgress(terminal);
      const outcomes = repairing === undefined ? undefined : await repairAll(badFiles, layout, repairing);
      for (const outcome of outcomes ?? []) printOutcome(terminal, outcome, json);
      const repaired = outcomes?.filter((outcome) => outcome.repaired).length;
      const line = json ? JSON.stringify({ summary: { ...summary, repaired } }) : summaryLine(summary, repaired);
      printLine(terminal.stdout, line);
      setExitCode(summary.bad === (repaired ?? 0) ? EXIT_OK : EXIT_FAILED);
    });
}

interface RepairSettings {
  readonly config: NodeConfig;
  readonly rpc: URL;
  readonly waitMs: number;
}

/** All flags are checked before a file is read. */
async function repairSettings(
  { root }: DatadirLayout,
  { config, peer, rpc, wait }: VerifyFlags,
): Promise<RepairSettings> {
  const waitMs = parseSeconds(wait, '--wait', WAIT_SECONDS_MAX) * 1_000;
  const flags = parseSettings({ datadir: root, peers: peer }, nameFlag);
  return { config: await configWith(flags, config), rpc: parseRpcUrl(rpc), waitMs };
}

async function repairAll(
  files: readonly string[],
  layout: DatadirLayout,
  { config, rpc, waitMs }: RepairSettings,
): Promise<readonly RepairOutcome[]> {
  if (files.length === 0) return [];
  await using node = await openRepairNode(config, rpc, systemClock);
  const options = { disk: new NodeTreeDisk(), clock: systemClock, layout, node, waitMs };
  const others = files.filter((file) => basename(file) !== CONTRACTS_FILE);
  const outcomes = await repairFiles(others, options);
  if (others.length === files.length) return outcomes;
  return [...outcomes, await repairContracts(options)];
}

function printOutcome(terminal: Terminal, outcome: RepairOutcome, json: boolean): void {
  const { file, repaired } = outcome;
  if (json) printLine(terminal.stdout, JSON.stringify(outcome));
  else if (repaired)
    printLine(terminal.stdout, `repaired: ${file}${outcome.detail === undefined ? '' : `: ${outcome.detail}`}`);
  else printError(terminal, messageAt(file, `not repaired: ${outcome.reason}`));
}

function count(summary: Summary, { verdict }: Finding): void {
  summary[verdict.kind]++;
  if (verdict.kind !== 'unknown') summary.checked++;
}

function print(terminal: Terminal, { file, verdict }: Finding, json: boolean): void {
  if (json) {
    const details = verdict.kind === 'bad' ? { problems: verdict.problems, problem_count: verdict.problemCount } : {};
    printLine(terminal.stdout, JSON.stringify({ file, verdict: verdict.kind, ...details }));
    return;
  }
  endProgress(terminal);
  if (verdict.kind !== 'bad') {
    printLine(terminal.stdout, `unknown: ${file}`);
    return;
  }
  for (const { message } of verdict.problems) printError(terminal, messageAt(file, message));
  const unlisted = verdict.problemCount - verdict.problems.length;
  if (unlisted > 0) printError(terminal, `${file}: ${unlisted} more problems`);
}

function summaryLine({ checked, good, foreign, bad, unknown }: Summary, repaired: number | undefined): string {
  const ofThese = repaired === undefined ? '' : ` (${repaired} repaired)`;
  return `${checked} files checked: ${good} good, ${foreign} foreign, ${bad} bad${ofThese}; ${unknown} unknown`;
}

function showProgress({ stderr }: Terminal, { checked }: Summary): void {
  if (stderr.isTTY && checked % PROGRESS_FILES === 0) stderr.write(`${ERASE_LINE}${checked} files checked`);
}

function endProgress({ stderr }: Terminal): void {
  if (stderr.isTTY) stderr.write(ERASE_LINE);
}
