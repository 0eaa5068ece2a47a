/** `--datadir` where a command cannot do without. */

import { datadirLayout, type DatadirLayout } from '../datadir/layout.ts';
import { UsageError } from './exit-codes.ts';

/** Checked here and not by commander, which would report it missing before it reports the misspelt flag beside it. */
export function requiredDatadir(datadir: string | undefined): DatadirLayout {
  if (datadir !== undefined && datadir !== '') return datadirLayout(datadir);
  throw new UsageError('--datadir', 'a directory', datadir === undefined ? 'nothing' : 'an empty path');
}
