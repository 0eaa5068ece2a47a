/**
 * `spread-vs-gossip`: from a claim on one node until its `.v` stands on the last of five, against the least that could
 * be: bare gossipsub delivery of as many bytes and one durable write on each receiver.
 *
 * Both clusters run side by side in this process, real libp2p over loopback, each node in its own directory; a claim on
 * one is followed by a message on the other. When a file stands is told by the same watcher for both.
 */

import { watch } from 'node:fs';
import { access, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { recordOf } from '../../../crdt/block/record.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { createLibp2pNetwork, type Libp2pNetwork } from '../../../net/libp2p/network.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { Author } from '../../../src/author/author.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { blockFileName } from '../../../src/files/file-names.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import type { DriftlockNode } from '../../../src/node/node.ts';
import { benchDirectory } from '../parts/bench-directory.ts';
import { BENCH_LOCK_TIME_MS, BENCH_SKEW_BOUND_MS, benchNode } from '../parts/bench-node.ts';
import { median, type BenchRow, type BenchWork } from '../row.ts';

const NODES = 5;
/** A run's figure is the median of this many. */
const CLAIMS = 40;
const TOPIC = '/bench/bare/1';
/** A gossiped batch with one claim is this long. */
const MESSAGE_BYTES = 340;
const FILE_BYTES = 320;

export const spreadVsGossip: BenchRow = {
  id: 'spread-vs-gossip',
  what: `from a claim until its .v stands on the last of ${NODES} nodes (p50), against bare gossipsub and one durable write`,
  unit: 'ms',
  ours: 'claim, gossip, check, merge, file',
  against: 'bare gossipsub and one durable write',
  target: { kind: 'at-most', bound: 2 },
  pairs: 7,
  async prepare(): Promise<BenchWork> {
    const root = await benchDirectory();
    const cluster = await startCluster(join(root, 'cluster'));
    const bare = await startBare(join(root, 'bare'));
    let claims = 0;
    return {
      ours: () => p50(() => cluster.claim(++claims)),
      against: () => p50(() => bare.send(++claims)),
      async close() {
        await cluster.stop();
        await bare.stop();
      },
    };
  },
};

async function p50(once: () => Promise<number>): Promise<number> {
  const elapsed: number[] = [];
  for (let at = 0; at < CLAIMS; at++) elapsed.push(await once());
  return median(elapsed);
}

async function startCluster(root: string): Promise<{ claim(number: number): Promise<number>; stop(): Promise<void> }> {
  const identities = Array.from({ length: NODES }, generateKey);
  const directories: string[] = [];
  const nodes: DriftlockNode[] = [];
  const networks: Libp2pNetwork[] = [];
  for (const [at, identity] of identities.entries()) {
    const layout = datadirLayout(join(root, `node-${at + 1}`));
    await prepareDatadir(new NodeDisk(), layout);
    const members = memberListOf(identity, identities);
    const network = await networkOf(identity, members, networks);
    const node = benchNode({ layout, identity, members, network });
    await node.start();
    networks.push(network);
    nodes.push(node);
    directories.push(layout.validate);
  }
  await connected(networks);
  const [first] = nodes;
  const [identity] = identities;
  if (first === undefined || identity === undefined) throw new Error('the cluster has no node');
  const author = new Author({ ...identity, clock: systemClock, skewBoundMs: BENCH_SKEW_BOUND_MS });
  return {
    async claim(number) {
      const key = keyOf(number);
      const stands = directories.map((directory) => fileStands(directory, blockFileName('validate', key)));
      const start = performance.now();
      first.store.merge({ key, record: recordOf({ lease: author.claim(key, 1, BENCH_LOCK_TIME_MS) }) }, 'local');
      await Promise.all(stands);
      return performance.now() - start;
    },
    async stop() {
      for (const node of nodes) await node.stop();
    },
  };
}

async function startBare(root: string): Promise<{ send(number: number): Promise<number>; stop(): Promise<void> }> {
  const identities = Array.from({ length: NODES }, generateKey);
  const networks: Libp2pNetwork[] = [];
  const directories: string[] = [];
  for (const [at, identity] of identities.entries()) {
    const directory = join(root, `node-${at + 1}`);
    await mkdir(directory, { recursive: true });
    const network = await networkOf(identity, memberListOf(identity, identities), networks, (bytes) => {
      void writeDurably(directory, `${new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)}.v`);
    });
    await network.start();
    networks.push(network);
    directories.push(directory);
  }
  await connected(networks);
  const [first] = networks;
  if (first === undefined) throw new Error('the cluster has no node');
  return {
    async send(number) {
      const message = new Uint8Array(MESSAGE_BYTES);
      new DataView(message.buffer).setUint32(0, number);
      const stands = directories.slice(1).map((directory) => fileStands(directory, `${number}.v`));
      const start = performance.now();
      await first.publish(TOPIC, message);
      await Promise.all(stands);
      return performance.now() - start;
    },
    async stop() {
      for (const network of networks) await network.stop();
    },
  };
}

function memberListOf(identity: SecretIdentity, all: readonly SecretIdentity[]): MemberList {
  return new MemberList(
    identity.node,
    all.map((other) => other.node),
  );
}

async function networkOf(
  identity: SecretIdentity,
  members: MemberList,
  earlier: readonly Libp2pNetwork[],
  onMessage?: (bytes: Uint8Array) => void,
): Promise<Libp2pNetwork> {
  const network = createLibp2pNetwork({
    identity,
    members,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    dial: earlier.flatMap((other) => other.addresses()),
    mdns: false,
    clock: systemClock,
    random: randomInteger,
  });
  if (onMessage !== undefined) {
    network.subscribe(TOPIC, ({ bytes }) => {
      onMessage(bytes);
      return 'accept';
    });
  }
  return network;
}

/** Resolves once every node is linked to every other, and gossipsub has had two heartbeats to form its mesh. */
async function connected(networks: readonly Libp2pNetwork[]): Promise<void> {
  for (const network of networks) {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (network.peers().length < networks.length - 1) return;
        stop();
        resolve();
      };
      const stop = network.onPeersChanged(check);
      check();
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 2_500));
}

function keyOf(number: number): BlockKey {
  return { number, hash: blake3Hash(new TextEncoder().encode(`${number}`)) };
}

async function writeDurably(directory: string, name: string): Promise<void> {
  const temporary = join(directory, `${name}.tmp`);
  const file = await open(temporary, 'wx');
  await file.write(new Uint8Array(FILE_BYTES).fill(7));
  await file.sync();
  await file.close();
  await rename(temporary, join(directory, name));
  const directoryHandle = await open(directory, 'r');
  await directoryHandle.sync();
  await directoryHandle.close();
}

/** Resolves once `name` stands in `directory`. */
function fileStands(directory: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(directory, (_event, changed) => {
      if (changed !== name) return;
      access(join(directory, name)).then(done, () => undefined);
    });
    const done = (): void => {
      watcher.close();
      resolve();
    };
    watcher.on('error', reject);
  });
}
