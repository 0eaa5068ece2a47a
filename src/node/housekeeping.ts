/**
 * What a node does beside its work: keeps `chain.status`, archives, settles and prunes what is final, looks for rot, and
 * remembers for the next start what it has read.
 *
 * Invariant: none of it is on the path of a claim or a result, and each part goes on when another fails.
 */

import { hasSuccess } from '../../crdt/block/record.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { ContractsFound } from '../contracts/contract-repair.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import { noteAncestors } from '../finality/ancestors.ts';
import { FinalityKeeper, type FinalityEvent } from '../finality/finality-keeper.ts';
import { FinalityRegister } from '../finality/register.ts';
import { rereadBlock, type BlockFiles, type RereadParts } from '../scrub/reread.ts';
import { Scrubber, type ScrubProgress } from '../scrub/scrubber.ts';
import { SnapshotKeeper } from '../snapshot/snapshot-keeper.ts';
import type { SnapshotParts } from '../snapshot/node-snapshot.ts';
import type { BlockStore, StoreChange } from '../store/block-store.ts';
import { Upkeep } from '../upkeep/upkeep.ts';
import { BlockWindow } from '../upkeep/window.ts';
import type { WitnessStanding } from '../witness/fetcher.ts';
import type { WitnessService } from '../witness/service.ts';
import type { NodeEvent } from './events.ts';
import { KEEP_ALL } from './housekeeping-settings.ts';
import { filePaths } from './file-paths.ts';
import type { NodeSettings, NodeWorld } from './options.ts';

export interface HousekeepingParts extends SnapshotParts {
  readonly store: BlockStore;
  readonly witnesses: Pick<WitnessService, 'intake' | 'fetcher' | 'recall' | 'contractRepair'>;
}

export class Housekeeping {
  readonly register = new FinalityRegister();
  readonly window: BlockWindow;
  readonly #parts: HousekeepingParts;
  readonly #world: NodeWorld;
  readonly #onEvent: (event: NodeEvent) => void;
  readonly #finality: FinalityKeeper;
  readonly #upkeep: Upkeep;
  readonly #reread: RereadParts;
  readonly #scrubber: Scrubber;
  readonly #snapshots: SnapshotKeeper;
  #isWorking = false;
  #isFromSnapshot = false;

  constructor(
    settings: NodeSettings,
    world: NodeWorld,
    parts: HousekeepingParts,
    writer: DurableWriter,
    onEvent: (event: NodeEvent) => void,
  ) {
    this.#parts = parts;
    this.#world = world;
    this.#onEvent = onEvent;
    const kept = settings.housekeeping ?? KEEP_ALL;
    this.window = new BlockWindow(kept.windowFrom);
    const { replica, files, shelf, tally, store, witnesses } = parts;
    this.#finality = new FinalityKeeper({
      ...world,
      register: this.register,
      writer,
      cluster: settings.cluster,
      scanIntervalMs: settings.scanIntervalMs,
      onEvent: (event) => this.#noteFinality(event),
    });
    this.#upkeep = new Upkeep({
      ...world,
      replica,
      files,
      shelf,
      tally,
      store,
      witnesses: witnesses.intake,
      writer,
      settings: kept,
      register: this.register,
      window: this.window,
      pathOf: filePaths(world.layout),
      onEvent,
    });
    this.#reread = {
      replica,
      files,
      takeIn: { validate: (key) => store.takeIn(key), witness: (key) => witnesses.intake.takeIn(key) },
    };
    this.#scrubber = new Scrubber({
      ...this.#reread,
      clock: world.clock,
      blocks: replica.blocks,
      filesPerSecond: kept.scrubFilesPerSecond,
      lookAtContracts: () => witnesses.contractRepair.look(),
      onEvent,
    });
    this.#snapshots = new SnapshotKeeper({
      disk: world.disk,
      clock: world.clock,
      directory: world.layout.index,
      owner: world.signer.node,
      parts,
      onFailure: (error) => onEvent({ type: 'write-failed', file: world.layout.index, error }),
    });
  }

  /** Before anything else is read. Gives the number of blocks that the snapshot knew. */
  async load(): Promise<number> {
    await this.window.load(this.#world.disk, this.#world.layout);
    const blocks = await this.#snapshots.read();
    this.#isFromSnapshot = blocks > 0;
    return blocks;
  }

  /** The directory was read and the network is up. */
  async start(): Promise<void> {
    this.#isWorking = true;
    await this.#finality.start();
    this.#upkeep.start();
    this.#scrubber.start(this.#isFromSnapshot);
    this.#snapshots.start();
  }

  get scrub(): ScrubProgress {
    return this.#scrubber.progress;
  }

  /** Reads the block's files again, whatever is known of them. Throws as the disk does. */
  reread(key: BlockKey): Promise<BlockFiles> {
    const { fetcher, recall } = this.#parts.witnesses;
    const standingOf = (block: BlockKey): WitnessStanding => {
      recall.miss(block);
      return recall.standing(block) ?? fetcher.standing(block);
    };
    return rereadBlock(this.#reread, standingOf, key);
  }

  /** Reads `contracts.txt` again, and takes out of it what is rotten. Throws as the disk does. */
  rereadContracts(): Promise<ContractsFound> {
    return this.#parts.witnesses.contractRepair.look();
  }

  /** Peers came or went: the new ones have heard nothing yet. */
  peersChanged(): void {
    this.#finality.repeat();
  }

  /** Ends what changes files. */
  async stop(): Promise<void> {
    this.#isWorking = false;
    await this.#finality.stop();
    await this.#scrubber.stop();
    await this.#upkeep.stop();
  }

  /** After the last change: remembers everything for the next start. */
  async remember(): Promise<void> {
    await this.#snapshots.stop();
  }

  isFinal(key: BlockKey): boolean {
    return this.register.isFinal(key.number) && !this.register.contradicts(key);
  }

  isKept(key: BlockKey): boolean {
    return key.number >= this.window.from;
  }

  /** A record changed. */
  note({ key, before, after }: StoreChange): void {
    if (!hasSuccess(before.results) && hasSuccess(after.results)) this.#reportContradiction(key);
  }

  #noteFinality(event: FinalityEvent): void {
    this.#onEvent(event);
    if (event.type !== 'finality-raised') return;
    const { replica } = this.#parts;
    for (const final of noteAncestors(event.final, this.register, replica)) {
      for (const key of replica.blocksAt(final.number)) {
        if (hasSuccess(replica.get(key).results)) this.#reportContradiction(key);
      }
    }
    if (this.#isWorking) void this.#upkeep.pass();
  }

  #reportContradiction(key: BlockKey): void {
    if (this.register.contradicts(key)) this.#onEvent({ type: 'finality-contradicted', key });
  }
}
