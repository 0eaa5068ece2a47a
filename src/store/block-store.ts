/**
 * Records in memory and their `.v` files on disk, kept equal.
 *
 * Invariants:
 * - A result of this node is in the journal, synced, before it enters the replica, so nobody hears of one that a crash
 *   could take back. Claims enter at once and are written soon: losing one costs at most a duplicate.
 * - A record that holds a result is in the journal before it is in its file, which therefore needs no sync of its own.
 * - A file is only ever replaced if it still is the one that was taken in last. What another program wrote in between
 *   is taken in first, and then the merged record is written over it.
 * - One task at a time touches a block's file.
 * - What no other program reads from a `.v`, who announced a witness and who holds it, is written within `UNSEEN_WRITE_MS`: its
 *   announcement and all nodes that come to hold it cost one write and not one each; until then a crash takes back no more than
 *   peers and the `.w` itself tell again.
 */

import PQueue from 'p-queue';
import { encodeRecord, type KeyedRecord } from '../../crdt/block/record-codec.ts';
import { fingerprintOf, type Fingerprint } from '../../crdt/block/fingerprint.ts';
import { isEmptyRecord, mergeRecords, type BlockRecord } from '../../crdt/block/record.ts';
import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import { pause, type Clock } from '../../net/clock.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import { sameFile, type Disk } from '../disk/disk.ts';
import type { Journal } from '../journal/journal.ts';
import type { ValidateInfo } from '../files/validate-info.ts';
import { encodeValidateFile } from '../files/validate-file.ts';
import type { Change, Replica } from '../replica/replica.ts';
import type { FileLedger, FilePlace, KnownFile } from './file-ledger.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import type { Sighting } from './sighting.ts';

/** Where a change came from: made here, heard from a peer, found in the files, or due by a rule that every node follows. */
export type Origin = 'local' | 'peer' | 'disk' | 'upkeep';

export interface StoreChange extends Change {
  readonly origin: Origin;
  /** What was merged; for a local change, what peers have not heard yet. */
  readonly delta: BlockRecord;
}

export interface BlockStoreOptions {
  readonly replica: Replica;
  readonly files: FileLedger;
  readonly writer: DurableWriter;
  readonly journal: Pick<Journal, 'append' | 'hasRoomFor' | 'room'>;
  readonly disk: Pick<Disk, 'identify' | 'syncFile'>;
  readonly clock: Clock;
  readonly pathOf: (key: BlockKey, place?: FilePlace) => string;
  /** What the file of this record says to other programs, now. */
  readonly fileViewOf: (key: BlockKey, record: BlockRecord) => ValidateInfo;
  /** Reads the block's file if it is not the one that `known` identifies; undefined when it still is. */
  readonly look: (key: BlockKey, known: KnownFile | undefined) => Promise<Sighting | undefined>;
  readonly onChange: (change: StoreChange) => void;
  /** A write failed and will be tried again. */
  readonly onWriteError: (file: string, error: unknown) => void;
}

interface Staged {
  readonly delta: BlockRecord;
  readonly settle: (isDurable: boolean) => void;
}

/** Blocks whose files are being written or looked at; the rest wait here rather than in the writer's queue. */
export const WRITES_UNDER_WAY_MAX = 256;
/** Unwritten blocks beyond which those who bring new ones in bulk should wait; see {@link BlockStore.room}. */
export const DIRTY_BLOCKS_MAX = 4_096;

/** Looks at a file that other programs go on changing, before the next checkpoint has to do. */
const SECURE_ATTEMPTS_MAX = 3;
/** For how long a change that no other program reads may wait for more: a node that catches up with some thousands of blocks. */
export const UNSEEN_WRITE_MS = 10_000;
/** Blocks with such changes that wait to be written; with one more all are. 3 MB. */
export const UNSEEN_WAITING_MAX = 16_384;

/** Between two tries to write a file, for instance on a full disk. */
const WRITE_RETRY_MS = 1_000;

export class BlockStore {
  readonly replica: Replica;
  readonly #options: BlockStoreOptions;
  readonly #mutex = new KeyedMutex();
  readonly #staged = new Map<BlockId, readonly Staged[]>();
  /** Blocks whose record changed since the last write of their file began. */
  readonly #dirty = new Set<BlockId>();
  /** These, and those whose file is being written. Each has one task that writes until its block is clean. */
  readonly #unwritten = new Set<BlockId>();
  /** Blocks whose file lacks nothing that another program would read. None of them is unwritten. */
  readonly #lacking = new Map<BlockId, BlockKey>();
  #cancelUnseen: (() => void) | undefined;
  /** Of the unwritten, the ones whose next write is to be synced, whatever it holds. */
  readonly #refreshing = new Set<BlockId>();
  readonly #stopping = new AbortController();
  readonly #writes = new PQueue({ concurrency: WRITES_UNDER_WAY_MAX });
  #waitingForRoom: (() => void)[] = [];

  constructor(options: BlockStoreOptions) {
    this.#options = options;
    this.replica = options.replica;
  }

  /** Blocks whose file is not yet what their record says. */
  get dirtyCount(): number {
    return this.#unwritten.size + this.#lacking.size;
  }

  /** Merges into memory now and into the file soon. Not for results of this node: those are committed. */
  merge(keyed: KeyedRecord, origin: Origin): StoreChange | undefined {
    const change = this.replica.merge(keyed);
    if (change === undefined) return undefined;
    const stored = { ...change, origin, delta: keyed.record };
    this.#options.onChange(stored);
    if (this.#mayWait(keyed)) this.#writeLater(keyed.key);
    else this.#markDirty(keyed.key);
    return stored;
  }

  /**
   * Makes it durable first, then merges into memory. Resolves with true then: the file shows it soon after, and a crash in
   * between is made up for by the journal. Resolves with false when the store stopped and the disk did not take it: then
   * nobody has heard of it.
   */
  commit(keyed: KeyedRecord): Promise<boolean> {
    return new Promise((resolve) => {
      const id = blockId(keyed.key);
      this.#staged.set(id, [...(this.#staged.get(id) ?? []), { delta: keyed.record, settle: resolve }]);
      this.#markDirty(keyed.key);
    });
  }

  /**
   * The block's record with the results that wait to be synced: what this node's next words about it must follow. Nobody
   * else may hear of it.
   */
  recordToCome(key: BlockKey): BlockRecord {
    const staged = this.#staged.get(blockId(key)) ?? [];
    return staged.reduce((record, { delta }) => mergeRecords(record, delta), this.replica.get(key));
  }

  /** Looks at the block's file and takes in what another program wrote there. */
  async takeIn(key: BlockKey): Promise<void> {
    await this.#mutex.run(blockId(key), () => this.#takeInLocked(key));
  }

  /**
   * Takes over a block of which nothing is known from its file, whose record has this fingerprint and was checked. False when
   * something is known.
   */
  load(keyed: KeyedRecord, fingerprint: Fingerprint, file: KnownFile): boolean {
    const { files, onChange } = this.#options;
    const { key, record } = keyed;
    const change = this.#staged.has(blockId(key)) ? undefined : this.replica.load(keyed, fingerprint);
    if (change === undefined) return false;
    files.note('validate', key, file);
    files.noteRecord(key, fingerprint);
    onChange({ ...change, origin: 'disk', delta: record });
    return true;
  }

  /** Runs `task` while nothing else touches the block's `.v`. */
  exclusively(key: BlockKey, task: () => Promise<void>): Promise<void> {
    return this.#mutex.run(blockId(key), task);
  }

  /**
   * What the block's file says has changed though its record has not: writes it again. Resolves once it is on disk, synced,
   * or given up.
   */
  async refresh(key: BlockKey): Promise<void> {
    const id = blockId(key);
    this.#options.files.noteRecord(key, undefined);
    this.#refreshing.add(id);
    this.#markDirty(key);
    await this.#mutex.run(id, async () => undefined);
  }

  /** Merges what the journal holds, at start. The file is read first, so that only one which lacks something is written. */
  async replay(keyed: KeyedRecord): Promise<void> {
    await this.takeIn(keyed.key);
    this.merge(keyed, 'disk');
  }

  /**
   * Syncs the file that holds the block's record, and gives its path; its name is not synced. Undefined when the file
   * lacks a part of the record that cannot be written now.
   */
  async secure(key: BlockKey): Promise<string | undefined> {
    if (this.#lacking.has(blockId(key))) this.#markDirty(key);
    for (let attempt = 0; attempt < SECURE_ATTEMPTS_MAX; attempt++) {
      const path = await this.#syncFile(key);
      if (path !== undefined) return path;
      // Waits for a write that is under way, too.
      await this.takeIn(key);
    }
    return undefined;
  }

  /** Resolves while fewer than `DIRTY_BLOCKS_MAX` blocks wait to be written: the backpressure of catching up. */
  async room(): Promise<void> {
    while (this.#unwritten.size >= DIRTY_BLOCKS_MAX && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => void this.#waitingForRoom.push(resolve));
    }
  }

  /** Resolves once every file is what its record says. */
  async idle(): Promise<void> {
    this.#writeUnseen();
    await this.#mutex.idle();
  }

  /** From now on a file that cannot be written is given up after one more try, and nobody waits for it any longer. */
  stopRetrying(): void {
    this.#stopping.abort();
    this.#wakeWaiting();
  }

  /** Gives up on files that cannot be written; everything else is written to its end. */
  async stop(): Promise<void> {
    this.stopRetrying();
    await this.idle();
  }

  /** Whether nothing has changed but what no other program reads: no file says as much as one that says idle. */
  #mayWait({ key, record }: KeyedRecord): boolean {
    const { files, fileViewOf } = this.#options;
    if (this.#unwritten.has(blockId(key)) || this.#stopping.signal.aborted) return false;
    if (!isEmptyRecord({ ...record, witnesses: [], holders: [] })) return false;
    const isOfHolders = record.witnesses.length === 0 && files.has('validate', key);
    return isOfHolders || fileViewOf(key, this.replica.get(key)).status === 'Idle';
  }

  #writeLater(key: BlockKey): void {
    this.#lacking.set(blockId(key), key);
    if (this.#lacking.size > UNSEEN_WAITING_MAX) this.#writeUnseen();
    else this.#cancelUnseen ??= this.#options.clock.schedule(UNSEEN_WRITE_MS, () => this.#writeUnseen());
  }

  #writeUnseen(): void {
    this.#cancelUnseen?.();
    this.#cancelUnseen = undefined;
    for (const key of this.#lacking.values()) this.#markDirty(key);
  }

  #markDirty(key: BlockKey): void {
    const id = blockId(key);
    this.#lacking.delete(id);
    this.#dirty.add(id);
    if (this.#unwritten.has(id)) return;
    this.#unwritten.add(id);
    void this.#mutex.run(id, () => this.#writeUntilClean(key));
  }

  async #writeUntilClean(key: BlockKey): Promise<void> {
    const id = blockId(key);
    while (this.#dirty.has(id)) {
      try {
        if (this.#isJournaled(key)) await this.#options.journal.room(key, this.#stopping.signal);
        await this.#writes.add(() => this.#writeOnce(key));
      } catch (error) {
        if (!isFailure(error)) throw error;
        this.#dirty.add(id);
        this.#options.onWriteError(this.#options.pathOf(key), error);
        if (this.#stopping.signal.aborted) {
          this.#giveUp(id);
          return;
        }
        await pause(this.#options.clock, WRITE_RETRY_MS, this.#stopping.signal).catch(() => {});
      }
    }
    this.#unwritten.delete(id);
    if (this.#unwritten.size < DIRTY_BLOCKS_MAX) this.#wakeWaiting();
  }

  /** The file stays as it is until something changes again, and the results that were not written are unheard of. */
  #giveUp(id: BlockId): void {
    this.#dirty.delete(id);
    this.#unwritten.delete(id);
    this.#refreshing.delete(id);
    const staged = this.#staged.get(id) ?? [];
    this.#staged.delete(id);
    for (const { settle } of staged) settle(false);
  }

  #wakeWaiting(): void {
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const wake of waiting) wake();
  }

  async #writeOnce(key: BlockKey): Promise<void> {
    const id = blockId(key);
    const { journal, files, writer, pathOf, fileViewOf } = this.#options;
    const isJournaled = this.#isJournaled(key);
    // Others were faster: back to waiting, where nobody else is held up.
    if (isJournaled && !journal.hasRoomFor(key) && !this.#stopping.signal.aborted) return;
    this.#dirty.delete(id);
    const staged = this.#staged.get(id) ?? [];
    const candidate = this.recordToCome(key);
    // Pruned while this write waited for its turn.
    if (isEmptyRecord(candidate)) {
      this.#refreshing.delete(id);
      return;
    }
    const current = staged.length === 0 ? this.replica.fingerprint(key) : undefined;
    const fingerprint = current ?? fingerprintOf({ key, record: candidate });
    // Now: by the time the journal has it the record may have gone on, and its view would speak of a lease that is over.
    const view = fileViewOf(key, candidate);

    if (isJournaled && (!files.holdsRecord(key, fingerprint) || staged.length > 0)) {
      await journal.append({ key, record: candidate }, fingerprint);
      this.#publish(key, staged);
    }
    if (!files.holdsRecord(key, fingerprint)) {
      const bytes = encodeValidateFile(view, encodeRecord(candidate));
      const unsynced = isJournaled ? 'journaled' : 'hint';
      const durability = this.#refreshing.has(id) ? 'durable' : unsynced;
      const known = files.known('validate', key);
      const place = known?.place ?? 'primary';
      const outcome = await writer.write(pathOf(key, place), bytes, { durability, expected: known?.identity });
      if (outcome.replaced) {
        this.#refreshing.delete(id);
        files.note('validate', key, { identity: outcome.identity, place });
        files.noteRecord(key, fingerprint);
      } else {
        await this.#takeInLocked(key);
      }
    }
    if (this.#staged.has(id) || !this.#isWritten(key)) this.#dirty.add(id);
  }

  /** Whether the block has what a crash must not take back. */
  #isJournaled(key: BlockKey): boolean {
    return this.#staged.has(blockId(key)) || this.replica.get(key).results.length > 0;
  }

  /** From here on `durable` is told to everyone, those who wait for it included. */
  #publish(key: BlockKey, durable: readonly Staged[]): void {
    const id = blockId(key);
    const rest = (this.#staged.get(id) ?? []).slice(durable.length);
    if (rest.length === 0) this.#staged.delete(id);
    else this.#staged.set(id, rest);
    for (const { delta, settle } of durable) {
      const change = this.replica.merge({ key, record: delta });
      if (change !== undefined) this.#options.onChange({ ...change, origin: 'local', delta });
      settle(true);
    }
  }

  /** Gives the path of the file if it holds the block's record, synced; of a block that was pruned, where it was. */
  async #syncFile(key: BlockKey): Promise<string | undefined> {
    const { disk, files, pathOf } = this.#options;
    const fingerprint = this.replica.fingerprint(key);
    if (fingerprint === undefined && !this.#staged.has(blockId(key))) return pathOf(key);
    const known = files.known('validate', key);
    if (known === undefined || fingerprint === undefined || !files.holdsRecord(key, fingerprint)) return undefined;
    const path = pathOf(key, known.place);
    try {
      await disk.syncFile(path);
    } catch (error) {
      if (!isFailure(error)) throw error;
      // The kernel may have dropped what it could not write, and say yes the next time: only a new file counts.
      if (isSameFile(files.known('validate', key), known)) files.noteRecord(key, undefined);
      this.#markDirty(key);
      if (isFailure(error, 'ERR_NOT_FOUND')) return undefined;
      throw error;
    }
    return sameFile(await disk.identify(path), known.identity) ? path : undefined;
  }

  async #takeInLocked(key: BlockKey): Promise<void> {
    const id = blockId(key);
    const { files, look } = this.#options;
    const sighting = await look(key, files.known('validate', key));
    if (sighting === undefined) return;
    if (sighting.file === undefined) files.forget('validate', key);
    else {
      files.note('validate', key, sighting.file);
      files.noteRecord(key, sighting.fingerprint);
    }
    for (const { record, origin } of sighting.deltas) {
      // While a result waits to be synced, what the file holds may be that very result, of a write whose sync failed.
      const isUnsynced = record.results.length > 0 && (origin === 'local' || this.#staged.has(id));
      if (isUnsynced) void this.commit({ key, record });
      else this.merge({ key, record }, origin);
    }
    if (!this.#isWritten(key)) this.#markDirty(key);
  }

  /** Whether the file holds the block's record; without a record there is nothing to hold. */
  #isWritten(key: BlockKey): boolean {
    const fingerprint = this.replica.fingerprint(key);
    return fingerprint === undefined || this.#options.files.holdsRecord(key, fingerprint);
  }
}

function isSameFile(now: KnownFile | undefined, before: KnownFile): boolean {
  return now?.place === before.place && sameFile(now.identity, before.identity);
}
