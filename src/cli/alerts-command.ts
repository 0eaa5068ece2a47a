/** `driftlock alerts`: what nodes have raised and people have or have not acknowledged, from the cluster document. */

import type { Command } from 'commander';
import { systemClock } from '../node/machine.ts';
import { fetchAlerts, type AlertAnswer } from '../rpc/client.ts';
import { duration } from '../duration.ts';
import { DEFAULT_RPC_URL, parseRpcUrl } from './flag-values.ts';
import { printLine, styled, type Terminal } from './terminal.ts';

interface AlertsFlags {
  readonly rpc: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

export function addAlertsCommand(program: Command, terminal: Terminal): void {
  program
    .command('alerts')
    .summary('show the alerts of the cluster that nobody has acknowledged')
    .description(
      'Shows the alerts in the cluster document of a running node, the latest first: disputes, witnesses that differ, ' +
        'finality that was contradicted, clocks outside the bound. They are acknowledged on the dashboard.',
    )
    .option('--rpc <url>', "the node's RPC server", DEFAULT_RPC_URL)
    .option('--all', 'also those that were acknowledged')
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  driftlock alerts
  driftlock alerts --all --json | jq .subject`,
    )
    .action(async ({ rpc, all = false, json = false }: AlertsFlags) => {
      const { stdout } = terminal;
      const found = await fetchAlerts(parseRpcUrl(rpc), systemClock);
      const shown = found.filter(({ acknowledgement }) => all || acknowledgement === null);
      if (shown.length === 0 && !json) printLine(stdout, all ? 'no alerts' : 'no alerts that nobody has acknowledged');
      for (const alert of shown) printLine(stdout, json ? JSON.stringify(alert) : alertLine(alert, stdout));
    });
}

/** `disputed 3080.0x…: validators found 2 different state roots, 3 min 2 s ago; acknowledged by ada: looking into it`. */
export function alertLine(alert: AlertAnswer, stream: NodeJS.WriteStream, nowMs = systemClock.wallMs()): string {
  const { kind, subject, text, raisedAtMs, acknowledgement } = alert;
  const done = acknowledgement !== null;
  const ago = duration(Math.max(0, nowMs - raisedAtMs));
  const by = done ? `; acknowledged by ${acknowledgement.by || 'somebody'}` : '';
  const note = done && acknowledgement.note !== '' ? `: ${acknowledgement.note}` : '';
  // Written by whoever has the token: no control characters reach the terminal.
  const line = `${subject}: ${text}, ${ago} ago${by}${note}`.replaceAll(/\p{Cc}+/gu, ' ');
  return `${styled(stream, done ? 'green' : 'red', kind.replaceAll(/\p{Cc}+/gu, ' '))} ${line}`;
}
