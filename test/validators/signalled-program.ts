/**
 * A program to be ended: `signalled-program.ts polite|stubborn FIFO`. It writes `ready`, and on SIGTERM either `bye`,
 * then ends, or `ignored`, and goes on. A shell would not do: one that is just starting a child can lose the signal.
 */

import { openSync, writeSync } from 'node:fs';

const [, , manner, path] = process.argv;
const fifo = openSync(path ?? '', 'w');

process.on('SIGTERM', () => {
  writeSync(fifo, manner === 'polite' ? 'bye\n' : 'ignored\n');
  if (manner === 'polite') process.exit(0);
});
setInterval(() => {}, 1_000_000);
writeSync(fifo, 'ready\n');
