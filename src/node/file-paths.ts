/** Where a block's files are: written in the first place, looked for in both. */

import { sep } from 'node:path';
import type { BlockKey } from '../../crdt/ids.ts';
import { backupDirectory, type DatadirLayout } from '../datadir/layout.ts';
import { blockFileName, type BlockFileKind } from '../files/file-names.ts';
import type { FilePlace } from '../store/file-ledger.ts';

/** Without a place: the first one. */
export interface FilePaths {
  readonly validate: (key: BlockKey, place?: FilePlace) => string;
  readonly witness: (key: BlockKey, place?: FilePlace) => string;
}

export function filePaths(layout: DatadirLayout): FilePaths {
  return {
    validate: (key, place = 'primary') =>
      `${directoryOf(layout, 'validate', key, place)}${sep}${blockFileName('validate', key)}`,
    witness: (key, place = 'primary') =>
      `${directoryOf(layout, 'witness', key, place)}${sep}${blockFileName('witness', key)}`,
  };
}

function directoryOf(layout: DatadirLayout, kind: BlockFileKind, key: BlockKey, place: FilePlace): string {
  return place === 'primary' ? layout[kind] : backupDirectory(layout, key.number);
}
