/**
 * Does what is due for final blocks: moves their files to `backup/`, settles their records, prunes what is not to be kept.
 *
 * Invariants:
 * - A block's files are found at any moment by whoever looks in the first place and then in the archive: a move is one
 *   rename, and the directory that gains a name is synced before the one that loses it.
 * - A file that is not the one this node took in last is left alone until it was taken in.
 * - What is pruned is below the window, which is on disk before the first file goes.
 */

import { dirname } from 'node:path';
import PQueue from 'p-queue';
import { EMPTY_RECORD, recordOf } from '../../crdt/block/record.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { pause, type Clock } from '../../net/clock.ts';
import { DirectorySyncs } from '../datadir/directory-syncs.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import { sameFile, type Disk } from '../disk/disk.ts';
import type { BlockFileKind } from '../files/file-names.ts';
import type { FinalityRegister } from '../finality/register.ts';
import type { Replica } from '../replica/replica.ts';
import type { Tally } from '../replica/tally.ts';
import { NO_SLOT } from '../replica/slot-index.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { FileLedger, FilePlace } from '../store/file-ledger.ts';
import type { WitnessIntake } from '../witness/intake.ts';
import type { WitnessShelf } from '../witness/shelf.ts';
import { archiveBelow, pruneBelow, settleBelow, type KeptBlock, type UpkeepSettings } from './plan.ts';
import type { BlockWindow } from './window.ts';

export interface UpkeepOptions {
  readonly settings: UpkeepSettings;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly writer: DurableWriter;
  readonly layout: DatadirLayout;
  readonly register: FinalityRegister;
  readonly window: BlockWindow;
  readonly replica: Replica;
  readonly files: FileLedger;
  readonly shelf: WitnessShelf;
  readonly tally: Tally;
  readonly store: BlockStore;
  readonly witnesses: WitnessIntake;
  readonly pathOf: Readonly<Record<BlockFileKind, (key: BlockKey, place: FilePlace) => string>>;
  readonly onEvent: (event: UpkeepEvent) => void;
}

export type UpkeepEvent =
  | { readonly type: 'upkeep'; readonly archived: number; readonly settled: number; readonly pruned: number }
  | { readonly type: 'upkeep-failed'; readonly error: unknown };

/** Between two passes, when finality does not move. */
const PASS_INTERVAL_MS = 60_000;
/** Blocks worked on at once. */
const BLOCKS_IN_FLIGHT_MAX = 16;
/** Slots that a pass looks at without a pause: about 2 ms. */
const SLOTS_AT_ONCE = 16_384;

const KINDS: readonly BlockFileKind[] = ['validate', 'witness'];
const PLACES: readonly FilePlace[] = ['primary', 'backup'];

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #syncs: DirectorySyncs;
  readonly #queue = new PQueue({ concurrency: BLOCKS_IN_FLIGHT_MAX });
  readonly #stopping = new AbortController();
  #passing: Promise<void> = Promise.resolve();
  #isWaiting = false;
  #cancelTimer: () => void = () => undefined;
  #done = { archived: 0, settled: 0, pruned: 0 };

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#syncs = new DirectorySyncs(options.disk);
  }

  /** Begins a pass, and one every minute. */
  start(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.schedule(PASS_INTERVAL_MS, () => this.start());
    void this.pass();
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await this.#passing;
  }

  /** Does what is due. Calls while a pass waits to begin share it. */
  pass(): Promise<void> {
    if (this.#isWaiting) return this.#passing;
    this.#isWaiting = true;
    this.#passing = this.#passing.then(async () => {
      this.#isWaiting = false;
      await this.#orReport(() => this.#pass());
    });
    return this.#passing;
  }

  async #pass(): Promise<void> {
    const { register, settings, onEvent } = this.#options;
    const { last } = register;
    if (last === undefined || this.#stopping.signal.aborted) return;
    this.#done = { archived: 0, settled: 0, pruned: 0 };
    await this.#prune(last.number);
    const archiveEnd = archiveBelow(last.number, settings);
    const settleEnd = settleBelow(last.number, settings);
    await this.#eachSlot(async (slot, number) => {
      const { replica, files } = this.#options;
      const isToSettle = number < settleEnd && replica.isSettleable(slot);
      const kinds = number < archiveEnd ? KINDS.filter((kind) => files.knownAt(kind, slot)?.place === 'primary') : [];
      if (!isToSettle && kinds.length === 0) return;
      const key = replica.blocks.keyOf(slot);
      await this.#enqueue(async () => {
        if (isToSettle) this.#settle(key);
        for (const kind of kinds) await this.#archive(kind, key);
      });
    });
    await this.#queue.onIdle();
    if (Object.values(this.#done).some((count) => count > 0)) onEvent({ type: 'upkeep', ...this.#done });
  }

  #settle(key: BlockKey): void {
    const change = this.#options.store.merge({ key, record: recordOf({ settled: true }) }, 'upkeep');
    if (change !== undefined) this.#done.settled++;
  }

  async #archive(kind: BlockFileKind, key: BlockKey): Promise<void> {
    const { disk, files, store, witnesses, pathOf } = this.#options;
    await (kind === 'validate' ? store : witnesses).exclusively(key, async () => {
      const known = files.known(kind, key);
      const [from, to] = [pathOf[kind](key, 'primary'), pathOf[kind](key, 'backup')];
      if (known?.place !== 'primary' || !sameFile(await disk.identify(from), known.identity)) return;
      await disk.makeDirectory(dirname(to));
      await disk.move(from, to);
      files.note(kind, key, { identity: known.identity, place: 'backup' });
      await this.#syncs.sync(dirname(to));
      await this.#syncs.sync(dirname(from));
      if (kind === 'validate') this.#done.archived++;
    });
  }

  async #prune(finalNumber: number): Promise<void> {
    const { settings, window, writer, layout } = this.#options;
    const isLimited = [settings.retainBlocks, settings.retainMs, settings.retainBytes].some(Number.isFinite);
    if (isLimited) await window.raise(await this.#pruneBelow(finalNumber), writer, layout);
    if (window.from === 0) return;
    await this.#eachSlot(async (slot, number) => {
      if (number >= window.from || number > finalNumber) return;
      const key = this.#options.replica.blocks.keyOf(slot);
      await this.#enqueue(() => this.#remove(key));
    });
    await this.#queue.onIdle();
  }

  async #pruneBelow(finalNumber: number): Promise<number> {
    const { settings, files, clock, replica } = this.#options;
    const kept: KeptBlock[] = [];
    let otherBytes = 0;
    let newestFinished = -1;
    await this.#eachSlot(async (slot, number) => {
      const validate = files.knownAt('validate', slot);
      const sizeBytes = (validate?.identity.sizeBytes ?? 0) + (files.knownAt('witness', slot)?.identity.sizeBytes ?? 0);
      if (replica.isFinishedAt(slot)) newestFinished = Math.max(newestFinished, number);
      if (number > finalNumber) otherBytes += sizeBytes;
      else if (validate !== undefined) {
        kept.push({ number, sizeBytes, changedAtMs: Number(validate.identity.modifiedNs / 1_000_000n) });
      }
    });
    kept.sort((a, b) => a.number - b.number);
    const nowMs = clock.wallMs();
    return pruneBelow({ finalNumber, newestFinished, nowMs, otherBytes, kept }, settings);
  }

  /** Removes the block's files and forgets it. */
  async #remove(key: BlockKey): Promise<void> {
    const { store, witnesses, disk, files, shelf, tally, replica, pathOf } = this.#options;
    const forget = async (): Promise<void> => {
      for (const kind of KINDS) {
        for (const place of PLACES) await disk.remove(pathOf[kind](key, place));
        files.forget(kind, key);
      }
      shelf.remove(key);
      const before = replica.get(key);
      replica.remove(key);
      tally.note({ key, before, after: EMPTY_RECORD });
      const slot = replica.blocks.slotOf(key);
      if (slot !== NO_SLOT) replica.blocks.release(slot);
      this.#done.pruned++;
    };
    await store.exclusively(key, () => witnesses.exclusively(key, forget));
  }

  /** Calls `visit` for each slot in use, with the block's number. */
  async #eachSlot(visit: (slot: number, number: number) => Promise<void>): Promise<void> {
    const { replica, files, clock } = this.#options;
    for (let slot = 0; slot < replica.blocks.slotsEnd; slot++) {
      if (this.#stopping.signal.aborted) return;
      const isUsed = replica.isHeldAt(slot) || KINDS.some((kind) => files.knownAt(kind, slot) !== undefined);
      if (isUsed) await visit(slot, replica.blocks.numberAt(slot));
      if (slot % SLOTS_AT_ONCE === SLOTS_AT_ONCE - 1) await pause(clock, 0, this.#stopping.signal).catch(() => {});
    }
  }

  async #enqueue(task: () => Promise<void>): Promise<void> {
    await this.#queue.onSizeLessThan(BLOCKS_IN_FLIGHT_MAX);
    void this.#queue.add(() => this.#orReport(task));
  }

  async #orReport(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#options.onEvent({ type: 'upkeep-failed', error });
    }
  }
}
