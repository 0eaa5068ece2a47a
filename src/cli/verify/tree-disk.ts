/** What `verify` needs of a disk: to read, and to see everything that is there, not only regular files. */

import { readdir } from 'node:fs/promises';
import type { Disk } from '../../disk/disk.ts';
import { diskError, errnoOf } from '../../disk/errno.ts';
import { NodeDisk } from '../../disk/node-disk.ts';

export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

export interface TreeDisk extends Pick<Disk, 'read'> {
  /** The entries of `directory` by name, or undefined when there is no such directory. */
  entries(directory: string): Promise<readonly TreeEntry[] | undefined>;
}

export class NodeTreeDisk extends NodeDisk implements TreeDisk {
  async entries(directory: string): Promise<readonly TreeEntry[] | undefined> {
    try {
      const found = await readdir(directory, { withFileTypes: true });
      return found
        .map((entry): TreeEntry => {
          const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other';
          return { name: entry.name, kind };
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw diskError(error, 'list', directory);
    }
  }
}
