/** The thread that reads parts of files, as `range-reads.ts` asks. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DiskError } from './disk.ts';
import { ThreadProgram } from './disk-thread.ts';
import { diskError, errnoOf } from './errno.ts';
import { checkRegular, READ_FLAGS } from './regular-file.ts';
import { identityOf } from './place-sync.ts';
import type { FileRange, RangeAnswer, RangeAnswers } from './range-reads.ts';

new ThreadProgram<readonly FileRange[], RangeAnswers>((ranges) => {
  const totalBytes = ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  // Memory that is not zeroed, and not of Node's pool, so that it can change hands.
  const { buffer } = Buffer.allocUnsafeSlow(totalBytes);
  const bytes = new Uint8Array(buffer);
  let start = 0;
  const answers = ranges.map((range) => {
    const answer = readNow(range, bytes, start);
    start += range.lengthBytes;
    return answer;
  });
  return [{ bytes, ranges: answers }, buffer];
}).run();

function readNow({ path, offset, lengthBytes }: FileRange, bytes: Uint8Array, start: number): RangeAnswer {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, READ_FLAGS);
    const stats = fstatSync(descriptor, { bigint: true });
    checkRegular(stats, path);
    let end = start;
    while (end < start + lengthBytes) {
      const readBytes = readSync(descriptor, bytes, end, start + lengthBytes - end, offset + end - start);
      if (readBytes === 0) break;
      end += readBytes;
    }
    return { identity: identityOf(stats), start, end };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === undefined && !(error instanceof DiskError)) throw error;
    const { code, argument, expected, found } = diskError(error, 'read', path);
    return { code, argument, expected, found };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
