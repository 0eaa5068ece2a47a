/** `driftlock status`: what a running node says of itself and its peers. */

import type { Command } from 'commander';
import { describeText } from '../../crdt/ids.ts';
import { systemClock } from '../node/machine.ts';
import { fetchStatus } from '../rpc/client.ts';
import { DEFAULT_RPC_PORT } from '../rpc/host-port.ts';
import { UsageError } from './exit-codes.ts';
import { statusLines } from './status-table.ts';
import { printLine, type Terminal } from './terminal.ts';

const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_RPC_PORT}`;

interface StatusFlags {
  readonly rpc: string;
  readonly json?: boolean;
}

export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .summary('show what a running node says of itself and its peers')
    .description('Asks a running node, which must have been started with --rpc, what it knows of itself and its peers.')
    .option('--rpc <url>', "the node's RPC server", DEFAULT_URL)
    .option('--json', 'the answer of driftlock_status as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  driftlock status
  driftlock status --rpc http://127.0.0.1:9000 --json | jq .digest`,
    )
    .action(async ({ rpc, json = false }: StatusFlags) => {
      const status = await fetchStatus(parseUrl(rpc), systemClock);
      const lines = json ? [JSON.stringify(status)] : statusLines(status, terminal.stdout);
      for (const line of lines) printLine(terminal.stdout, line);
    });
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('--rpc', `a URL such as ${DEFAULT_URL}`, describeText(text));
  }
  // What stands in a URL ends in logs; no node asks for it.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('--rpc', `a URL such as ${DEFAULT_URL}`, 'one with a user name or password');
  }
  return url;
}
