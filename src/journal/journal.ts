/**
 * The redo journal: records that hold results are durable here before anyone hears of them, and their `.v` files, which
 * are written without a sync, catch up later. One sync of one appended file serves everyone who waits for it (group
 * commit), where a file of its own costs two.
 *
 * Invariants:
 * - `append` resolves once the entry is on disk. An entry is a block's *full* record, so the newest one of a block makes
 *   the older ones superfluous, and so does a synced file: an unsynced file may replace a synced one without risk.
 * - A segment is removed only when the newest entry of each of its blocks is in a later segment or in a synced file.
 * - After a failed write or sync nothing is appended to that segment any more: the kernel may have dropped the bytes.
 * - From `JOURNAL_BYTES_MAX` on, a block that is not in the journal is not let in. One that is may always append, since
 *   its new entry is what lets the old segment go.
 *
 * Replay is a merge: entries may be replayed twice, in any order, and from a segment that should be gone.
 */

import { join } from 'node:path';
import PQueue from 'p-queue';
import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { DriftlockError, isFailure } from '../../crdt/errors.ts';
import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { Disk } from '../disk/disk.ts';
import { takeGroup } from '../disk/take-group.ts';
import { decodeSegment, encodeEntry, ENTRY_BYTES_MAX, SEGMENT_HEADER } from './segment.ts';

/** A segment takes no more entries beyond it: about 12,000 results, 2 s of work at the most. */
export const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
/** Nor once its first entry is this old: as long as Linux leaves written pages before it writes them back by itself. */
export const SEGMENT_AGE_MS_MAX = 30_000;
/** All segments together; what a start after a crash may have to read. */
export const JOURNAL_BYTES_MAX = 32 * 1024 * 1024;
/** What one write and sync takes, but for one entry that is longer. */
export const GROUP_BYTES_MAX = 1024 * 1024;
/** No segment that this version wrote is longer. */
const SEGMENT_FILE_BYTES_MAX = SEGMENT_BYTES_MAX + GROUP_BYTES_MAX + ENTRY_BYTES_MAX;

/** Each may read a file and write it anew. */
const REPLAYS_IN_FLIGHT_MAX = 64;

const SEGMENT_NAME = /^(0|[1-9][0-9]{0,14})\.journal$/;

export interface Segment {
  readonly path: string;
  readonly closedAtMs: number;
}

export interface JournalOptions {
  readonly disk: Pick<Disk, 'append' | 'list' | 'read' | 'remove'>;
  /** Exists, and holds nothing but the journal. */
  readonly directory: string;
  readonly clock: Clock;
  /** A segment takes no more entries. */
  readonly onClosed: () => void;
}

export type JournalEvent =
  /** `entries` of `files` were merged at start: the node did not stop in an orderly way. */
  | { readonly type: 'journal-replayed'; readonly files: number; readonly entries: number; readonly tornBytes: number }
  /** A part in the middle of `file` could not be read. What it held is gone unless a file or a peer has it. */
  | { readonly type: 'journal-damaged'; readonly file: string; readonly offset: number; readonly sizeBytes: number };

interface OwnSegment extends Segment {
  readonly blocks: Map<BlockId, BlockKey>;
  sizeBytes: number;
  closedAtMs: number;
}

interface Append {
  readonly key: BlockKey;
  readonly fingerprint: Fingerprint;
  readonly bytes: Uint8Array;
  readonly settle: PromiseWithResolvers<void>;
}

export class Journal {
  readonly #options: JournalOptions;
  /** Where the newest entry of each block in the journal is, and what it says. */
  readonly #newest = new Map<BlockId, { readonly segment: OwnSegment; readonly fingerprint: Fingerprint }>();
  /** Oldest first. */
  #closed: readonly OwnSegment[] = [];
  #active: OwnSegment | undefined;
  /** The active segment takes no more groups. */
  #isActiveOld = false;
  #cancelTimer: () => void = () => undefined;
  #waiting: Append[] = [];
  #waitingBytes = 0;
  #isAppending = false;
  #sizeBytes = 0;
  #nextSequence = 0;
  #isRecovering = false;
  #waitingForRoom: (() => void)[] = [];

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Those that take no more entries, oldest first. */
  get closed(): readonly Segment[] {
    return this.#closed;
  }

  /** Whether a record of the block is being replayed: a file of it that makes no sense was torn by the crash. */
  isReplaying(key: BlockKey): boolean {
    return this.#isRecovering && this.#newest.has(blockId(key));
  }

  /**
   * Gives every record in the journal to `merge`, at start, before any `append`. Throws `ERR_UNKNOWN_VERSION` when a later
   * driftlock wrote it, and what the disk throws.
   */
  async recover(merge: (keyed: KeyedRecord) => Promise<void>): Promise<readonly JournalEvent[]> {
    const { disk, directory } = this.#options;
    const sequences = (await disk.list(directory)).flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? []).map(Number);
    // Merging writes files, and these writes append.
    this.#nextSequence = Math.max(-1, ...sequences) + 1;
    const replays = new PQueue({ concurrency: REPLAYS_IN_FLIGHT_MAX });
    const damaged: JournalEvent[] = [];
    let entries = 0;
    let tornBytes = 0;
    this.#isRecovering = true;
    for (const sequence of sequences.sort((a, b) => a - b)) {
      const segment = this.#segmentOf(sequence);
      const content = await disk.read(segment.path, SEGMENT_FILE_BYTES_MAX);
      if (content === undefined) continue;
      const decoded = decodeSegment(content.bytes, segment.path);
      for (const part of decoded.damage) damaged.push({ type: 'journal-damaged', file: segment.path, ...part });
      for (const { keyed, fingerprint } of decoded.entries) this.#note(segment, keyed.key, fingerprint);
      this.#grow(segment, content.bytes.length);
      await replays.addAll(
        decoded.entries.map(
          ({ keyed }) =>
            () =>
              merge(keyed),
        ),
      );
      this.#close(segment);
      entries += decoded.entries.length;
      tornBytes += decoded.tornBytes;
    }
    this.#isRecovering = false;
    if (sequences.length === 0) return [];
    return [...damaged, { type: 'journal-replayed', files: sequences.length, entries, tornBytes }];
  }

  hasRoomFor(key: BlockKey): boolean {
    return this.#sizeBytes + this.#waitingBytes < JOURNAL_BYTES_MAX || this.#newest.has(blockId(key));
  }

  /**
   * Resolves when there is room for the block, or `signal` is aborted. Whoever waits must hold nothing that a checkpoint
   * may need.
   */
  async room(key: BlockKey, signal: AbortSignal): Promise<void> {
    while (!this.hasRoomFor(key) && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#waitingForRoom.push(wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
  }

  /**
   * Resolves once `keyed`, whose fingerprint is `fingerprint`, is on disk: at once when its newest entry says the same.
   * Throws `ERR_JOURNAL_FULL` when there is no room for the block, and a `DiskError`, after which it may or may not be on
   * disk.
   */
  async append(keyed: KeyedRecord, fingerprint: Fingerprint): Promise<void> {
    if (this.#newest.get(blockId(keyed.key))?.fingerprint === fingerprint) return;
    if (!this.hasRoomFor(keyed.key)) {
      throw new DriftlockError('ERR_JOURNAL_FULL', {
        argument: this.#options.directory,
        expected: `a journal below ${JOURNAL_BYTES_MAX} bytes`,
        found: `${this.#sizeBytes}, whose files could not be synced yet`,
      });
    }
    const settle = Promise.withResolvers<void>();
    const bytes = encodeEntry(keyed, fingerprint);
    this.#waitingBytes += bytes.length;
    this.#waiting.push({ key: keyed.key, fingerprint, bytes, settle });
    if (!this.#isAppending) void this.#appendAll();
    await settle.promise;
  }

  /** The blocks whose newest entry is in `segment`. */
  newestIn(segment: Segment): BlockKey[] {
    const found = this.#closed.find((closed) => closed === segment);
    return [...(found?.blocks ?? [])].flatMap(([id, key]) => (this.#newest.get(id)?.segment === found ? [key] : []));
  }

  /** Removes a closed segment. Precondition: the files of {@link newestIn} are synced, content and name. */
  async remove(segment: Segment): Promise<void> {
    await this.#options.disk.remove(segment.path);
    const removed = this.#closed.find((closed) => closed === segment);
    if (removed === undefined) return;
    this.#closed = this.#closed.filter((closed) => closed !== removed);
    for (const id of removed.blocks.keys()) if (this.#newest.get(id)?.segment === removed) this.#newest.delete(id);
    this.#grow(removed, -removed.sizeBytes);
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const wake of waiting) wake();
  }

  /** Closes the segment that is being written, at the end of the group under way. */
  closeActive(): void {
    if (this.#active === undefined) return;
    this.#isActiveOld = true;
    if (!this.#isAppending) this.#close(this.#active);
  }

  async #appendAll(): Promise<void> {
    this.#isAppending = true;
    while (this.#waiting.length > 0) await this.#appendGroup(this.#takeGroup());
    this.#isAppending = false;
  }

  #takeGroup(): readonly Append[] {
    const limits = { itemsMax: Infinity, bytesMax: GROUP_BYTES_MAX };
    const group = takeGroup(this.#waiting, ({ bytes }) => bytes.length, limits);
    for (const { bytes } of group) this.#waitingBytes -= bytes.length;
    return group;
  }

  async #appendGroup(group: readonly Append[]): Promise<void> {
    const segment = (this.#active ??= this.#open());
    const parts = group.map(({ bytes }) => bytes);
    const bytes = Buffer.concat(segment.sizeBytes === 0 ? [SEGMENT_HEADER, ...parts] : parts);
    this.#grow(segment, bytes.length);
    try {
      await this.#options.disk.append(segment.path, bytes);
      for (const { key, fingerprint, settle } of group) {
        this.#note(segment, key, fingerprint);
        settle.resolve();
      }
      if (this.#isActiveOld || segment.sizeBytes >= SEGMENT_BYTES_MAX) this.#close(segment);
    } catch (error) {
      this.#close(segment);
      // On a full disk every try makes one; with nothing in it, it only takes room.
      if (this.newestIn(segment).length === 0) await this.remove(segment).catch(ignoreFailure);
      for (const { settle } of group) settle.reject(error);
    }
  }

  #open(): OwnSegment {
    this.#isActiveOld = false;
    this.#cancelTimer = this.#options.clock.schedule(SEGMENT_AGE_MS_MAX, () => this.closeActive());
    return this.#segmentOf(this.#nextSequence++);
  }

  #segmentOf(sequence: number): OwnSegment {
    const path = join(this.#options.directory, `${sequence}.journal`);
    return { path, blocks: new Map(), sizeBytes: 0, closedAtMs: 0 };
  }

  #close(segment: OwnSegment): void {
    if (this.#active === segment) {
      this.#active = undefined;
      this.#cancelTimer();
    }
    segment.closedAtMs = this.#options.clock.monotonicMs();
    this.#closed = [...this.#closed, segment];
    this.#options.onClosed();
  }

  #note(segment: OwnSegment, key: BlockKey, fingerprint: Fingerprint): void {
    const id = blockId(key);
    segment.blocks.set(id, key);
    this.#newest.set(id, { segment, fingerprint });
  }

  #grow(segment: OwnSegment, byBytes: number): void {
    segment.sizeBytes += byBytes;
    this.#sizeBytes += byBytes;
  }
}

/** The segment is closed, so it is tried again with the next checkpoint. */
function ignoreFailure(error: unknown): void {
  if (!isFailure(error)) throw error;
}
