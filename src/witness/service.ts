/**
 * All that a node does about witnesses, put together: it takes in what stands in `witness/`, serves it to peers, brings
 * what others announced, and shows the locks of their generators.
 *
 * Invariant: nothing leaves or enters the shelf but through the intake; the place of a block's witness is written by the
 * assembler and the locks alone, each of which looks at what stands there first.
 */

import { chosenWitness, linkTo, type WitnessAnnouncement, type Witnesses } from '../../crdt/block/witness.ts';
import { successRoots } from '../../crdt/block/record.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import type { HolderDirectory } from '../../net/holder-directory.ts';
import type { Network } from '../../net/network.ts';
import { GarbagePacer } from '../../net/witness/garbage-pacer.ts';
import { WitnessClient } from '../../net/witness/client.ts';
import { WITNESS_PROTOCOL } from '../../net/witness/messages.ts';
import { WitnessServer } from '../../net/witness/serve.ts';
import type { Author } from '../author/author.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import type { Disk } from '../disk/disk.ts';
import type { IntakeEvent } from '../intake/validate-look.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { Change } from '../replica/replica.ts';
import type { BlockTable } from '../replica/block-table.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { FileLedger, FilePlace } from '../store/file-ledger.ts';
import { WitnessAssembler } from './assembler.ts';
import { Challenger, type ChallengeEvent } from './challenger.ts';
import { ChunkStore } from './chunk-store.ts';
import { AnnouncementDistrust, HolderDistrust } from './distrust.ts';
import { WitnessFetcher, type WitnessEvent } from './fetcher.ts';
import { HolderAdvertiser } from './holder-advertiser.ts';
import { HolderFinder } from './holder-finder.ts';
import { FirstLook, type FirstLookEvent } from './first-look.ts';
import { GenerationLocks } from './generation-locks.ts';
import { WitnessIntake } from './intake.ts';
import { ContractBook } from '../contracts/contract-book.ts';
import { ContractRepair, type ContractRepairEvent } from '../contracts/contract-repair.ts';
import { ContractSync, type ContractEvent } from '../contracts/contract-sync.ts';
import { WitnessRecall } from './recall.ts';
import { RepairSweep } from './repair-sweep.ts';
import { IoQueue } from './io-queue.ts';
import type { WitnessLimits } from './limits.ts';
import { witnessOperations, type WitnessOperations } from './operations.ts';
import { PayloadSource } from './payload-source.ts';
import type { WitnessPolicy } from './policy.ts';
import { WitnessShelf } from './shelf.ts';

export interface WitnessServiceOptions {
  readonly network: Network;
  /** Finds holders that this node is not linked to; undefined: it asks those alone that it is linked to. */
  readonly directory: HolderDirectory | undefined;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly collectYoung?: (() => void) | undefined;
  readonly author: Author;
  readonly store: BlockStore;
  readonly quarantine: Quarantine;
  readonly blocks: BlockTable;
  readonly files: FileLedger;
  readonly writer: DurableWriter;
  /** Of generators' leases. */
  readonly sightings: LeaseSightings;
  readonly policy: WitnessPolicy;
  readonly limits: WitnessLimits;
  readonly region: string;
  readonly regionOf: (node: NodeId) => string;
  readonly liveMembers: () => readonly NodeId[];
  readonly rivals: () => readonly NodeId[] | undefined;
  readonly layout: Pick<DatadirLayout, 'contracts' | 'partial' | 'chunks'>;
  readonly pathOf: (key: BlockKey, place?: FilePlace) => string;
  /** See `WitnessAssemblerOptions`. */
  readonly beforeVisible: (key: BlockKey) => Promise<void>;
  /** See `WitnessIntakeOptions`. */
  readonly onAnnounced: (key: BlockKey) => void;
  readonly onShelfChanged: (key: BlockKey) => void;
  readonly onEvent: (
    event: WitnessEvent | ChallengeEvent | ContractEvent | ContractRepairEvent | FirstLookEvent | IntakeEvent,
  ) => void;
  readonly onWriteError: (file: string, error: unknown) => void;
}

export interface WitnessResources {
  /** Streams on which peers are served now. */
  readonly serving: number;
  readonly sentBytes: number;
  readonly payloadBytes: number;
  readonly readsInFlight: number;
  readonly readsWaiting: number;
  readonly writesInFlight: number;
  readonly writesWaiting: number;
  /** Findings against holders that still count. */
  readonly distrusted: number;
  readonly overBudget: number;
  /** Payloads that others find here through the directory, and those they are still to be told of. */
  readonly provided: number;
  readonly providing: number;
}

export class WitnessService {
  readonly shelf: WitnessShelf;
  readonly intake: WitnessIntake;
  readonly fetcher: WitnessFetcher;
  readonly source: PayloadSource;
  readonly client: WitnessClient;
  readonly operations: WitnessOperations;
  readonly contracts: ContractBook;
  readonly distrust = new HolderDistrust();
  readonly #announcements = new AnnouncementDistrust();
  readonly recall: WitnessRecall;
  readonly contractRepair: ContractRepair;
  readonly #options: WitnessServiceOptions;
  readonly #locks: GenerationLocks;
  readonly #server: WitnessServer;
  readonly #reads: IoQueue;
  readonly #writes: IoQueue;
  readonly #assembler: WitnessAssembler;
  readonly #challenger: Challenger;
  readonly #chunks: ChunkStore;
  readonly #contractSync: ContractSync;
  readonly #repair: RepairSweep;
  readonly #firstLook: FirstLook;
  readonly #advertiser: HolderAdvertiser | undefined;

  constructor(options: WitnessServiceOptions) {
    const { network, disk, clock, author, sightings, writer, limits, layout, pathOf, regionOf } = options;
    const { directory } = options;
    const shelf = (this.shelf = new WitnessShelf(options.blocks, options.files, pathOf));
    this.#options = options;
    if (directory !== undefined) this.#advertiser = new HolderAdvertiser({ directory, clock, shelf });
    this.#reads = new IoQueue('witness reads', limits.reads);
    this.#writes = new IoQueue('witness writes', limits.writes);
    this.#chunks = new ChunkStore(disk, writer, layout.chunks);
    this.source = new PayloadSource(disk, shelf, this.#reads, this.#chunks);
    const { collectYoung } = options;
    const garbage = collectYoung === undefined ? undefined : new GarbagePacer(collectYoung);
    this.client = new WitnessClient({ network, clock, streamsPerPeer: limits.askStreamsPerPeer, garbage });
    this.contracts = new ContractBook(disk, layout.contracts);
    const { source, client, contracts, distrust } = this;
    this.#server = new WitnessServer({ source, contracts, clock, limits: limits.serve, regionOf, garbage });
    network.serve(WITNESS_PROTOCOL, this.#server.handler);
    const locks = (this.#locks = new GenerationLocks({
      ...options,
      self: author.node,
      shelf,
      takeIn: (key) => this.intake.takeIn(key),
      onWriteError: (key, error) => options.onWriteError(pathOf(key), error),
    }));
    const onShelfChanged = (key: BlockKey): void => {
      this.#advertiser?.note(key);
      options.onShelfChanged(key);
    };
    const intake = (this.intake = new WitnessIntake({
      ...options,
      shelf,
      generations: sightings,
      locks,
      onShelfChanged,
      onSpoiled: (key) => this.recall.miss(key),
    }));
    this.#assembler = new WitnessAssembler({
      ...options,
      client,
      shelf,
      source,
      intake,
      locks,
      writes: this.#writes,
      partialDirectory: layout.partial,
    });
    const finder = new HolderFinder(directory);
    this.fetcher = new WitnessFetcher({
      ...options,
      shelf,
      assembler: this.#assembler,
      distrust,
      announcements: this.#announcements,
      finder,
      chosen: (key) => this.chosen(key),
      drop: (key) => this.#drop(key),
    });
    this.recall = new WitnessRecall({ ...options, shelf, client, assembler: this.#assembler });
    this.#challenger = new Challenger({
      ...options,
      client,
      shelf,
      distrust,
      proofOf: (request) => source.proofOf(request),
      periodMs: limits.challengePeriodMs,
      sample: limits.challengeSample,
      onFinding: (key) => this.fetcher.consider(key),
    });
    this.contractRepair = new ContractRepair({ ...options, path: layout.contracts, book: contracts });
    this.#contractSync = new ContractSync({ ...options, client, book: contracts });
    this.#firstLook = new FirstLook({
      clock,
      keys: () => options.store.replica.workable((slot, rank) => shelf.hasReached(slot, rank)),
      recheck: (key) => intake.recheck(key),
      consider: options.onShelfChanged,
      fileOf: pathOf,
      onEvent: options.onEvent,
    });
    this.#repair = new RepairSweep({
      clock,
      liveMembers: options.liveMembers,
      keys: () => options.store.replica.witnessed(),
      consider: (key) => this.fetcher.consider(key),
    });
    const { region } = options;
    this.operations = witnessOperations({
      network,
      client,
      chunks: this.#chunks,
      source,
      challenger: this.#challenger,
      finder,
      region,
      regionOf,
    });
  }

  /** In force. */
  get limits(): WitnessLimits {
    return this.#options.limits;
  }

  /** A block's record changed. */
  note({ key, before, after }: Change): void {
    const { sightings, clock } = this.#options;
    if (after.witnesses.length > 0) sightings.forget(key);
    if (after.generation === undefined || after.generation === before.generation) return;
    // It is first seen when it arrives, not when somebody asks about it.
    sightings.remainingMs(key, after.generation, { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() });
    this.#locks.consider(key);
  }

  /** Resolves once no file is looked at or written. */
  async idle(): Promise<void> {
    await this.intake.idle();
    await this.#locks.idle();
  }

  /** What stands in the directory has been taken in: left-overs of earlier runs are cleared. */
  async start(): Promise<void> {
    const { replica } = this.#options.store;
    await this.#assembler.sweep((key, digest) =>
      replica.get(key).witnesses.some(({ payloadDigest }) => payloadDigest === digest),
    );
    await this.#chunks.open();
  }

  /** Peers came or went. */
  peersChanged(): void {
    this.fetcher.peersChanged();
    this.recall.peersChanged();
  }

  /**
   * Begins to look through what is missing here, to challenge holders, to bring contracts and what was found bad, and to repair what holders that left take with
   * them. Throws `DiskError`.
   */
  async join(): Promise<void> {
    this.#challenger.start();
    this.#contractSync.start();
    this.#advertiser?.start();
    if (this.#options.policy.kind === 'factor') this.#repair.start();
    await this.recall.start();
    this.#firstLook.start();
  }

  async stop(): Promise<void> {
    this.#challenger.stop();
    this.#repair.stop();
    const synced = this.#contractSync.stop();
    const fetched = Promise.all([this.fetcher.stop(), this.recall.stop(), this.#firstLook.stop()]);
    this.client.stop();
    await Promise.all([fetched, synced, this.#advertiser?.stop()]);
  }

  /** The announcement that the block's file is made from: see `chosenWitness`. */
  chosen(key: BlockKey): WitnessAnnouncement | undefined {
    const { replica } = this.#options.store;
    return chosenWitness(this.#believed(key, replica.get(key).witnesses), (witness) => {
      const parent = { number: key.number - 1, hash: witness.parentHash };
      return linkTo(witness, key.number === 0 ? [] : successRoots(replica.get(parent).results));
    });
  }

  resources(): WitnessResources {
    return {
      serving: this.#server.streamCount,
      sentBytes: this.#server.sentBytes,
      payloadBytes: this.shelf.payloadBytes,
      readsInFlight: this.#reads.inFlightCount,
      readsWaiting: this.#reads.waitingCount,
      writesInFlight: this.#writes.inFlightCount,
      writesWaiting: this.#writes.waitingCount,
      distrusted: this.distrust.size,
      overBudget: this.fetcher.overBudget,
      provided: this.#advertiser?.providedCount ?? 0,
      providing: this.#advertiser?.waitingCount ?? 0,
    };
  }

  /** Those that do not state a wrong size of their payload, by what was found at holders and by the payload that is here. */
  #believed(key: BlockKey, witnesses: Witnesses): Witnesses {
    const nowMs = this.#options.clock.monotonicMs();
    const held = witnesses.length > 1 ? this.shelf.get(key) : undefined;
    return witnesses.filter((witness) => {
      const isOfHeld = witness.payloadDigest === held?.payloadDigest;
      if (isOfHeld && witness.payloadBytes !== held?.payloadBytes) return false;
      return this.#announcements.isBelieved(witness, nowMs);
    });
  }

  async #drop(key: BlockKey): Promise<void> {
    const held = this.shelf.get(key);
    if (held === undefined) return;
    await this.#options.disk.remove(held.path);
    await this.intake.takeIn(key);
  }
}
