/** `driftlock status`: what a running node says of itself and its peers. */

import type { Command } from 'commander';
import { systemClock } from '../node/machine.ts';
import { fetchStatus } from '../rpc/client.ts';
import { DEFAULT_RPC_URL, parseRpcUrl } from './flag-values.ts';
import { statusLines } from './status-table.ts';
import { printLine, type Terminal } from './terminal.ts';

interface StatusFlags {
  readonly rpc: string;
  readonly json?: boolean;
}

export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .summary('show what a running node says of itself and its peers')
    .description('Asks a running node, which must have been started with --rpc, what it knows of itself and its peers.')
    .option('--rpc <url>', "the node's RPC server", DEFAULT_RPC_URL)
    .option('--json', 'the answer of driftlock_status as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  driftlock status
  driftlock status --rpc http://127.0.0.1:9000 --json | jq .digest`,
    )
    .action(async ({ rpc, json = false }: StatusFlags) => {
      const status = await fetchStatus(parseRpcUrl(rpc), systemClock);
      const lines = json ? [JSON.stringify(status)] : statusLines(status, terminal.stdout);
      for (const line of lines) printLine(terminal.stdout, line);
    });
}
