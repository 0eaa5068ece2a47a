/**
 * A named pipe that programs under test hold open and write to. Its end is the end of the last of them: the one sign of
 * death that needs neither polling nor a process id.
 */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Fifo {
  readonly path: string;
  /** The next line that a program wrote. */
  line(): Promise<string>;
  /** Resolves when every program that had opened the pipe is gone. */
  readonly ended: Promise<unknown>;
}

export function makeFifo(folder: string): Fifo {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = createInterface({ input: createReadStream(path) });
  const lines = reader[Symbol.asyncIterator]();
  const ended = once(reader, 'close');
  return {
    path,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error('the programs ended before they wrote the line');
      return next.value;
    },
    ended,
  };
}
