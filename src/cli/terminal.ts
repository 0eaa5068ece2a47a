/** Where a command speaks: answers on standard output, everything else on standard error. */

import { styleText } from 'node:util';

export interface Terminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export type Style = Parameters<typeof styleText>[0];

export function printLine(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`);
}

/** `text` in colour where `stream` is a terminal and NO_COLOR is not set. */
export function styled(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return styleText(style, text, { stream });
}

/** One line on standard error, of the form that every message of the program has. */
export function printError(terminal: Terminal, message: string): void {
  const oneLine = message.trim().replaceAll(/\s*\n\s*/g, ' ');
  printLine(terminal.stderr, `${styled(terminal.stderr, 'red', 'driftlock:')} ${oneLine}`);
}

export function printWarning(terminal: Terminal, message: string): void {
  printLine(terminal.stderr, `${styled(terminal.stderr, 'yellow', 'driftlock: warning:')} ${message}`);
}
