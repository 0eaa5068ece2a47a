/** Which entries are read: regular files alone. */

import { constants, type BigIntStats } from 'node:fs';
import { DiskError } from './disk.ts';

/** `O_NONBLOCK`: a FIFO among the files must not hold the thread that opens it for ever. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Throws `ERR_DISK`. */
export function checkRegular(stats: BigIntStats, path: string): void {
  if (stats.isFile()) return;
  throw new DiskError('ERR_DISK', { argument: path, expected: 'a regular file', found: 'another kind of entry' });
}
