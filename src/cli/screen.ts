/**
 * What is drawn again and again: a screen that replaces itself on a terminal, one answer after the other elsewhere.
 *
 * Invariant: a terminal is left as it was found, and no control character goes to anything else.
 */

import { pause } from '../../net/clock.ts';
import { systemClock } from '../node/machine.ts';
import { stopSignal } from './stop-signal.ts';
import { printLine } from './terminal.ts';

const HOME = '\u001B[H';
const ERASE_TO_END_OF_LINE = '\u001B[K';
const ERASE_BELOW = '\u001B[J';
const ALTERNATE_SCREEN = '\u001B[?1049h\u001B[?25l';
const NORMAL_SCREEN = '\u001B[?25h\u001B[?1049l';

export interface Screen {
  readonly stream: NodeJS.WriteStream;
  readonly intervalMs: number;
  /** The lines to show now. It may take its time, but must not throw. */
  readonly lines: () => Promise<readonly string[]>;
}

/** Shows `lines` every `intervalMs` until SIGINT or SIGTERM. */
export async function showUntilStopped({ stream, intervalMs, lines }: Screen): Promise<void> {
  const signal = stopSignal();
  const isTerminal = stream.isTTY;
  if (isTerminal) stream.write(ALTERNATE_SCREEN);
  try {
    while (!signal.aborted) {
      const drawn = await lines();
      if (isTerminal) stream.write(frame(drawn, stream.rows));
      else for (const line of drawn) printLine(stream, line);
      await pause(systemClock, intervalMs, signal).catch(() => undefined);
    }
  } finally {
    if (isTerminal) stream.write(NORMAL_SCREEN);
  }
}

/** Drawn over what is there, line by line: a screen that is cleared first would flicker. What has no room is cut. */
export function frame(lines: readonly string[], rows: number): string {
  const shown = lines.slice(0, rows);
  return `${HOME}${shown.map((line) => `${line}${ERASE_TO_END_OF_LINE}`).join('\n')}${ERASE_BELOW}`;
}
