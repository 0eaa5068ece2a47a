/**
 * Whole nodes in one process, under virtual time: real parts everywhere but for the disk, the network, the clocks and
 * the validator, which are the in-memory ones that the test controls.
 */

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import type { WitnessState } from '../../crdt/block/witness.ts';
import { formatFingerprint } from '../../crdt/block/fingerprint.ts';
import { ZERO_HASH, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import type { HolderDirectory } from '../../net/holder-directory.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { MemoryHub } from '../../net/memory/hub.ts';
import type { Network } from '../../net/network.ts';
import { Author } from '../../src/author/author.ts';
import { datadirLayout, type DatadirLayout } from '../../src/datadir/layout.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import { MemoryDisk, type MemoryDiskOptions } from '../../src/disk/memory-disk.ts';
import { blockFileName, type BlockFileKind } from '../../src/files/file-names.ts';
import { decodeValidateFile, VALIDATE_FILE_BYTES_MAX, type ValidateFile } from '../../src/files/validate-file.ts';
import { WITNESS_FILE_BYTES_MAX } from '../../src/files/witness-status.ts';
import { encodeWitnessFile } from '../../src/files/witness-file.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { DriftlockNode } from '../../src/node/node.ts';
import type { NodeSettings } from '../../src/node/options.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { SignedNodes } from '../net/signed-nodes.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { MachineClock } from '../../src/sim/machine-clock.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { ScriptedValidator } from './scripted-validator.ts';

export const SETTINGS: NodeSettings = {
  cluster: 'test',
  region: 'memory',
  bounds: { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 },
  lockTimeMs: 30_000,
  rankStepMs: 250,
  heartbeatMs: 1_000,
  scanIntervalMs: 10_000,
  validationsMax: 2,
  retry: { failuresMax: 5, delayMsMin: 1_000, delayMsMax: 60_000 },
  reserveMs: undefined,
};

/** What tells one machine of a cluster from the others. */
export interface MachineOptions {
  readonly settings?: Partial<NodeSettings>;
  readonly validates?: boolean;
  readonly wallOffsetMs?: number;
  readonly disk?: MemoryDiskOptions;
  readonly directory?: HolderDirectory;
}

export class Machine {
  readonly #cluster: Cluster;
  readonly signer: Signer;
  readonly validator: ScriptedValidator | undefined;
  readonly layout: DatadirLayout = datadirLayout('/data');
  readonly events: NodeEvent[] = [];
  readonly #wallOffsetMs: number;
  readonly #directory: HolderDirectory | undefined;
  /** Of the next start. */
  settings: NodeSettings;
  disk: MemoryDisk;
  #running: { readonly node: DriftlockNode; readonly network: Network; readonly clock: MachineClock } | undefined;

  constructor(
    cluster: Cluster,
    signer: Signer,
    { validates = false, wallOffsetMs = 0, disk, settings, directory }: MachineOptions,
  ) {
    this.#cluster = cluster;
    this.signer = signer;
    this.#wallOffsetMs = wallOffsetMs;
    this.settings = { ...SETTINGS, ...settings };
    this.disk = new MemoryDisk(disk);
    this.#directory = directory;
    this.validator = validates ? new ScriptedValidator(cluster.clock) : undefined;
  }

  get id(): NodeId {
    return this.signer.node;
  }

  get node(): DriftlockNode {
    assert(this.#running !== undefined, 'the node runs');
    return this.#running.node;
  }

  get clock(): MachineClock {
    assert(this.#running !== undefined, 'the node runs');
    return this.#running.clock;
  }

  get network(): Network {
    assert(this.#running !== undefined, 'the node runs');
    return this.#running.network;
  }

  get digest(): string {
    return formatFingerprint(this.node.replica.digest);
  }

  /** Resolves when the node has read its directory and joined the network. */
  async start(): Promise<void> {
    const { clock: time, hub, members, nodes } = this.#cluster;
    await prepareDatadir(this.disk, this.layout);
    const clock = new MachineClock(time, { wallOffsetMs: this.#wallOffsetMs });
    const network = hub.join(new MemberList(this.id, members()));
    const node = new DriftlockNode(this.settings, {
      clock,
      random: this.#cluster.random,
      disk: this.disk,
      network,
      directory: this.#directory,
      signer: this.signer,
      verify: nodes.verify,
      verifyLater: (...signed) => Promise.resolve(nodes.verify(...signed)),
      isMember: (member) => members().includes(member),
      members,
      layout: this.layout,
      validator: this.validator,
      onEvent: (event) => this.events.push(event),
    });
    this.#running = { node, network, clock };
    const started = node.start();
    let isStarted = false;
    void started.then(() => (isStarted = true));
    await time.advanceUntil(() => isStarted, 1_000);
    await started;
  }

  async stop(): Promise<void> {
    await this.node.stop();
    this.#running = undefined;
  }

  /** Power loss: memory is gone, of the disk what was synced is left. */
  async crash(): Promise<void> {
    assert(this.#running !== undefined, 'the node runs');
    const { network, clock } = this.#running;
    clock.halt();
    this.disk = this.disk.crash();
    await network.stop();
    this.#running = undefined;
  }

  record(key: BlockKey): BlockRecord {
    return this.node.replica.get(key);
  }

  eventsOf<Type extends NodeEvent['type']>(type: Type): Extract<NodeEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<NodeEvent, { type: Type }> => event.type === type);
  }

  path(kind: BlockFileKind, key: BlockKey): string {
    return join(kind === 'validate' ? this.layout.validate : this.layout.witness, blockFileName(kind, key));
  }

  /** What another program on this machine does: writes a file whole, beside its place, and renames it there, durably. */
  async write(kind: BlockFileKind, key: BlockKey, bytes: Uint8Array): Promise<void> {
    const temporary = join(this.layout.root, 'foreign.tmp');
    await this.disk.create(temporary, bytes, { sync: true });
    await this.disk.move(temporary, this.path(kind, key));
    await this.disk.syncDirectory(dirname(this.path(kind, key)));
  }

  async dropWitness(key: BlockKey, state: WitnessState = 'Witnessed'): Promise<void> {
    await this.write('witness', key, witnessFile(key, state));
  }

  async validateFile(key: BlockKey): Promise<ValidateFile | undefined> {
    const content = await this.disk.read(this.path('validate', key), VALIDATE_FILE_BYTES_MAX);
    return content === undefined ? undefined : decodeValidateFile(content.bytes, blockFileName('validate', key));
  }

  /** The bytes of a file; undefined when there is none. */
  async bytesOf(kind: BlockFileKind, key: BlockKey): Promise<Uint8Array | undefined> {
    return (await this.disk.read(this.path(kind, key), WITNESS_FILE_BYTES_MAX))?.bytes;
  }
}

export class Cluster {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly nodes = new SignedNodes();
  readonly hub: MemoryHub;
  readonly machines: Machine[] = [];
  readonly #outsiders: Signer[] = [];

  constructor() {
    this.hub = new MemoryHub({ clock: this.clock, random: this.random });
  }

  readonly members = (): NodeId[] =>
    [...this.machines.map(({ signer }) => signer), ...this.#outsiders].map(({ node }) => node);

  /** Machines that are members from the start. They are not running yet. */
  add(count: number, options: MachineOptions = {}): Machine[] {
    const added = Array.from({ length: count }, (_, at) => {
      const signer = this.nodes.make(this.machines.length + at + 1);
      return new Machine(this, signer, options);
    });
    this.machines.push(...added);
    return added;
  }

  /** A member that runs nowhere: its key alone, to sign what it might have said. `wallOffsetMs`: of its clock. */
  absentMember(wallOffsetMs = 0): Author {
    const signer = this.nodes.make(200 + this.#outsiders.length);
    this.#outsiders.push(signer);
    return new Author({ ...signer, clock: new MachineClock(this.clock, { wallOffsetMs }), skewBoundMs: 0 });
  }

  async start(machines: readonly Machine[] = this.machines): Promise<void> {
    for (const machine of machines) await machine.start();
  }

  async stop(): Promise<void> {
    for (const machine of this.machines) await machine.stop();
  }

  /** Cuts or heals every link between the two groups. */
  partition(groups: readonly [readonly Machine[], readonly Machine[]], isCut: boolean): void {
    for (const a of groups[0]) {
      for (const b of groups[1]) {
        if (isCut) this.hub.cut(a.id, b.id);
        else this.hub.heal(a.id, b.id);
      }
    }
  }

  agrees(machines: readonly Machine[] = this.machines): boolean {
    return new Set(machines.map(({ digest }) => digest)).size === 1;
  }

  /** Advances until `condition` holds; fails with what each node knows when it does not within `limitMs`. */
  async until(condition: () => boolean, limitMs: number): Promise<void> {
    const isMet = await this.clock.advanceUntil(condition, limitMs);
    assert(isMet, `not within ${limitMs} ms of virtual time:\n${this.#describe()}`);
  }

  #describe(): string {
    return this.machines
      .map((machine) => {
        try {
          return `${machine.digest} ${JSON.stringify(machine.node.statusCounts())} ${machine.node.shelf.size} witnesses`;
        } catch {
          return 'not running';
        }
      })
      .join('\n');
  }
}

/** The `.w` of a block as its generator writes it; the payload is made from the block's number. */
export function witnessFile(
  { number, hash }: BlockKey,
  state: WitnessState = 'Witnessed',
  lockTimeSeconds: bigint = 0n,
): Uint8Array {
  return encodeWitnessFile({
    status: state,
    blockHash: hash,
    blockNumber: number,
    preStateRoot: hashOf(100_000 + number),
    parentHash: number === 0 ? ZERO_HASH : hashOf(number - 1),
    lockTimeSeconds,
    blobIds: [],
    witnessData: new TextEncoder().encode(`witness of block ${number}, ${hash}`),
  });
}

/** A record of `author`'s result. */
export function resultBy(author: Author, key: BlockKey, stateRoot: `0x${string}`): KeyedRecord {
  return { key, record: recordOf({ results: [author.result(key, [], 'success', stateRoot, 0)] }) };
}
