/**
 * The disk under one node's data directory that a fault can fill: a small tmpfs where one can be mounted, which takes root;
 * else the node's own injected disk.
 *
 * Invariant: what was mounted is unmounted by `release`, whatever came between.
 */

import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf } from '../../disk/errno.ts';
import type { Daemon } from './daemon.ts';

/** Room for some thousand blocks with their witnesses, and filled in a moment. */
const VOLUME_MIB = 64;
const FILLER = 'filler';
const FILLER_CHUNK_BYTES = 8 * 1024 * 1024;

const run = promisify(execFile);

/** Lazily: whoever still looks at it must not keep the mount. */
export async function unmount(directory: string): Promise<void> {
  await run('umount', ['--lazy', directory]);
}

export class Volume {
  readonly #directory: string;
  readonly means: 'tmpfs' | 'injected';

  private constructor(directory: string, means: Volume['means']) {
    this.#directory = directory;
    this.means = means;
  }

  /** Mounts a small file system on `directory` if this process may. */
  static async mount(directory: string): Promise<Volume> {
    await mkdir(directory, { recursive: true });
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${VOLUME_MIB}m`, 'tmpfs', directory]);
      return new Volume(directory, 'tmpfs');
    } catch {
      return new Volume(directory, 'injected');
    }
  }

  async fill(daemon: Daemon): Promise<void> {
    if (this.means === 'injected') {
      daemon.send({ driftlockChaos: { isDiskFull: true } });
      return;
    }
    // In ever smaller pieces: the last page counts, or small files would still fit.
    for (let sizeBytes = FILLER_CHUNK_BYTES; sizeBytes >= 1;) {
      try {
        await appendFile(this.#filler, Buffer.alloc(sizeBytes));
      } catch (error) {
        if (errnoOf(error) !== 'ENOSPC') throw error;
        sizeBytes = Math.floor(sizeBytes / 2);
      }
    }
  }

  async free(daemon: Daemon): Promise<void> {
    if (this.means === 'injected') daemon.send({ driftlockChaos: { isDiskFull: false } });
    else await rm(this.#filler, { force: true });
  }

  /** With `keep` the files stay where they are, copied out of what is unmounted. */
  async release(keep: boolean): Promise<void> {
    if (this.means === 'injected') return;
    const copy = `${this.#directory}.kept`;
    if (keep) await cp(this.#directory, copy, { recursive: true });
    await unmount(this.#directory);
    if (keep) await rename(copy, this.#directory);
  }

  get #filler(): string {
    return join(this.#directory, FILLER);
  }
}
