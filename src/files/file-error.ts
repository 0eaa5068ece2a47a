/**
 * Failures of a whole file or of text in it: its name, its size, its JSON. Failures at a byte offset are `DecodeError`s.
 *
 * Invariant: `argument`, and so the message, begins with the name of the file.
 */

import { DriftlockError } from '../../crdt/errors.ts';

export type FileCode =
  | 'ERR_BAD_NAME'
  | 'ERR_NAME_MISMATCH'
  | 'ERR_UNKNOWN_KIND'
  | 'ERR_OVER_LIMIT'
  | 'ERR_NOT_JSON'
  | 'ERR_BAD_FIELD'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_BAD_CHECKSUM'
  | 'ERR_UNKNOWN_VARIANT'
  | 'ERR_TORN_LINE'
  /** Two different payloads were announced for one block, and another was chosen. */
  | 'ERR_WITNESS_CONFLICT';

export class FileError extends DriftlockError<FileCode> {
  override readonly name = 'FileError';
}

/** Throws `ERR_OVER_LIMIT` when a file of `sizeBytes` is larger than `maxBytes`. */
export function checkFileSize(name: string, sizeBytes: number, maxBytes: number): void {
  if (sizeBytes <= maxBytes) return;
  throw new FileError('ERR_OVER_LIMIT', {
    argument: name,
    expected: `a file of at most ${maxBytes} bytes`,
    found: `${sizeBytes}`,
  });
}
