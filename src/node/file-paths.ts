/** Where a block's files are: written in the first place, looked for in both. */

import { join } from 'node:path';
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
    validate: (key) => join(layout.validate, blockFileName('validate', key)),
    validateBackup: (key) => join(backupDirectory(layout, key.number), blockFileName('validate', key)),
    witness: (key) => join(layout.witness, blockFileName('witness', key)),
    witnessBackup: (key) => join(backupDirectory(layout, key.number), blockFileName('witness', key)),
  };
}
