/**
 * Group commit for small files: what is asked for while a batch is being placed makes the next one.
 *
 * Invariant: files are placed in the order they were asked for, one batch at a time, each within the limits of
 * `Disk.place`; each is answered once.
 */

import { PLACEMENT_BYTES_MAX, type Disk, type Placed, type Placement } from '../disk/disk.ts';
import { takeGroup } from '../disk/take-group.ts';
import { invariant } from '../../crdt/invariant.ts';

interface Waiting {
  readonly placement: Placement;
  readonly settle: PromiseWithResolvers<Placed>;
}

export interface GroupOptions {
  /** Whether each content is durable before its file gets its name. */
  readonly sync: boolean;
  /** Files of one batch: at most `PLACEMENTS_MAX`. */
  readonly filesMax: number;
}

export class PlacementGroups {
  readonly #disk: Pick<Disk, 'place'>;
  readonly #options: GroupOptions;
  readonly #waiting: Waiting[] = [];
  #isPlacing = false;

  constructor(disk: Pick<Disk, 'place'>, options: GroupOptions) {
    this.#disk = disk;
    this.#options = options;
  }

  /** Files that wait for their batch to begin. */
  get size(): number {
    return this.#waiting.length;
  }

  /**
   * Precondition: at most `PLACEMENT_BYTES_MAX` bytes. Throws a `DiskError`, after which no part of the file is visible, but
   * for the `ERR_DISK` of a batch without an answer: then it is there or not, whole.
   */
  place(placement: Placement): Promise<Placed> {
    invariant(placement.bytes.length <= PLACEMENT_BYTES_MAX, 'a file fits into a batch');
    const settle = Promise.withResolvers<Placed>();
    this.#waiting.push({ placement, settle });
    if (!this.#isPlacing) void this.#placeAll();
    return settle.promise;
  }

  async #placeAll(): Promise<void> {
    this.#isPlacing = true;
    while (this.#waiting.length > 0) {
      // What is asked for in the same turn is in the batch already: one of a single file takes 6 ms where one of 64 takes 18.
      await Promise.resolve();
      await this.#placeGroup(this.#takeGroup());
    }
    this.#isPlacing = false;
  }

  #takeGroup(): readonly Waiting[] {
    const limits = { itemsMax: this.#options.filesMax, bytesMax: PLACEMENT_BYTES_MAX };
    return takeGroup(this.#waiting, ({ placement }) => placement.bytes.length, limits);
  }

  async #placeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const batch = group.map(({ placement }) => placement);
      const outcomes = await this.#disk.place(batch, this.#options);
      for (const [at, { settle }] of group.entries()) {
        const outcome = outcomes[at];
        invariant(outcome !== undefined, 'a batch has an outcome for each of its files');
        if ('failure' in outcome) settle.reject(outcome.failure);
        else settle.resolve(outcome);
      }
    } catch (error) {
      for (const { settle } of group) settle.reject(error);
    }
  }
}
