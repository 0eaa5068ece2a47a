/**
 * The node: watch, take in, claim, validate, publish, write back. Here its parts are put together; each does its own job
 * in a room of its own.
 *
 * Invariant: everything that changes a record goes through the store, and every change passes `#changed` once, which
 * tells gossip, the claimer and the fetcher. Nothing here reads a clock, a disk or a socket but through its `NodeWorld`.
 */

import { hasSuccess } from '../../crdt/block/record.ts';
import type { BlockView } from '../../crdt/block/view.ts';
import { textOf } from '../../crdt/errors.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { StatusCounts } from '../../net/presence/heartbeat.ts';
import { Author } from '../author/author.ts';
import { ClaimRoom } from '../claim/claim-room.ts';
import { ClockKeeper } from '../clock/clock-keeper.ts';
import { RankStep } from '../clock/rank-step.ts';
import { rankOf } from '../claim/rendezvous.ts';
import { Quarantine } from '../datadir/quarantine.ts';
import { BlockReads } from '../freshness/block-reads.ts';
import { Gossiper } from '../gossip/gossiper.ts';
import { authenticIn } from '../intake/authentic.ts';
import { PeerIntake } from '../intake/peer-intake.ts';
import { ValidateLook } from '../intake/validate-look.ts';
import { instantOf, LeaseSightings } from '../lease/sightings.ts';
import { ModeKeeper } from '../mode/mode-keeper.ts';
import { PresenceKeeper } from '../presence/presence.ts';
import { Reconciler } from '../reconcile/reconciler.ts';
import { ReplicaView } from '../reconcile/replica-view.ts';
import { Replica } from '../replica/replica.ts';
import { Tally } from '../replica/tally.ts';
import { Reservations } from '../reserve/reservations.ts';
import type { BlockStore, StoreChange } from '../store/block-store.ts';
import { FileLedger } from '../store/file-ledger.ts';
import { JournaledStore } from '../store/journaled-store.ts';
import { WITNESS_LIMITS } from '../witness/limits.ts';
import { WitnessService } from '../witness/service.ts';
import type { WitnessShelf } from '../witness/shelf.ts';
import { describeNode } from './describe-node.ts';
import { DatadirWatch } from './datadir-watch.ts';
import type { NodeEvent } from './events.ts';
import { LoadMeter } from './load-meter.ts';
import { newsOf } from './news.ts';
import { ShownView } from './shown-view.ts';
import { Housekeeping } from './housekeeping.ts';
import { filePaths } from './file-paths.ts';
import type { NodeSettings, NodeWorld } from './options.ts';
import { NODE_RULES } from './rules.ts';
import { EventCounters } from './counters.ts';

export class DriftlockNode {
  readonly replica: Replica;
  readonly files: FileLedger;
  readonly tally = new Tally();
  readonly counters = new EventCounters();
  readonly store: BlockStore;
  readonly presence: PresenceKeeper;
  readonly clocks: ClockKeeper;
  readonly rankStep: RankStep;
  readonly modes: ModeKeeper;
  readonly reads: BlockReads;
  readonly claims: ClaimRoom;
  readonly witnesses: WitnessService;
  lastWriteError: string | undefined;

  readonly #world: NodeWorld;
  readonly #sightings: LeaseSightings;
  readonly #journaled: JournaledStore;
  readonly #peerIntake: PeerIntake;
  readonly #gossiper: Gossiper;
  readonly #reservations: Reservations;
  readonly shown: ShownView;
  readonly reconciler: Reconciler;
  readonly #watch: DatadirWatch;
  readonly housekeeping: Housekeeping;
  readonly loading: LoadMeter;
  #stopListening: (() => void) | undefined;
  /** Whether blocks are claimed and witnesses fetched: not while the directory is read, when little is known yet. */
  #isWorking = false;
  readonly #firstWriteFailure = Promise.withResolvers<void>();

  constructor(settings: NodeSettings, world: NodeWorld) {
    this.#world = world;
    const { clock, disk, random, layout, network, signer, verify, verifyLater, isMember } = world;
    const { bounds, cluster, heartbeatMs } = settings;
    const rules = world.rules ?? NODE_RULES;
    const replica = (this.replica = new Replica(rules.mergeRecords));
    const files = (this.files = new FileLedger(replica.blocks));
    const onEvent = (event: NodeEvent): void => this.#report(event);
    const pathsOf = filePaths(layout);
    const author = new Author({ ...signer, clock, skewBoundMs: bounds.skewBoundMs });
    this.clocks = new ClockKeeper({
      network,
      clock,
      random,
      bounds,
      onEvent,
      onStep: () => author.followWall(),
      onStanding: () => this.#claimingChanged(),
      onMeasured: (peer) => this.#clockMeasured(peer),
    });
    const newSightings = (): LeaseSightings =>
      new LeaseSightings(bounds, (lease, seenAtMs) => this.clocks.readingFor(lease, seenAtMs), rules.sighting);
    const sightings = (this.#sightings = newSightings());
    this.#reservations = new Reservations({
      clock,
      durationMs: settings.reserveMs,
      rankOf: (key) => rankOf(signer.node, key, this.presence.liveClaimants()),
      onLapsed: (key) => void this.store.refresh(key).then(() => this.witnesses.fetcher.showAgain(key)),
    });
    this.shown = new ShownView({ clock, sightings, reservations: this.#reservations });
    const isAuthentic = authenticIn(replica, verify);
    const quarantine = new Quarantine({ disk, clock, random, directory: layout.quarantine });
    const validateLook = new ValidateLook({
      disk,
      clock,
      author,
      sightings,
      quarantine,
      pathOf: pathsOf.validate,
      recordOf: (key) => this.store.recordToCome(key),
      isAuthentic,
      clocks: this.clocks,
      reservations: this.#reservations,
      isReplaying: (key) => this.#journaled.journal.isReplaying(key),
      onEvent,
    });
    this.#journaled = new JournaledStore({
      world,
      replica,
      files,
      isAuthentic,
      fileViewOf: (key, record) => this.shown.show(key, record),
      look: (key, known) => validateLook.look(key, known),
      onChange: (change) => this.#changed(change),
      onWriteError: (file, error) => onEvent({ type: 'write-failed', file, error }),
    });
    this.store = this.#journaled.store;
    const { writer } = this.#journaled;
    this.witnesses = new WitnessService({
      ...world,
      directory: world.directory,
      author,
      store: this.store,
      quarantine,
      blocks: replica.blocks,
      files,
      writer,
      sightings: newSightings(),
      policy: settings.witnessPolicy ?? { kind: 'full' },
      limits: settings.witnessLimits ?? WITNESS_LIMITS,
      region: settings.region,
      regionOf: (node) => this.presence.of(node)?.heartbeat.region ?? '',
      liveMembers: () => this.presence.live().filter((node) => node !== author.node),
      rivals: () => (this.claims.isAtWork ? this.presence.liveClaimants() : undefined),
      pathOf: pathsOf.witness,
      beforeVisible: (key) => this.#reserve(key),
      onAnnounced: (key) => this.#reservations.begin(key),
      onShelfChanged: (key) => this.#consider(key),
      onEvent,
      onWriteError: (file, error) => onEvent({ type: 'write-failed', file, error }),
    });
    const peerIntake = (this.#peerIntake = new PeerIntake({
      clock,
      author,
      store: this.store,
      trust: { isMember, verifyLater },
      skewBoundMs: bounds.skewBoundMs,
      isFinal: (key) => this.housekeeping.isFinal(key),
      isKept: (key) => this.housekeeping.isKept(key),
      onDeferred: (key, lease) => onEvent({ type: 'lease-deferred', key, lease }),
    }));
    this.#gossiper = new Gossiper({
      network,
      clock,
      cluster,
      signer,
      stamp: () => author.stamp(),
      replica,
      isMember,
      verify,
      take: (records, stamp) => peerIntake.takeGossip(records, stamp),
      onEvent,
    });
    this.presence = new PresenceKeeper({
      network,
      clock,
      cluster,
      signer,
      isMember,
      verify,
      heartbeatMs,
      describe: () => describeNode(this, settings.region),
      onHeard: (heartbeat) => {
        author.witness({ wallMs: heartbeat.sentAtWallMs, counter: 0 });
        this.rankStep.noteHeartbeat(heartbeat, clock.wallMs());
        this.claims.hearing.look();
      },
    });
    this.rankStep = new RankStep({
      fixedMs: settings.rankStepMs,
      live: () => this.presence.liveClaimants(),
      offsetOf: (peer) => this.clocks.offsetOf(peer)?.offset,
    });
    this.reconciler = new Reconciler({
      network,
      clock,
      random,
      replica,
      view: new ReplicaView(replica, this.tally, () => this.housekeeping.window.from),
      presence: this.presence,
      take: (records) => peerIntake.takeReconciled(records),
      onEvent,
    });
    this.reads = new BlockReads(world, this, { ...bounds, ...rules }, (records) => peerIntake.takeReconciled(records));
    this.modes = new ModeKeeper(settings, world, this, { onEvent, onChanged: () => this.#claimingChanged() });
    this.claims = new ClaimRoom({
      clock,
      store: this.store,
      tally: this.tally,
      author,
      sightings,
      validator: world.validator,
      bounds,
      lockTimeMs: settings.lockTimeMs,
      validationsMax: settings.validationsMax,
      retry: settings.retry,
      countsPrograms: settings.reserveMs !== undefined,
      rankStepMs: () => this.rankStep.currentMs(),
      claimHold: () => (this.clocks.mayClaim() ? this.modes.claimHold : 'clock-not-trusted'),
      agreements: () => this.reconciler.agreements(),
      claimEpoch: rules.claimEpoch,
      rivals: () => this.presence.liveClaimants(),
      witnessOf: (key) => this.shelf.inputOf(key),
      onEvent,
    });
    this.housekeeping = new Housekeeping(settings, world, this, writer, onEvent);
    this.loading = new LoadMeter({ clock, onProgress: (progress) => onEvent({ type: 'loading', progress }) });
    this.#watch = new DatadirWatch({
      meter: this.loading,
      disk,
      clock,
      layout,
      files,
      scanIntervalMs: settings.scanIntervalMs,
      store: this.store,
      witnesses: this.witnesses.intake,
      verifyLater,
      takeInValidate: (key) => this.store.takeIn(key),
      takeInWitness: (key) => this.witnesses.intake.takeIn(key),
      onEvent,
    });
  }

  /** Reads snapshot, journal and directory, then joins the network and begins to work. Precondition: the datadir is locked and prepared. */
  async start(): Promise<void> {
    const { network } = this.#world;
    const fromIndex = await this.housekeeping.load();
    for (const event of await this.#journaled.recover()) this.#report(event);
    await this.#watch.start();
    await this.witnesses.start();
    // What other programs found is known once it is written; a disk that takes nothing must not keep the node away.
    await Promise.race([this.store.idle(), this.#firstWriteFailure.promise]);
    this.#report({ type: 'loaded', blocks: this.replica.size, fromIndex, witnesses: this.shelf.size });
    await network.start();
    this.#stopListening = network.onPeersChanged(() => this.#peersChanged());
    this.#gossiper.start();
    this.clocks.start();
    this.presence.start();
    this.reconciler.start();
    this.reconciler.peersChanged();
    await this.housekeeping.start();
    this.modes.start();
    this.#isWorking = true;
    this.claims.hearing.start();
    for (const key of this.tally.unfinished()) this.#consider(key);
    await this.witnesses.join();
  }

  /** Ends every validation, gives its leases up, writes what is to be written, and leaves the network. */
  async stop(): Promise<void> {
    this.store.stopRetrying();
    this.#reservations.stop();
    await this.claims.stop();
    await this.witnesses.stop();
    await this.housekeeping.stop();
    await this.#watch.stop();
    this.modes.stop();
    await this.reads.stop();
    await this.reconciler.stop();
    await this.clocks.stop();
    this.#peerIntake.stop();
    this.presence.stop();
    await this.#gossiper.stop();
    this.#stopListening?.();
    await this.witnesses.idle();
    await this.#journaled.stop();
    await this.housekeeping.remember();
    await this.#world.network.stop();
  }

  /** Leases this node counts the time of: no more than there are unfinished blocks. */
  get leasesSighted(): number {
    return this.#sightings.size;
  }

  /** The witnesses that stand complete in this node's directory. */
  get shelf(): WitnessShelf {
    return this.witnesses.shelf;
  }

  view(key: BlockKey): BlockView {
    return this.shown.see(key, this.replica.get(key));
  }

  /** Leases from too far ahead, which wait to lie within the skew bound. */
  get deferredLeases(): PeerIntake['deferred'] {
    return this.#peerIntake.deferred;
  }

  /** Blocks by status, as this node sees them now. */
  statusCounts(): StatusCounts {
    const { blocks, unfinishedCount, begunCount } = this.tally;
    const counts = { idle: unfinishedCount - begunCount, processing: 0, failed: 0, success: blocks - unfinishedCount };
    for (const key of this.tally.begun()) counts[this.view(key).status]++;
    return counts;
  }

  #changed(change: StoreChange): void {
    const { key, before, after, delta, origin } = change;
    this.tally.note(change);
    if (hasSuccess(after.results)) this.shelf.finish(key);
    if (after.settled && !before.settled) this.shelf.settle(key);
    this.housekeeping.note(change);
    if (origin === 'local') this.#gossiper.send({ key, record: delta });
    for (const event of newsOf(change)) this.#report(event);
    // A lease is first seen when it arrives, not when somebody asks about it.
    if (after.lease !== undefined && after.lease !== before.lease) {
      this.#sightings.remainingMs(key, after.lease, instantOf(this.#world.clock));
    }
    if (after.lease !== undefined || after.results.length > 0) this.#reservations.end(key);
    this.witnesses.note(change);
    if (hasSuccess(after.results)) this.#sightings.forget(key);
    this.claims.clients.observe(key);
    this.#world.onChanged?.(key);
    this.#consider(key);
  }

  #consider(key: BlockKey): void {
    if (!this.#isWorking) return;
    this.witnesses.fetcher.consider(key);
    this.claims.claimer.consider(key);
  }

  /** Who is reachable decides what can be fetched and who ranks first. */
  #peersChanged(): void {
    this.presence.beat();
    this.reconciler.peersChanged();
    this.housekeeping.peersChanged();
    this.witnesses.peersChanged();
    for (const key of this.tally.unfinished()) this.#consider(key);
  }

  /** The others hear of it at once: they rank without a node that does not claim. */
  #claimingChanged(): void {
    if (!this.#isWorking) return;
    this.presence.beat();
    this.claims.claimer.resume();
  }

  #clockMeasured(holder: NodeId): void {
    this.claims.claimer.resume();
    // A lease heard of late may turn out to have ended, now that its holder's clock is known.
    for (const key of this.tally.begun()) {
      if (this.replica.get(key).lease?.holder === holder) this.#consider(key);
    }
  }

  #report(event: NodeEvent): void {
    this.counters.note(event);
    if (event.type === 'reconciled') this.claims.hearing.noteReconciled();
    if (event.type === 'reconciled') this.modes.noteSession(event);
    if (event.type === 'foreign-write') this.claims.noteProgram();
    if (event.type === 'write-failed') {
      this.lastWriteError = textOf(event.error);
      this.#firstWriteFailure.resolve();
    }
    this.#world.onEvent(event);
  }

  /** Resolves once programs on this machine see the block reserved, if it is to be. */
  async #reserve(key: BlockKey): Promise<void> {
    const { lease, results } = this.replica.get(key);
    const isFresh = lease === undefined && results.length === 0;
    if (isFresh && this.#reservations.begin(key)) await this.store.refresh(key);
  }
}
