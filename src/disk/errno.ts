/**
 * From the errno of a failed system call to a `DiskError`: the one place that knows the platform's codes.
 */

import { DiskError, type DiskCode } from './disk.ts';

interface Meaning {
  readonly code: DiskCode;
  readonly expected: string;
}

const NOT_WRITABLE: Meaning = { code: 'ERR_NOT_WRITABLE', expected: 'a file system that lets this process write' };
const NO_SPACE: Meaning = { code: 'ERR_NO_SPACE', expected: 'room on the file system' };

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['EEXIST', { code: 'ERR_EXISTS', expected: 'no entry of that name' }],
  ['ENOENT', { code: 'ERR_NOT_FOUND', expected: 'an entry of that name' }],
  ['ENOTDIR', { code: 'ERR_NOT_A_DIRECTORY', expected: 'a directory in every place but the last' }],
  ['EXDEV', { code: 'ERR_CROSS_DEVICE', expected: 'both ends of a rename on one file system' }],
  ['ENOSPC', NO_SPACE],
  ['EDQUOT', NO_SPACE],
  ['EACCES', NOT_WRITABLE],
  ['EPERM', NOT_WRITABLE],
  ['EROFS', NOT_WRITABLE],
]);

const UNFORESEEN: Meaning = { code: 'ERR_DISK', expected: 'the disk to do it' };

/** The errno name of a failed system call (`ENOENT`), or undefined when `error` is something else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `error`, raised by `action` (a verb and what follows it: `write`, `rename to /b`) on `path`, as a `DiskError`. */
export function diskError(error: unknown, action: string, path: string): DiskError {
  if (error instanceof DiskError) return error;
  const errno = errnoOf(error) ?? 'an unknown error';
  const { code, expected } = MEANINGS.get(errno) ?? UNFORESEEN;
  return new DiskError(code, { argument: path, expected, found: `${errno} on ${action}` }, { cause: error });
}

/** Runs `effect`; what the system refuses becomes a `DiskError` that names `action` and `path`. */
export async function named<T>(action: string, path: string, effect: () => Promise<T>): Promise<T> {
  try {
    return await effect();
  } catch (error) {
    throw diskError(error, action, path);
  }
}

/** As {@link named}, but an absent entry is an answer, not a failure. */
export async function orAbsent<T>(action: string, path: string, effect: () => Promise<T>): Promise<T | undefined> {
  try {
    return await effect();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError(error, action, path);
  }
}
