/** The demo's live table: a line a node, redrawn in place on a terminal, repeated now and then elsewhere. */

import { styleText } from 'node:util';
import type { StatusAnswer } from '../rpc/status-schema.ts';

export interface TableRow {
  readonly name: string;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly status: StatusAnswer | undefined;
}

const DIGEST_DIGITS = 12;

/** `fed`: blocks that were handed out so far. */
export function formatTable(rows: readonly TableRow[], fed: number, stream: NodeJS.WriteStream): string[] {
  const header = ['node', 'pid', 'blocks', 'success', 'in work', 'validated', 'lag', 'duplicates', 'peers', 'digest'];
  const lines = rows.map((row) => cellsOf(row, fed));
  const widths = header.map((title, at) => Math.max(title.length, ...lines.map((line) => line[at]?.length ?? 0)));
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, at) =>
        at === 0 || at === header.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join('  ');
  return [styleText('bold', format(header), { stream }), ...lines.map(format)];
}

function cellsOf({ name, pid, restarts, status }: TableRow, fed: number): string[] {
  const label = restarts === 0 ? name : `${name} (restarted ${restarts}×)`;
  if (status === undefined)
    return [label, pid === undefined ? '-' : `${pid}`, ...Array.from({ length: 7 }, () => '-'), 'not answering'];
  const { blocks, counters, validator, peers, digest } = status;
  return [
    label,
    `${pid ?? '-'}`,
    `${blocks.total}`,
    `${blocks.success}`,
    `${validator.inFlight}`,
    `${counters.validations}`,
    `${Math.max(0, fed - blocks.success)}`,
    `${blocks.duplicates}`,
    `${peers.filter((peer) => peer.connected).length}`,
    digest.slice(0, DIGEST_DIGITS),
  ];
}

/** Draws over what it drew before. */
export class LiveTable {
  readonly #stream: NodeJS.WriteStream;
  #linesDrawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  draw(lines: readonly string[]): void {
    if (this.#linesDrawn > 0) this.#stream.write(`\u001B[${this.#linesDrawn}A\u001B[J`);
    this.#stream.write(`${lines.join('\n')}\n`);
    this.#linesDrawn = lines.length;
  }
}
