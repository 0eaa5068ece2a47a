/**
 * Why a data directory cannot be used. Raised at start, before anything in it is changed.
 */

import { DriftlockError, isFailure } from '../../crdt/errors.ts';

export type DatadirCode =
  /** Another process runs on it. */
  | 'ERR_DATADIR_IN_USE'
  /** It cannot be written, or is no directory. */
  | 'ERR_NOT_WRITABLE'
  /** Its parts lie on several file systems. */
  | 'ERR_CROSS_DEVICE'
  /** A file in `.driftlock/` is not driftlock's. */
  | 'ERR_BAD_LOCK_FILE';

export class DatadirError extends DriftlockError<DatadirCode> {
  override readonly name = 'DatadirError';
}

/** `error` as the reason why `root` cannot be used, when it says that; anything else as it is. */
export function asDatadirError(error: unknown, root: string): unknown {
  if (isFailure(error, 'ERR_NOT_WRITABLE', 'ERR_NOT_A_DIRECTORY')) {
    const found = `${error.argument}: ${error.found}`;
    return new DatadirError(
      'ERR_NOT_WRITABLE',
      { argument: root, expected: 'a directory that this process may write to', found },
      { cause: error },
    );
  }
  if (isFailure(error, 'ERR_CROSS_DEVICE')) {
    return new DatadirError(
      'ERR_CROSS_DEVICE',
      {
        argument: root,
        expected: 'validate/, witness/, backup/ and .driftlock/ on one file system',
        found: error.message,
      },
      { cause: error },
    );
  }
  return error;
}
