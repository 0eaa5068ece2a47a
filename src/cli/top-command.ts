/** `driftlock top`: what running nodes are doing now, side by side. */

import type { Command } from 'commander';
import { systemClock } from '../node/machine.ts';
import { fetchStatus, RpcClientError } from '../rpc/client.ts';
import { collect, DEFAULT_RPC_URL, parseRpcUrl, parseSeconds } from './flag-values.ts';
import { ratesBetween } from './rates.ts';
import { showUntilStopped } from './screen.ts';
import { INTERVAL_SECONDS_MAX } from './status-command.ts';
import type { Terminal } from './terminal.ts';
import { alertsOf, topLines, type TopRow } from './top-table.ts';

interface TopFlags {
  readonly rpc?: readonly string[];
  readonly interval: string;
  readonly json?: boolean;
}

const INTERVAL_SECONDS_DEFAULT = 1;

export function addTopCommand(program: Command, terminal: Terminal): void {
  program
    .command('top')
    .summary('show what running nodes are doing, side by side, until stopped')
    .description(
      'Asks running nodes, started with --rpc, again and again, and shows their modes, rates and queues, with whatever ' +
        'needs attention on top. A node that does not answer is shown as such, and asked again.',
    )
    .option('--rpc <url>', `a node's RPC server; repeatable (default: ${DEFAULT_RPC_URL})`, collect)
    .option('--interval <seconds>', 'between two looks', `${INTERVAL_SECONDS_DEFAULT}`)
    .option('--json', 'one JSON object a node and look: its url, status, rates and alerts, or the error')
    .addHelpText(
      'after',
      `
Columns: claims and blocks finished a second; share of duplicates among the results that came; validations at work and
waiting; blocks, and those without a success; files to be written; members in reach; of those, how many agree; own clock
against the majority; bytes of reconciliation a second.

Examples:
  driftlock top
  driftlock top --rpc http://127.0.0.1:8645 --rpc http://127.0.0.1:8646 --interval 5`,
    )
    .action(async ({ rpc = [DEFAULT_RPC_URL], interval, json = false }: TopFlags) => {
      const urls = rpc.map(parseRpcUrl);
      const intervalMs = parseSeconds(interval, '--interval', INTERVAL_SECONDS_MAX) * 1_000;
      let rows = urls.map((url): TopRow => ({ url: url.href, before: undefined, now: undefined, error: undefined }));
      await showUntilStopped({
        stream: terminal.stdout,
        intervalMs,
        lines: async () => {
          rows = await Promise.all(rows.map(lookAgain));
          return json ? rows.map((row) => JSON.stringify(describe(row))) : topLines(rows, terminal.stdout);
        },
      });
    });
}

async function lookAgain({ url, now }: TopRow): Promise<TopRow> {
  try {
    const status = await fetchStatus(new URL(url), systemClock);
    return { url, before: now, now: { atMs: systemClock.monotonicMs(), status }, error: undefined };
  } catch (error) {
    if (!(error instanceof RpcClientError)) throw error;
    return { url, before: undefined, now, error: error.message };
  }
}

function describe(row: TopRow): object {
  const { url, before, now, error } = row;
  if (error !== undefined || now === undefined) return { url, error: error ?? null };
  return { url, status: now.status, rates: ratesBetween(before, now), alerts: alertsOf(row) };
}
