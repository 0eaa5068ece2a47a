/** `driftlock status`: what a running node says of itself and its peers. */

import type { Command } from 'commander';
import { systemClock } from '../node/machine.ts';
import { fetchStatus, RpcClientError } from '../rpc/client.ts';
import { DEFAULT_RPC_URL, parseRpcUrl, parseSeconds } from './flag-values.ts';
import { showUntilStopped } from './screen.ts';
import { statusLines } from './status-table.ts';
import { printLine, type Terminal } from './terminal.ts';

interface StatusFlags {
  readonly rpc: string;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly interval: string;
}

/** Between two looks of --watch. */
const INTERVAL_SECONDS_DEFAULT = 2;
export const INTERVAL_SECONDS_MAX = 3_600;

export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .summary('show what a running node says of itself and its peers')
    .description('Asks a running node, which must have been started with --rpc, what it knows of itself and its peers.')
    .option('--rpc <url>', "the node's RPC server", DEFAULT_RPC_URL)
    .option('--json', 'the answer of driftlock_status as one JSON object')
    .option('--watch', 'again and again, until stopped; with --json one object a line')
    .option('--interval <seconds>', 'between two looks of --watch', `${INTERVAL_SECONDS_DEFAULT}`)
    .addHelpText(
      'after',
      `
Examples:
  driftlock status
  driftlock status --watch
  driftlock status --rpc http://127.0.0.1:9000 --json | jq .digest`,
    )
    .action(async ({ rpc, json = false, watch = false, interval }: StatusFlags) => {
      const url = parseRpcUrl(rpc);
      const { stdout } = terminal;
      const intervalMs = parseSeconds(interval, '--interval', INTERVAL_SECONDS_MAX) * 1_000;
      const lines = async (): Promise<readonly string[]> => {
        const status = await fetchStatus(url, systemClock);
        return json ? [JSON.stringify(status)] : statusLines(status, stdout);
      };
      if (watch) {
        const draw = (): Promise<readonly string[]> => lines().catch((error: unknown) => unanswered(error, json));
        await showUntilStopped({ stream: stdout, intervalMs, lines: draw });
      } else {
        for (const line of await lines()) printLine(stdout, line);
      }
    });
}

/** A node that does not answer now is shown as such, and asked again. */
function unanswered(error: unknown, json: boolean): readonly string[] {
  if (!(error instanceof RpcClientError)) throw error;
  return [json ? JSON.stringify({ error: { code: error.code, message: error.message } }) : error.message];
}
