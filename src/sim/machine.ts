/**
 * A simulated machine: a disk and clocks that outlive its node, and a node that is started, stopped, paused and crashed.
 *
 * Invariant: after a crash nothing that the old node still does has any effect: its clock is halted, its disk dead, its
 * network down, and what it reports is not heard. A node that fails to start is started again, as by its supervisor.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockId, NodeId } from '../../crdt/ids.ts';
import { pause, type RandomInteger } from '../../net/clock.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import type { Network } from '../../net/network.ts';
import { datadirLayout, type DatadirLayout } from '../datadir/layout.ts';
import { prepareDatadir } from '../datadir/prepare.ts';
import { DiskError, type Disk } from '../disk/disk.ts';
import { MemoryDisk, type DiskOperation } from '../disk/memory-disk.ts';
import type { NodeEvent } from '../node/events.ts';
import { DriftlockNode } from '../node/node.ts';
import type { NodeSettings } from '../node/options.ts';
import type { NodeRules } from '../node/rules.ts';
import { MachineClock, type MachineClockOptions } from './machine-clock.ts';
import { ObservedNetwork } from './observed-network.ts';
import { SimValidator } from './sim-validator.ts';
import type { World } from './world.ts';

/** What a canary puts in the place of a machine's parts. */
export interface MachineParts {
  readonly rules: NodeRules;
  readonly disk: (disk: MemoryDisk) => Disk;
  readonly network: (network: Network) => Network;
}

export interface MachineOptions {
  readonly index: number;
  readonly validates: boolean;
  readonly clock: MachineClockOptions;
  readonly settings: NodeSettings;
  readonly random: RandomInteger;
}

export type CrashKind =
  /** The process is killed: what it wrote stays, synced or not. */
  | 'kill'
  /** Nothing stays but what was synced. */
  | 'power-loss'
  /** Of what was not synced a random part stays: files torn in the middle, renames done or not. */
  | 'torn-power-loss';

/** How long a sync takes, in milliseconds, at most. */
const SYNC_MS_MAX = 4;
/** Operations that wait for the platter. */
const SYNCS: ReadonlySet<DiskOperation> = new Set(['syncFile', 'syncDirectory']);
const RESTART_MS = 1_000;

/** How much of what was not synced a crash leaves. */
const KEEP_ALL: RandomInteger = (below) => below - 1;
const KEEP_NOTHING: RandomInteger = () => 0;

export class Machine {
  readonly name: string;
  readonly index: number;
  readonly signer: Signer;
  readonly layout: DatadirLayout;
  readonly validates: boolean;
  disk: MemoryDisk;
  clock: MachineClock;
  /** Undefined while the machine is down, or the node is being made. */
  node: DriftlockNode | undefined;
  state: 'down' | 'starting' | 'running' | 'stopping' = 'down';
  /** Blocks whose files something else than the node has changed here: their results may be gone from this disk. */
  readonly tamperedWith = new Set<BlockId>();
  /** Since when it has run without a pause. */
  steadySinceMs = 0;
  readonly #world: World;
  readonly #settings: NodeSettings;
  readonly #random: RandomInteger;
  #network: Network | undefined;
  readonly #programs = new Set<() => void>();
  #life = 0;
  #capacityBytes = Infinity;
  #crashAtOperation: { left: number; readonly kind: CrashKind } | undefined;

  constructor(world: World, { index, validates, clock, settings, random }: MachineOptions) {
    this.#world = world;
    this.#settings = settings;
    this.#random = random;
    this.index = index;
    this.name = `n${index + 1}`;
    this.signer = world.signers.make(index);
    this.layout = datadirLayout('/data');
    this.validates = validates;
    this.clock = new MachineClock(world.time, clock);
    this.disk = new MemoryDisk({ beforeOperation: (operation) => this.#beforeOperation(operation) });
  }

  get id(): NodeId {
    return this.signer.node;
  }

  /**
   * What a program on this machine does: `task`, unless the machine dies before it ends; then it throws `ERR_DISK`, as a
   * task that waits for a dead disk or clock would wait for ever.
   */
  async runProgram<T>(task: () => Promise<T>): Promise<T> {
    const death = Promise.withResolvers<never>();
    const die = (): void => {
      const [expected, found] = ['a machine that runs', 'one that has crashed'];
      death.reject(new DiskError('ERR_DISK', { argument: this.name, expected, found }));
    };
    this.#programs.add(die);
    try {
      return await Promise.race([task(), death.promise]);
    } finally {
      this.#programs.delete(die);
    }
  }

  /** Programs beside the node that have something under way: a result of theirs may still come. */
  get programsAtWork(): number {
    return this.#programs.size;
  }

  /** Counts the node's lives: what belongs to an earlier one is dead. */
  get life(): number {
    return this.#life;
  }

  /** Starts the node, if the machine is down. */
  start(): void {
    if (this.state !== 'down') return;
    this.state = 'starting';
    this.clock = this.clock.rebooted(this.#random(3_600_000));
    const life = ++this.#life;
    this.#world.trace.note('world', `${this.name} starts`);
    this.#run().then(
      () => {
        if (life !== this.#life || this.state !== 'starting') return;
        this.state = 'running';
        this.steadySinceMs = this.#world.time.monotonicMs();
        this.#world.trace.note('world', `${this.name} runs`);
      },
      (error: unknown) => {
        if (life !== this.#life) return;
        this.#world.trace.note('world', `${this.name} does not start: ${String(error)}`);
        this.crash('kill');
        this.#world.time.schedule(RESTART_MS, () => this.start());
      },
    );
  }

  /** Ends the node as SIGTERM does. */
  stop(): void {
    if (this.state !== 'running' || this.node === undefined) return;
    this.state = 'stopping';
    this.#world.trace.note('world', `${this.name} stops`);
    const life = this.#life;
    void this.node.stop().then(() => {
      if (life !== this.#life) return;
      this.#world.trace.note('world', `${this.name} has stopped`);
      this.#end();
    });
  }

  crash(kind: CrashKind): void {
    if (this.state === 'down') return;
    this.#world.trace.note('world', `${this.name} crashes: ${kind}`);
    const { disk } = this;
    const survival = { kill: KEEP_ALL, 'power-loss': KEEP_NOTHING, 'torn-power-loss': this.#random }[kind];
    this.#end();
    this.disk = disk.crash(survival);
    this.disk.resize(this.#capacityBytes);
  }

  /** Crashes the machine at its `count`th disk operation from now: between any two things that are awaited. */
  crashAtOperation(count: number, kind: CrashKind): void {
    this.#crashAtOperation = { left: count, kind };
  }

  cancelCrash(): void {
    this.#crashAtOperation = undefined;
  }

  /** Room on this disk and on what the next boot finds of it. */
  resizeDisk(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
    this.disk.resize(capacityBytes);
  }

  pause(): void {
    if (this.state === 'down' || this.clock.isPaused) return;
    this.#world.trace.note('world', `${this.name} is paused`);
    this.clock.pause();
  }

  resume(): void {
    if (!this.clock.isPaused) return;
    this.#world.trace.note('world', `${this.name} goes on`);
    this.steadySinceMs = this.#world.time.monotonicMs();
    this.clock.resume();
  }

  #end(): void {
    this.#life++;
    this.state = 'down';
    this.node = undefined;
    this.#crashAtOperation = undefined;
    this.clock.halt();
    for (const die of this.#programs) die();
    void this.#network?.stop();
  }

  async #run(): Promise<void> {
    const { parts, hub, members, signers, findings } = this.#world;
    const { clock } = this;
    const life = this.#life;
    const disk = parts.disk(this.disk);
    await prepareDatadir(disk, this.layout);
    if (life !== this.#life) return;
    const onPublished = (records: readonly KeyedRecord[]): void => {
      if (life === this.#life) this.#world.published(this, records);
    };
    const network = new ObservedNetwork(
      parts.network(hub.join(new MemberList(this.id, members), clock)),
      clock,
      onPublished,
    );
    this.#network = network;
    const node = new DriftlockNode(this.#settings, {
      clock,
      random: this.#random,
      disk,
      network,
      signer: this.signer,
      verify: signers.verify,
      // Here and now: another thread would answer in an order of its own.
      verifyLater: (...signed) => Promise.resolve(signers.verify(...signed)),
      isMember: (member) => members.includes(member),
      members: () => members,
      layout: this.layout,
      validator: this.validates ? new SimValidator(this.name, clock, findings) : undefined,
      onEvent: (event: NodeEvent) => {
        if (life === this.#life) this.#world.happened(this, event);
      },
      rules: parts.rules,
    });
    this.node = node;
    await node.start();
  }

  #beforeOperation(operation: DiskOperation): Promise<void> | void {
    const { clock } = this;
    const crash = this.#crashAtOperation;
    if (crash !== undefined && --crash.left <= 0) {
      this.crash(crash.kind);
      return;
    }
    if (clock.isPaused) return pause(clock, 0);
    if (SYNCS.has(operation)) return pause(clock, this.#random(SYNC_MS_MAX + 1));
  }
}
