/**
 * Looks holders up in the directory, where there is one.
 *
 * Invariant: at most `LOOKUPS_MAX` at once, however many witnesses are missing: a lookup asks several members, each of
 * which serves this node within a limit.
 */

import PQueue from 'p-queue';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import type { HolderDirectory } from '../../net/holder-directory.ts';

export const LOOKUPS_MAX = 4;

export class HolderFinder {
  readonly #directory: HolderDirectory | undefined;
  readonly #queue = new PQueue({ concurrency: LOOKUPS_MAX });

  constructor(directory: HolderDirectory | undefined) {
    this.#directory = directory;
  }

  /** Whether there is a directory: without one a holder that is not linked is out of reach. */
  get isPossible(): boolean {
    return this.#directory !== undefined;
  }

  /** Members that say they hold the payload and are linked now; none without a directory. Throws `signal`'s reason alone. */
  async find(payloadDigest: Hash32, signal: AbortSignal): Promise<readonly NodeId[]> {
    const directory = this.#directory;
    if (directory === undefined) return [];
    return this.#queue.add(async () => {
      try {
        return await directory.find(payloadDigest, signal);
      } catch {
        signal.throwIfAborted();
        return [];
      }
    });
  }
}
