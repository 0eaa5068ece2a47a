/**
 * Atomic writes, many at a time: a unique temporary file, created exclusively, written, synced, renamed to its target,
 * and the target's directory synced in groups. Small files are placed in batches.
 *
 * Invariants:
 * - A reader of a target sees the content before a write or the content after it, never a part.
 * - A durable write that was acknowledged is there after a power loss, or a later write to the same target is.
 * - A journaled write is one whose content is durable elsewhere already (src/journal/): it costs no sync.
 * - A hint costs no sync where it takes a free name: a power loss can leave it missing or torn,
 *   which its reader must find by checksum. Where it replaces a file its content is synced first, since what it
 *   replaces may be a durable write, and the rename can outlive an unsynced content.
 * - Small files go in batches of three kinds, one batch of each at a time: those without a sync wait for none, results never
 *   queue behind hints, and hints, which foreign validators read as locks, are not starved by a stream of results either.
 *   At most `LARGE_WRITES_IN_FLIGHT_MAX` temporary files exist besides those of the three batches.
 */

import { dirname, join } from 'node:path';
import PQueue from 'p-queue';
import { DriftlockError } from '../../crdt/errors.ts';
import type { RandomInteger } from '../../net/clock.ts';
import {
  PLACEMENT_BYTES_MAX,
  PLACEMENTS_MAX,
  type Disk,
  type FileIdentity,
  type Placed,
  type Placement,
} from '../disk/disk.ts';
import { placeFile } from '../disk/place.ts';
import { DirectorySyncs } from './directory-syncs.ts';
import { PlacementGroups } from './placement-groups.ts';

/** Durable writes of one batch: what one that comes meanwhile waits for. */
export const DURABLE_BATCH_FILES_MAX = 64;
/** Hints that replace a file, of one batch: few, since their syncs share the disk with those of results. */
export const HINT_BATCH_FILES_MAX = 16;
/** Files that are too large for a batch, or replace whatever is there, between the creation of their temporary file and its rename. */
export const LARGE_WRITES_IN_FLIGHT_MAX = 16;
/** Writes of each kind that wait for their batch or a place. Callers that await their writes never come near. */
export const WRITES_WAITING_MAX = 16_384;

/** Tells apart two writers on one directory; beyond 2^32 there is nothing to gain. */
const WRITER_TAGS = 2 ** 32;

export interface WriteOptions {
  /**
   * `durable`: on disk before the promise resolves. `journaled`: visible at once; what it holds and what the file it
   * replaces held is on disk elsewhere. `hint`: visible at once, durable whenever, and no danger to what it replaces.
   */
  readonly durability: 'durable' | 'journaled' | 'hint';
  /** What must be at the target, as last read; undefined: nothing. With `any`, whatever is there is replaced. */
  readonly expected: FileIdentity | undefined | 'any';
}

/** `replaced: false`: somebody else wrote the target meanwhile. */
export type WriteOutcome = Placed;

export interface DurableWriterOptions {
  readonly disk: Disk;
  /** Exists, on the file system of all targets, and is emptied at start. */
  readonly temporaryDirectory: string;
  readonly random: RandomInteger;
}

export class DurableWriter {
  readonly #disk: Disk;
  readonly #temporaryDirectory: string;
  readonly #directorySyncs: DirectorySyncs;
  readonly #tag: string;
  readonly #unsynced: PlacementGroups;
  readonly #durable: PlacementGroups;
  readonly #hints: PlacementGroups;
  readonly #large = new PQueue({ concurrency: LARGE_WRITES_IN_FLIGHT_MAX });
  readonly #unfinished = new Set<Promise<WriteOutcome>>();
  #written = 0;

  constructor({ disk, temporaryDirectory, random }: DurableWriterOptions) {
    this.#disk = disk;
    this.#temporaryDirectory = temporaryDirectory;
    this.#directorySyncs = new DirectorySyncs(disk);
    this.#unsynced = new PlacementGroups(disk, { sync: false, filesMax: PLACEMENTS_MAX });
    this.#durable = new PlacementGroups(disk, { sync: true, filesMax: DURABLE_BATCH_FILES_MAX });
    this.#hints = new PlacementGroups(disk, { sync: true, filesMax: HINT_BATCH_FILES_MAX });
    this.#tag = random(WRITER_TAGS).toString(16);
  }

  /**
   * Writes `bytes` to `target`, an absolute path in a directory that exists. Awaiting the result is the backpressure.
   * Throws a `DiskError` (`ERR_NO_SPACE` and others), after which no part of the write is visible, except when syncing
   * the directory failed (then it is visible, and its durability unknown), or a batch was not answered (then it may be
   * visible, whole). Throws `ERR_QUEUE_FULL` beyond `WRITES_WAITING_MAX`.
   */
  write(target: string, bytes: Uint8Array, { durability, expected }: WriteOptions): Promise<WriteOutcome> {
    const temporary = join(this.#temporaryDirectory, `${this.#tag}.${this.#written++}.tmp`);
    const sync = durability === 'durable' || (durability === 'hint' && expected !== undefined);
    const isDurable = durability === 'durable';
    if (expected === 'any' || bytes.length > PLACEMENT_BYTES_MAX) {
      const place = (): Promise<Placed> => placeFile(this.#disk, { temporary, target, bytes, expected }, { sync });
      return this.#track(this.#alone(target, isDurable, place));
    }
    const groups = sync ? (isDurable ? this.#durable : this.#hints) : this.#unsynced;
    return this.#track(this.#inGroup({ temporary, target, bytes, expected }, isDurable, groups));
  }

  /**
   * Gives the file at `source`, which the caller has written in parts, the name `target`: durable when it resolves. It
   * stays where it is when `target` is not `expected`. Throws as {@link write} does.
   */
  publish(source: string, target: string, expected: FileIdentity | undefined): Promise<WriteOutcome> {
    return this.#track(this.#alone(target, true, () => this.#publish(source, target, expected)));
  }

  /** Resolves when every write called so far has ended, well or badly. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#unfinished);
  }

  #track(outcome: Promise<WriteOutcome>): Promise<WriteOutcome> {
    this.#unfinished.add(outcome);
    const forget = (): void => void this.#unfinished.delete(outcome);
    outcome.then(forget, forget);
    return outcome;
  }

  async #inGroup(placement: Placement, isDurable: boolean, groups: PlacementGroups): Promise<WriteOutcome> {
    refuseIfFull(groups.size, placement.target);
    return this.#named(placement.target, isDurable, await groups.place(placement));
  }

  async #alone(target: string, isDurable: boolean, place: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    refuseIfFull(this.#large.size, target);
    return this.#named(target, isDurable, await this.#large.add(place));
  }

  /** Outside the queues: a write that waits for its directory holds no file, and the larger the group, the cheaper. */
  async #named(target: string, isDurable: boolean, outcome: WriteOutcome): Promise<WriteOutcome> {
    if (isDurable && outcome.replaced) await this.#directorySyncs.sync(dirname(target));
    return outcome;
  }

  async #publish(source: string, target: string, expected: FileIdentity | undefined): Promise<WriteOutcome> {
    await this.#disk.syncFile(source);
    const identity = await this.#disk.identify(source);
    const replaced = await this.#disk.replace(source, target, expected);
    // What was just synced and renamed had an identity.
    if (replaced && identity !== undefined) return { replaced, identity };
    return { replaced: false, found: await this.#disk.identify(target) };
  }
}

function refuseIfFull(waiting: number, target: string): void {
  if (waiting < WRITES_WAITING_MAX) return;
  throw new DriftlockError('ERR_QUEUE_FULL', {
    argument: target,
    expected: `at most ${WRITES_WAITING_MAX} writes waiting`,
    found: 'one more; await some before the next',
  });
}
