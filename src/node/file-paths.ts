/** Where a block's files are: written in the first place, looked for in both. */

import { sep } from 'node:path';
import type { BlockKey } from '../../crdt/ids.ts';
import { backupDirectory, type DatadirLayout } from '../datadir/layout.ts';
import { blockFileName } from '../files/file-names.ts';

export interface FilePaths {
  readonly validate: (key: BlockKey) => string;
  readonly validateBackup: (key: BlockKey) => string;
  readonly witness: (key: BlockKey) => string;
  readonly witnessBackup: (key: BlockKey) => string;
}

export function filePaths(layout: DatadirLayout): FilePaths {
  return {
    validate: (key) => `${layout.validate}${sep}${blockFileName('validate', key)}`,
    validateBackup: (key) => `${backupDirectory(layout, key.number)}${sep}${blockFileName('validate', key)}`,
    witness: (key) => `${layout.witness}${sep}${blockFileName('witness', key)}`,
    witnessBackup: (key) => `${backupDirectory(layout, key.number)}${sep}${blockFileName('witness', key)}`,
  };
}
