/** Nodes side by side: what each is doing now. */

import { concernsOf } from '../mode/concerns.ts';
import type { StatusAnswer } from '../rpc/status-schema.ts';
import { bytesText } from '../bytes-text.ts';
import { duration } from '../duration.ts';
import { ratesBetween, type Look, type Rates } from './rates.ts';
import { styled, type Style } from './terminal.ts';

/** A node that was asked: its last two looks, or why it does not answer. */
export interface TopRow {
  readonly url: string;
  readonly before: Look | undefined;
  readonly now: Look | undefined;
  /** Of the last question, if it was not answered. */
  readonly error: string | undefined;
}

interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

const HEADER = 'node,mode,claims/s,done/s,dup,at work,waiting,blocks,left,files,reach,agree,clock,moved/s'.split(',');
const PEER_ID_CHARACTERS = 10;

/** Lines for `stream`, alerts first. */
export function topLines(rows: readonly TopRow[], stream: NodeJS.WriteStream): readonly string[] {
  const table = [HEADER.map((text): Cell => ({ text, style: 'bold' })), ...rows.map(cellsOf)];
  const widths = HEADER.map((_, column) => Math.max(...table.map((cells) => cells[column]?.text.length ?? 0)));
  const lines = table.map((cells) =>
    cells
      .map(({ text, style }, column) => {
        const width = widths[column] ?? 0;
        const padded = column < 2 ? text.padEnd(width) : text.padStart(width);
        return style === undefined ? padded : styled(stream, style, padded);
      })
      .join('  ')
      .trimEnd(),
  );
  const alerts = rows.flatMap(alertsOf).map((text) => styled(stream, 'red', text));
  return [...(alerts.length === 0 ? ['nothing needs attention'] : alerts), '', ...lines];
}

/** What should not be so, of one node. */
export function alertsOf({ url, now, error }: TopRow): readonly string[] {
  if (error !== undefined) return [error];
  if (now === undefined) return [];
  const { status } = now;
  return concernsOf(status).map(({ text }) => `${short(status.peerId)} at ${url}: ${text}`);
}

function cellsOf({ url, before, now, error }: TopRow): readonly Cell[] {
  const silent: Cell = { text: 'no answer', style: 'red' };
  if (now === undefined) return [{ text: url }, ...(error === undefined ? [] : [silent])];
  const { status } = now;
  const rates = error === undefined ? ratesBetween(before, now) : null;
  const { blocks, validator, clients, files, peers } = status;
  const reached = peers.filter(({ connected }) => connected);
  return [
    { text: short(status.peerId) },
    error === undefined ? modeCell(status) : silent,
    { text: rateText(rates, 'claimsPerSecond') },
    { text: rateText(rates, 'finishedPerSecond') },
    { text: rates === null || rates.duplicateShare === null ? '-' : `${Math.round(rates.duplicateShare * 100)}%` },
    { text: `${validator.inFlight + clients.leases}` },
    { text: `${validator.ready}` },
    { text: `${blocks.total}` },
    { text: `${blocks.total - blocks.success}` },
    { text: `${files.pending}` },
    { text: `${reached.length + 1}/${peers.length + 1}` },
    { text: `${reached.filter(({ agrees }) => agrees).length}/${reached.length}` },
    clockCell(status),
    { text: rates === null ? '-' : bytesText(rates.reconcileBytesPerSecond) },
  ];
}

function modeCell({ mode, modeHeldMs }: StatusAnswer): Cell {
  const since = modeHeldMs === undefined ? '' : ` ${duration(modeHeldMs)}`;
  return { text: `${mode}${since}`, style: mode === 'normal' ? 'green' : 'yellow' };
}

function clockCell({ clock }: StatusAnswer): Cell {
  if (clock.offsetMs === null || clock.boundMs === null) return { text: '-' };
  const text = `${clock.offsetMs < 0 ? '' : '+'}${clock.offsetMs.toFixed(0)}±${clock.boundMs.toFixed(0)} ms`;
  return { text, style: clock.standing === 'outside' ? 'red' : undefined };
}

function rateText(rates: Rates | null, name: Exclude<keyof Rates, 'duplicateShare'>): string {
  return rates === null ? '-' : rates[name].toFixed(rates[name] < 10 ? 1 : 0);
}

/** The end of a peer id tells nodes apart; all begin alike. */
function short(peerId: string): string {
  return `…${peerId.slice(-PEER_ID_CHARACTERS)}`;
}
