/** `driftlock verify`: whether every file of a data directory is good. */

import type { Command } from 'commander';
import { EXIT_FAILED, EXIT_OK, type SetExitCode } from './exit-codes.ts';
import { messageAt } from './file-message.ts';
import { requiredDatadir } from './required-datadir.ts';
import { printError, printLine, type Terminal } from './terminal.ts';
import { NodeTreeDisk } from './verify/tree-disk.ts';
import { verifyDatadir, type Finding } from './verify/verify-datadir.ts';

interface VerifyFlags {
  readonly datadir?: string;
  readonly json?: boolean;
}

/** Of the files that were looked at. `foreign` ones are good too, and are not counted as `good`. */
interface Summary {
  checked: number;
  good: number;
  foreign: number;
  bad: number;
  unknown: number;
}

/** About ten times a second at 3,000 files a second. */
const PROGRESS_FILES = 256;
const ERASE_LINE = '\r\u001B[2K';

export function addVerifyCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('verify')
    .summary('check every file of a data directory')
    .description(
      'Checks every .v and .w, the archived ones too, chain.status and contracts.txt: checksum, name, trailer and its ' +
        'signatures, keccak256 of contracts. Exit code 1 when any file is bad. Changes nothing, also beside a running node.',
    )
    .option('--datadir <dir>', 'the data directory')
    .option('--json', 'one JSON object a line for each bad or unknown file, and a summary as the last')
    .addHelpText(
      'after',
      `
Counted: good (written by driftlock, or whole), foreign (a good .v without a trailer, of another program), bad, and
unknown (nothing that driftlock has to do with).

Examples:
  driftlock verify --datadir /var/lib/driftlock
  driftlock verify --datadir /var/lib/driftlock --json | jq -r 'select(.verdict == "bad") | .file'`,
    )
    .action(async ({ datadir, json = false }: VerifyFlags) => {
      const layout = requiredDatadir(datadir);
      const summary: Summary = { checked: 0, good: 0, foreign: 0, bad: 0, unknown: 0 };
      for await (const finding of verifyDatadir(new NodeTreeDisk(), layout)) {
        count(summary, finding);
        showProgress(terminal, summary);
        if (finding.verdict.kind === 'bad' || finding.verdict.kind === 'unknown') print(terminal, finding, json);
      }
      endProgress(terminal);
      printLine(terminal.stdout, json ? JSON.stringify({ summary }) : summaryLine(summary));
      setExitCode(summary.bad === 0 ? EXIT_OK : EXIT_FAILED);
    });
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

function summaryLine({ checked, good, foreign, bad, unknown }: Summary): string {
  return `${checked} files checked: ${good} good, ${foreign} foreign, ${bad} bad; ${unknown} unknown`;
}

function showProgress({ stderr }: Terminal, { checked }: Summary): void {
  if (stderr.isTTY && checked % PROGRESS_FILES === 0) stderr.write(`${ERASE_LINE}${checked} files checked`);
}

function endProgress({ stderr }: Terminal): void {
  if (stderr.isTTY) stderr.write(ERASE_LINE);
}
