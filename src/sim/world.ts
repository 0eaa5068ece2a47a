/**
 * Everything in a simulated run: virtual time, the machines, the network between them, the blocks, and who watches.
 *
 * Invariant: all that happens comes from the seed. Each part draws from a source of its own, so that a fault more or
 * less does not change what the others draw.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import { MemoryHub } from '../../net/memory/hub.ts';
import type { BlockRead } from '../freshness/block-reads.ts';
import type { NodeEvent } from '../node/events.ts';
import { eventLine, shortBlock } from './event-line.ts';
import { KeyedSigners } from './keyed-signer.ts';
import { Ledger } from './ledger.ts';
import { Machine, type MachineParts } from './machine.ts';
import type { MachineClockOptions } from './machine-clock.ts';
import type { NodeSettings } from '../node/options.ts';
import { forkRandom } from './seeded-random.ts';
import type { SimBlock } from './sim-block.ts';
import { Findings, type Chances } from './sim-validator.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { Weather } from './weather.ts';

/** Told of everything that a node reports, while the node is alive. */
export interface Observer {
  onEvent?(machine: Machine, event: NodeEvent): void;
  onPublished?(machine: Machine, records: readonly KeyedRecord[]): void;
  onRead?(machine: Machine, key: BlockKey, read: BlockRead): void;
}

export interface WorldOptions {
  readonly seed: number;
  /** What every node runs with. */
  readonly settings: NodeSettings;
  /** One way between two of the three regions, in milliseconds; within one it is 1. */
  readonly regionDelayMs: number;
  readonly chances: Chances;
  readonly blocks: readonly SimBlock[];
  readonly parts: MachineParts;
  readonly time: VirtualClock;
  readonly trace: Trace;
}

const REGIONS = 3;
const NEAR_DELAY_MS = 1;

export class World {
  readonly time: VirtualClock;
  readonly trace: Trace;
  readonly hub: MemoryHub;
  readonly weather: Weather;
  readonly signers = new KeyedSigners();
  readonly ledger = new Ledger();
  readonly findings: Findings;
  readonly blocks: readonly SimBlock[];
  readonly parts: MachineParts;
  readonly machines: Machine[] = [];
  readonly members: NodeId[] = [];
  readonly observers: Observer[] = [];
  readonly settings: NodeSettings;
  readonly #seed: number;
  readonly #regionDelayMs: number;
  readonly #names = new Map<string, string>();
  readonly #nameOf = (text: string): string => this.#names.get(text) ?? text;

  constructor({ seed, settings, regionDelayMs, chances, blocks, parts, time, trace }: WorldOptions) {
    this.#seed = seed;
    this.settings = settings;
    this.#regionDelayMs = regionDelayMs;
    this.blocks = blocks;
    this.parts = parts;
    this.time = time;
    this.trace = trace;
    this.hub = new MemoryHub({ clock: time, random: this.randomFor('network') });
    this.weather = new Weather(time, this.hub, settings.bounds.deliveryMarginMs);
    this.findings = new Findings(blocks, chances, this.randomFor('findings'));
  }

  randomFor(part: string): RandomInteger {
    return forkRandom(this.#seed, part);
  }

  addMachine(validates: boolean, clock: MachineClockOptions, reserveMs?: number): Machine {
    const index = this.machines.length;
    const settings = { ...this.settings, reserveMs };
    const random = this.randomFor(`machine ${index}`);
    const machine = new Machine(this, { index, validates, clock, settings, random });
    for (const other of this.machines) {
      const isNear = other.index % REGIONS === index % REGIONS;
      this.weather.connect(machine.id, other.id, isNear ? NEAR_DELAY_MS : this.#regionDelayMs);
    }
    this.machines.push(machine);
    this.members.push(machine.id);
    this.#names.set(machine.id, machine.name);
    return machine;
  }

  /** Machines whose node runs and is not paused. */
  running(): Machine[] {
    return this.machines.filter(({ state, clock }) => state === 'running' && !clock.isPaused);
  }

  /** Does `act` in `delayMs`, and says so in the trace. */
  at(delayMs: number, what: string, act: () => void): void {
    this.time.schedule(delayMs, () => {
      this.trace.note('world', what);
      act();
    });
  }

  happened(machine: Machine, event: NodeEvent): void {
    this.trace.note(machine.name, eventLine(event, this.#nameOf), event.type === 'gossip-received');
    for (const observer of this.observers) observer.onEvent?.(machine, event);
  }

  /** A reader on the machine was answered, now. */
  wasRead(machine: Machine, key: BlockKey, read: BlockRead): void {
    const { ageMs, isStale, source } = read;
    const age = ageMs === undefined ? 'of unknown age' : `${ageMs} ms old`;
    this.trace.note(machine.name, `reads ${shortBlock(key)}, ${age}${isStale ? ', stale' : ''}, ${source}`, true);
    for (const observer of this.observers) observer.onRead?.(machine, key, read);
  }

  published(machine: Machine, records: readonly KeyedRecord[]): void {
    for (const { key, record } of records) {
      for (const result of record.results) {
        if (result.node !== machine.id) continue;
        this.trace.note(machine.name, `acknowledges ${result.verdict} of ${shortBlock(key)}, epoch ${result.epoch}`);
        this.ledger.note(key, result, this.time.monotonicMs());
      }
    }
    for (const observer of this.observers) observer.onPublished?.(machine, records);
  }
}
