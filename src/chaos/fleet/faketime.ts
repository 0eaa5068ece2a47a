/**
 * A wrong wall clock by libfaketime: it is preloaded into the process and reads from a file how far the clock is off.
 *
 * Invariant: the monotonic clock stays real. A fake one that steps back hangs Node.
 */

import { access, rename, writeFile } from 'node:fs/promises';

/** Debian, Fedora, and what `make install` does. */
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib64/faketime/libfaketimeMT.so.1',
  '/usr/local/lib/faketime/libfaketimeMT.so.1',
];

/** The library's path, or undefined where it is not installed. */
export async function findFaketime(): Promise<string | undefined> {
  for (const path of LIBRARIES) {
    try {
      await access(path);
      return path;
    } catch {
      // Looked for in the next place.
    }
  }
  return undefined;
}

export function faketimeEnvironment(library: string, file: string): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Read again once a second: asking for the time would otherwise open a file each time.
    FAKETIME_CACHE_DURATION: '1',
  };
}

/** `offsetMs` from the real time, and as many seconds of drift a second. */
export async function writeFaketime(file: string, offsetMs: number, driftRate: number): Promise<void> {
  const sign = offsetMs < 0 ? '-' : '+';
  const drift = driftRate === 0 ? '' : ` x${1 + driftRate}`;
  await writeFile(`${file}.tmp`, `${sign}${Math.abs(offsetMs) / 1_000}${drift}\n`);
  await rename(`${file}.tmp`, file);
}
