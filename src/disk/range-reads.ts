/**
 * Reads of small parts of files, in groups, by a thread: what is asked for while a group is being read makes the next one. One
 * by one each takes a trip to libuv's pool, which costs this thread several times what the reading does.
 *
 * Invariant: at most one group is being read, of at most `RANGES_MAX` parts and `RANGES_BYTES_MAX` bytes.
 */

import { DiskError, type DiskCode, type FileContent, type FileIdentity } from './disk.ts';
import { DiskThread, programOf } from './disk-thread.ts';
import type { FileRange } from './read-range.ts';
import { takeGroup } from './take-group.ts';

/** Parts up to here are read in groups: several fill what a transport takes at a time. */
export const RANGE_BYTES_MAX = 64 * 1024;
/** Parts of one group, which is what others wait for. */
export const RANGES_MAX = 64;
/** And the bytes of all of them. */
export const RANGES_BYTES_MAX = 1024 * 1024;

/** Of each range: where its bytes lie in `bytes`; undefined when there is no such file. */
export type RangeAnswer =
  | { readonly identity: FileIdentity; readonly start: number; readonly end: number }
  | { readonly code: DiskCode; readonly argument: string; readonly expected: string; readonly found: string }
  | undefined;

export interface RangeAnswers {
  readonly bytes: Uint8Array;
  readonly ranges: readonly RangeAnswer[];
}

interface Waiting {
  readonly range: FileRange;
  readonly settle: PromiseWithResolvers<FileContent | undefined>;
}

export class RangeReads {
  readonly #thread = new DiskThread<readonly FileRange[], RangeAnswers>(programOf('range-worker'));
  readonly #waiting: Waiting[] = [];
  #isReading = false;

  /** Precondition: at most `RANGE_BYTES_MAX` bytes. The result is as of `Disk.readRange`. */
  read(range: FileRange): Promise<FileContent | undefined> {
    const settle = Promise.withResolvers<FileContent | undefined>();
    this.#waiting.push({ range, settle });
    if (!this.#isReading) void this.#readAll();
    return settle.promise;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    // What is asked for in the same turn is in the first group already.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#readGroup(this.#takeGroup());
    this.#isReading = false;
  }

  #takeGroup(): readonly Waiting[] {
    return takeGroup(this.#waiting, ({ range }) => range.lengthBytes, {
      itemsMax: RANGES_MAX,
      bytesMax: RANGES_BYTES_MAX,
    });
  }

  async #readGroup(group: readonly Waiting[]): Promise<void> {
    const ranges = group.map(({ range }) => range);
    try {
      const answers = await this.#thread.ask(ranges, [], ranges[0]?.path ?? 'group');
      for (const [at, { settle }] of group.entries()) {
        const answer = answers.ranges[at];
        if (answer === undefined) settle.resolve(undefined);
        else if ('code' in answer) settle.reject(new DiskError(answer.code, answer));
        else {
          const { identity, start, end } = answer;
          // A copy: a small part that is kept must not keep the memory of its group.
          settle.resolve({ identity, bytes: answers.bytes.slice(start, end) });
        }
      }
    } catch (error) {
      for (const { settle } of group) settle.reject(error);
    }
  }
}
