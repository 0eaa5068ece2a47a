/** Nodes that have a cluster document and nothing else, in one process: memory disks and network, real parts besides. */

import assert from 'node:assert/strict';
import * as Y from 'yjs';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { MemoryHub } from '../../net/memory/hub.ts';
import type { Network } from '../../net/network.ts';
import { datadirLayout } from '../../src/datadir/layout.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { EDIT_CAPACITY } from '../../src/document/cluster-document.ts';
import { DocumentRoom } from '../../src/document/document-room.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { MachineClock } from '../../src/sim/machine-clock.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { SignedNodes } from '../net/signed-nodes.ts';

export const CLUSTER = 'test';
export const LAYOUT = datadirLayout('/data');

export interface RoomParts {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly network: Network;
  readonly disk: MemoryDisk;
  readonly nodes: SignedNodes;
  readonly onEvent?: (event: NodeEvent) => void;
}

/** Opened and not started. */
export async function openRoom({ nodes, onEvent = () => {}, ...parts }: RoomParts): Promise<DocumentRoom> {
  await prepareDatadir(parts.disk, LAYOUT);
  const trust = { isMember: () => true, verify: nodes.verify };
  const room = new DocumentRoom({ ...parts, ...trust, cluster: CLUSTER, layout: LAYOUT, onEvent });
  await room.open();
  return room;
}

/** A room alone on its network. */
export async function loneRoom(clock: Clock, random: RandomInteger): Promise<DocumentRoom> {
  const nodes = new SignedNodes();
  const signer = nodes.make(1);
  const network = new MemoryHub({ clock, random }).join(new MemberList(signer.node, []));
  const room = await openRoom({ signer, clock, random, network, disk: new MemoryDisk(), nodes });
  await network.start();
  room.start();
  return room;
}

/** Has a writer of its own type `text` at the beginning of a note, as a browser of that node would. */
export function type(room: DocumentRoom, key: string, text: string, client: number): void {
  const doc = new Y.Doc();
  doc.clientID = client;
  Y.applyUpdate(doc, room.document.updateFor(Uint8Array.of(0)) ?? assert.fail());
  const before = Y.encodeStateVector(doc);
  doc.transact(() => {
    doc.getMap('noteIndex').set(key, { atMs: 1 });
    doc.getText(`note/${key}`).insert(0, text);
  });
  assert.equal(room.document.take(Y.encodeStateAsUpdate(doc, before), 'a browser', EDIT_CAPACITY), 'applied');
}

export function noteIn(room: DocumentRoom, key: string): string | undefined {
  return room.read().notes.find((note) => note.key === key)?.text;
}

/** One node of a {@link RoomCluster}. */
export class RoomNode {
  readonly signer: Signer;
  readonly events: NodeEvent[] = [];
  readonly #cluster: RoomCluster;
  disk = new MemoryDisk();
  #running: { readonly room: DocumentRoom; readonly network: Network; readonly clock: MachineClock } | undefined;

  constructor(cluster: RoomCluster, signer: Signer) {
    this.#cluster = cluster;
    this.signer = signer;
  }

  get room(): DocumentRoom {
    assert(this.#running !== undefined, 'it runs');
    return this.#running.room;
  }

  get fingerprint(): string {
    return Buffer.from(this.room.document.fingerprint()).toString('hex');
  }

  async start(): Promise<void> {
    const { clock: time, random, hub, nodes, members } = this.#cluster;
    const clock = new MachineClock(time, {});
    const network = hub.join(new MemberList(this.signer.node, members));
    const onEvent = (event: NodeEvent): void => void this.events.push(event);
    const room = await openRoom({ signer: this.signer, clock, random, network, disk: this.disk, nodes, onEvent });
    await network.start();
    room.start();
    this.#running = { room, network, clock };
  }

  async stop(): Promise<void> {
    assert(this.#running !== undefined, 'it runs');
    const { room, network } = this.#running;
    await room.stop();
    // The rest of a node takes its time to stop.
    await this.#cluster.clock.advance(10);
    await network.stop();
    this.#running = undefined;
  }

  /** Power loss: memory is gone, of the disk what was synced is left. */
  async crash(): Promise<void> {
    assert(this.#running !== undefined, 'it runs');
    const { network, clock } = this.#running;
    clock.halt();
    this.disk = this.disk.crash();
    await network.stop();
    this.#running = undefined;
  }
}

/** Under virtual time. */
export class RoomCluster {
  readonly clock = new VirtualClock();
  readonly random: RandomInteger;
  readonly nodes = new SignedNodes();
  readonly hub: MemoryHub;
  readonly all: readonly RoomNode[];
  /** Members that run nowhere. Added before the others start. */
  readonly outsiders: Signer['node'][] = [];

  constructor(size: number, seed = 1) {
    this.random = seededRandom(seed);
    this.hub = new MemoryHub({ clock: this.clock, random: this.random });
    this.all = Array.from({ length: size }, (_, at) => new RoomNode(this, this.nodes.make(at + 1)));
  }

  get members(): Signer['node'][] {
    return [...this.all.map(({ signer }) => signer.node), ...this.outsiders];
  }

  async start(): Promise<void> {
    for (const node of this.all) await node.start();
  }

  async stop(): Promise<void> {
    for (const node of this.all) await node.stop();
  }

  agrees(): boolean {
    return new Set(this.all.map(({ fingerprint }) => fingerprint)).size === 1;
  }

  async until(condition: () => boolean, limitMs: number): Promise<void> {
    assert(await this.clock.advanceUntil(condition, limitMs), `not within ${limitMs} ms: ${String(condition)}`);
  }
}
