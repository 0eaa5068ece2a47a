/** Reads a part of a file with calls that wait for the kernel: for a thread of its own, and for what the system has in memory. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { FileIdentity } from './disk.ts';
import { identityOf } from './place-sync.ts';
import { checkRegular, READ_FLAGS } from './regular-file.ts';

export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** As much of the range as the file has, at the start of `into`. Throws what the system calls throw, and as `checkRegular`. */
export function readRangeSync(
  { path, offset, lengthBytes }: FileRange,
  into: Uint8Array,
): { readonly identity: FileIdentity; readonly readBytes: number } {
  const descriptor = openSync(path, READ_FLAGS);
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    checkRegular(stats, path);
    let readBytes = 0;
    while (readBytes < lengthBytes) {
      const moreBytes = readSync(descriptor, into, readBytes, lengthBytes - readBytes, offset + readBytes);
      if (moreBytes === 0) break;
      readBytes += moreBytes;
    }
    return { identity: identityOf(stats), readBytes };
  } finally {
    closeSync(descriptor);
  }
}
