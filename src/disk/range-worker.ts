/** The thread that reads parts of files, as `range-reads.ts` asks. */

import { DiskError } from './disk.ts';
import { ThreadProgram } from './disk-thread.ts';
import { diskError, errnoOf } from './errno.ts';
import type { RangeAnswer, RangeAnswers } from './range-reads.ts';
import { readRangeSync, type FileRange } from './read-range.ts';

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

function readNow(range: FileRange, bytes: Uint8Array, start: number): RangeAnswer {
  try {
    const { identity, readBytes } = readRangeSync(range, bytes.subarray(start));
    return { identity, start, end: start + readBytes };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === undefined && !(error instanceof DiskError)) throw error;
    const { code, argument, expected, found } = diskError(error, 'read', range.path);
    return { code, argument, expected, found };
  }
}
