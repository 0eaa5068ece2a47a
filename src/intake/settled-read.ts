/**
 * Reads and interprets a file that another program may be in the middle of writing.
 *
 * Invariant: a file counts as bad only when it could not be interpreted twice, `SETTLE_MS` apart, and did not change in
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

/** `interpret` throws an expected failure for a bad file; what else it throws passes through. */
export async function readSettled<T>(
  { disk, clock }: { readonly disk: Pick<Disk, 'read' | 'identify'>; readonly clock: Clock },
  path: string,
  bytesMax: number,
  interpret: (content: FileContent) => T,
): Promise<SettledRead<T>> {
  return settled({ disk, clock }, path, async () => {
    const content = await disk.read(path, bytesMax);
    return content === undefined ? undefined : { value: interpret(content) };
  });
}

/** The same for a file that `read` reads in its own way: undefined when there is none, a failure when it is bad. */
export async function settled<T>(
  { disk, clock }: { readonly disk: Pick<Disk, 'identify'>; readonly clock: Clock },
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
      await pause(clock, SETTLE_MS);
    }
  }
}
