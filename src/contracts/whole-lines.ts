/**
 * Reads a file of lines in portions that end with a newline.
 *
 * Invariant: each whole line comes once, in one portion; what follows the last newline never comes.
 */

import type { Disk } from '../disk/disk.ts';

/** So much is read at a time; more where a line is longer. */
const READ_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface Lines {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The lines from `offset` on, which is the beginning of one, in a file of `sizeBytes`. Throws `DiskError`. */
export async function* wholeLines(
  disk: Pick<Disk, 'readRange'>,
  path: string,
  offset: number,
  sizeBytes: number,
): AsyncGenerator<Lines> {
  let lengthBytes = READ_BYTES;
  for (let at = offset; at < sizeBytes;) {
    const bytes = (await disk.readRange(path, at, lengthBytes))?.bytes ?? new Uint8Array();
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0 && bytes.length < lengthBytes) return;
    if (end === 0) {
      lengthBytes *= 2;
      continue;
    }
    yield { offset: at, bytes: bytes.subarray(0, end) };
    at += end;
    lengthBytes = READ_BYTES;
  }
}
