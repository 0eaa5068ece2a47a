/**
 * All that a node does about witnesses, put together: it takes in what stands in `witness/`, serves it to peers, and brings
 * what others announced.
 *
 * Invariant: nothing leaves or enters the shelf but through the intake, and nothing is written into `witness/` but through
 * the assembler.
 */

import { chosenWitness, linkTo, type WitnessAnnouncement } from '../../crdt/block/witness.ts';
import { successRoots } from '../../crdt/block/record.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import type { Network } from '../../net/network.ts';
import { WitnessClient } from '../../net/witness/client.ts';
import { WITNESS_PROTOCOL } from '../../net/witness/messages.ts';
import { WitnessServer } from '../../net/witness/serve.ts';
import type { Author } from '../author/author.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import type { Disk } from '../disk/disk.ts';
import type { IntakeEvent } from '../intake/validate-look.ts';
import type { BlockStore } from '../store/block-store.ts';
import { WitnessAssembler } from './assembler.ts';
import { Challenger, type ChallengeEvent } from './challenger.ts';
import { ChunkStore } from './chunk-store.ts';
import { HolderDistrust } from './distrust.ts';
import { WitnessFetcher, type WitnessEvent } from './fetcher.ts';
import { WitnessIntake } from './intake.ts';
import { ContractBook } from '../contracts/contract-book.ts';
import { ContractSync, type ContractEvent } from '../contracts/contract-sync.ts';
import { RepairSweep } from './repair-sweep.ts';
import { IoQueue } from './io-queue.ts';
import type { WitnessLimits } from './limits.ts';
import { witnessOperations, type WitnessOperations } from './operations.ts';
import { PayloadSource } from './payload-source.ts';
import type { WitnessPolicy } from './policy.ts';
import type { WitnessShelf } from './shelf.ts';

export interface WitnessServiceOptions {
  readonly network: Network;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly author: Author;
  readonly store: BlockStore;
  readonly shelf: WitnessShelf;
  readonly quarantine: Quarantine;
  readonly writer: DurableWriter;
  readonly policy: WitnessPolicy;
  readonly limits: WitnessLimits;
  readonly region: string;
  readonly regionOf: (node: NodeId) => string;
  readonly liveMembers: () => readonly NodeId[];
  readonly rivals: () => readonly NodeId[] | undefined;
  readonly contractsPath: string;
  readonly partialDirectory: string;
  readonly chunkDirectory: string;
  /** Where a block's witness is written. */
  readonly pathOf: (key: BlockKey) => string;
  /** Where it is archived. */
  readonly backupPathOf: (key: BlockKey) => string;
  readonly onEvent: (event: WitnessEvent | ChallengeEvent | ContractEvent | IntakeEvent) => void;
  /** The block's witness came, changed or went. */
  readonly onShelfChanged: (key: BlockKey) => void;
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
}

export class WitnessService {
  readonly fetcher: WitnessFetcher;
  readonly intake: WitnessIntake;
  readonly source: PayloadSource;
  readonly client: WitnessClient;
  readonly operations: WitnessOperations;
  readonly contracts: ContractBook;
  readonly distrust = new HolderDistrust();
  readonly #options: WitnessServiceOptions;
  readonly #server: WitnessServer;
  readonly #reads: IoQueue;
  readonly #writes: IoQueue;
  readonly #assembler: WitnessAssembler;
  readonly #challenger: Challenger;
  readonly #chunks: ChunkStore;
  readonly #contractSync: ContractSync;
  readonly #repair: RepairSweep;

  constructor(options: WitnessServiceOptions) {
    const { network, disk, clock, author, store, shelf, quarantine, writer, limits, pathOf, regionOf } = options;
    this.#options = options;
    this.#reads = new IoQueue('witness reads', limits.reads);
    this.#writes = new IoQueue('witness writes', limits.writes);
    this.#chunks = new ChunkStore(disk, writer, options.chunkDirectory);
    this.source = new PayloadSource(disk, shelf, this.#reads, this.#chunks);
    this.client = new WitnessClient({ network, clock, streamsPerPeer: limits.askStreamsPerPeer });
    this.contracts = new ContractBook(disk, options.contractsPath);
    this.#server = new WitnessServer({
      source: this.source,
      contracts: this.contracts,
      clock,
      limits: limits.serve,
      regionOf,
    });
    network.serve(WITNESS_PROTOCOL, this.#server.handler);
    this.intake = new WitnessIntake({
      disk,
      clock,
      author,
      store,
      shelf,
      quarantine,
      pathsOf: (key) => [pathOf(key), options.backupPathOf(key)],
      onEvent: options.onEvent,
      onShelfChanged: options.onShelfChanged,
    });
    this.#assembler = new WitnessAssembler({
      disk,
      clock,
      client: this.client,
      shelf,
      source: this.source,
      intake: this.intake,
      quarantine,
      writer,
      writes: this.#writes,
      partialDirectory: options.partialDirectory,
      pathOf,
    });
    this.fetcher = new WitnessFetcher({
      network,
      clock,
      store,
      shelf,
      assembler: this.#assembler,
      distrust: this.distrust,
      policy: options.policy,
      limits,
      region: options.region,
      regionOf,
      liveMembers: options.liveMembers,
      rivals: options.rivals,
      chosen: (key) => this.chosen(key),
      drop: (key) => this.#drop(key),
      onEvent: options.onEvent,
    });
    this.#challenger = new Challenger({
      network,
      clock,
      random: options.random,
      client: this.client,
      store,
      shelf,
      distrust: this.distrust,
      proofOf: (request) => this.source.proofOf(request),
      periodMs: limits.challengePeriodMs,
      sample: limits.challengeSample,
      onEvent: options.onEvent,
      onFinding: (key) => this.fetcher.consider(key),
    });
    this.#contractSync = new ContractSync({
      network,
      clock,
      random: options.random,
      client: this.client,
      book: this.contracts,
      onEvent: options.onEvent,
    });
    this.#repair = new RepairSweep({
      clock,
      liveMembers: options.liveMembers,
      keys: () => store.replica.entries(),
      consider: (key) => this.fetcher.consider(key),
    });
    this.operations = witnessOperations({
      network,
      client: this.client,
      chunks: this.#chunks,
      source: this.source,
      challenger: this.#challenger,
      region: options.region,
      regionOf,
    });
  }

  /** Removes what earlier runs left of payloads that nobody announces any more. */
  async start(): Promise<void> {
    const { store } = this.#options;
    function* announced(): Generator<{ key: BlockKey; payloadDigest: WitnessAnnouncement['payloadDigest'] }> {
      for (const { key, record } of store.replica.entries()) {
        for (const { payloadDigest } of record.witnesses) yield { key, payloadDigest };
      }
    }
    await this.#assembler.sweep(announced());
    await this.#chunks.open();
  }

  /** Begins to challenge holders, to bring contracts, and to repair what holders that left take with them. */
  join(): void {
    this.#challenger.start();
    this.#contractSync.start();
    if (this.#options.policy.kind === 'factor') this.#repair.start();
  }

  async stop(): Promise<void> {
    this.#challenger.stop();
    this.#repair.stop();
    const synced = this.#contractSync.stop();
    const fetched = this.fetcher.stop();
    this.client.stop();
    await Promise.all([fetched, synced]);
    await this.intake.idle();
  }

  /** The announcement that the block's file is made from: see `chosenWitness`. */
  chosen(key: BlockKey): WitnessAnnouncement | undefined {
    const { replica } = this.#options.store;
    const { witnesses } = replica.get(key);
    return chosenWitness(witnesses, (witness) => {
      const parent = { number: key.number - 1, hash: witness.parentHash };
      return linkTo(witness, key.number === 0 ? [] : successRoots(replica.get(parent).results));
    });
  }

  resources(): WitnessResources {
    return {
      serving: this.#server.streamCount,
      sentBytes: this.#server.sentBytes,
      payloadBytes: this.#options.shelf.payloadBytes,
      readsInFlight: this.#reads.inFlightCount,
      readsWaiting: this.#reads.waitingCount,
      writesInFlight: this.#writes.inFlightCount,
      writesWaiting: this.#writes.waitingCount,
      distrusted: this.distrust.size,
      overBudget: this.fetcher.overBudget,
    };
  }

  async #drop(key: BlockKey): Promise<void> {
    const { disk, shelf } = this.#options;
    const held = shelf.get(key);
    if (held === undefined) return;
    await disk.remove(held.path);
    await this.intake.takeIn(key);
  }
}
