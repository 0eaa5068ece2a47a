/** What keeping a secret needs of a disk beyond what everything else does: a file that nobody else can read. */

import { open, stat } from 'node:fs/promises';
import type { Disk } from '../disk/disk.ts';
import { diskError, errnoOf } from '../disk/errno.ts';
import { NodeDisk } from '../disk/node-disk.ts';

export interface KeyDisk extends Pick<Disk, 'read' | 'makeDirectory' | 'replace' | 'remove' | 'syncDirectory'> {
  /** Writes a file that must not exist yet, of mode 0600, durably. Throws `ERR_EXISTS`. */
  createPrivate(path: string, bytes: Uint8Array): Promise<void>;
  /** Whether the file's mode lets anyone but its owner in; false when there is none. */
  isOpenToOthers(path: string): Promise<boolean>;
}

const PRIVATE_MODE = 0o600;
const MODE_BITS_OF_OTHERS = 0o077;

export class NodeKeyDisk extends NodeDisk implements KeyDisk {
  async createPrivate(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await using file = await open(path, 'wx', PRIVATE_MODE);
      await file.writeFile(bytes);
      await file.sync();
    } catch (error) {
      throw diskError(error, 'create', path);
    }
  }

  async isOpenToOthers(path: string): Promise<boolean> {
    try {
      return ((await stat(path)).mode & MODE_BITS_OF_OTHERS) !== 0;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw diskError(error, 'stat', path);
    }
  }
}
