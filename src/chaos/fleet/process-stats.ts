/** What a process takes of the machine, as Linux counts it. */

import { readdir, readFile } from 'node:fs/promises';
import { errnoOf } from '../../disk/errno.ts';

export interface ProcessStats {
  /** Resident. */
  readonly memoryBytes: number;
  /** Open file descriptors: files, sockets, watchers. */
  readonly handles: number;
}

const RESIDENT = /^VmRSS:\s+(?<kib>\d+) kB$/m;

/** Undefined where there is no /proc, or no such process any more. */
export async function processStats(pid: number): Promise<ProcessStats | undefined> {
  try {
    const [status, handles] = await Promise.all([readFile(`/proc/${pid}/status`, 'utf8'), readdir(`/proc/${pid}/fd`)]);
    const kib = RESIDENT.exec(status)?.groups?.['kib'];
    return kib === undefined ? undefined : { memoryBytes: Number(kib) * 1_024, handles: handles.length };
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
