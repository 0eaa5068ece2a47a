/**
 * Reads and interprets a file that another program may be in the middle of writing.
 *
 * Invariant: a file counts as bad only when it could not be interpreted twice, `settleMs` apart, and did not change in
 * between. A program that truncates and writes in place is given the time to finish; one that renames never needs it.
 */

import { isFailure, type DriftlockError } from '../../crdt/errors.ts';
import { pause, type Clock } from '../../net/clock.ts';
import { sameFile, type Disk, type FileContent, type FileIdentity } from '../disk/disk.ts';

export type SettledRead<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'good'; readonly value: T }
  | { readonly kind: 'bad'; readonly error: DriftlockError; readonly identity: FileIdentity };

/** How long a file that makes no sense must stay as it is. Between two writes of one program lie microseconds. */
export const SETTLE_MS = 200;

export interface SettledFileOptions {
  readonly disk: Pick<Disk, 'identify'>;
  readonly clock: Clock;
  /** {@link SETTLE_MS} when absent; 0 where a bad file is one that a crash tore. */
  readonly settleMs?: number;
}

export interface SettledReadOptions extends SettledFileOptions {
  readonly disk: Pick<Disk, 'identify' | 'read'>;
}

/** `interpret` throws an expected failure for a bad file; what else it throws passes through. */
export async function readSettled<T>(
  options: SettledReadOptions,
  path: string,
  bytesMax: number,
  interpret: (content: FileContent) => T,
): Promise<SettledRead<T>> {
  return settled(options, path, async () => {
    const content = await options.disk.read(path, bytesMax);
    return content === undefined ? undefined : { value: interpret(content) };
  });
}

/** The same for a file that `read` reads in its own way: undefined when there is none, a failure when it is bad. */
export async function settled<T>(
  { disk, clock, settleMs = SETTLE_MS }: SettledFileOptions,
  path: string,
  read: () => Promise<{ readonly value: T } | undefined>,
): Promise<SettledRead<T>> {
  let failedAs: FileIdentity | undefined;
  for (;;) {
    const identity = await disk.identify(path);
    if (identity === undefined) return { kind: 'absent' };
    try {
      const found = await read();
      return found === undefined ? { kind: 'absent' } : { kind: 'good', value: found.value };
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (sameFile(failedAs, identity)) return { kind: 'bad', error, identity };
      failedAs = identity;
      if (settleMs > 0) await pause(clock, settleMs);
    }
  }
}
