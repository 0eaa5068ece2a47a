/**
 * The nodes of a run and the network between them, made and not started.
 *
 * Invariant: each node is told of the others by its own proxies' addresses alone. Ports are those that were free a moment
 * ago, since a node that is started again has to listen where it did.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretIdentity } from '../../../net/identity/identity.ts';
import { peerIdText } from '../../../net/identity/peer-id.ts';
import { datadirLayout } from '../../datadir/layout.ts';
import { makeFolder } from '../../demo/folders.ts';
import { freePorts } from '../../demo/ports.ts';
import { NodeKeyDisk } from '../../identity/key-disk.ts';
import { loadIdentity } from '../../identity/load-identity.ts';
import { systemClock } from '../../node/machine.ts';
import { forkRandom } from '../../sim/seeded-random.ts';
import { Mesh } from '../proxy/mesh.ts';
import type { FaultName } from '../scenario/fault-plan.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Strike } from '../scenario/schedule.ts';
import type { ChaosNode } from './chaos-node.ts';
import { Daemon } from './daemon.ts';
import { findFaketime } from './faketime.ts';
import type { Namespaces } from './namespaces.ts';
import { NodeClock } from './node-clock.ts';
import { Volume } from './volume.ts';

export interface FleetOptions {
  readonly scenario: Scenario;
  readonly strikes: readonly Strike[];
  readonly nodes: number;
  readonly seed: number;
  /** Below it lie `node-1`, `node-1.log`, … */
  readonly directory: string;
  /** Where validators find headers. */
  readonly chainUrl: string;
  /** Undefined: on loopback, with proxies in between. */
  readonly namespaces: Namespaces | undefined;
}

export interface Fleet {
  readonly nodes: readonly ChaosNode[];
  /** In the order of the nodes. */
  readonly identities: readonly SecretIdentity[];
  /** Undefined where the nodes are in namespaces. */
  readonly mesh: Mesh | undefined;
  readonly namespaces: Namespaces | undefined;
  /** Closes the proxies. */
  close(): Promise<void>;
  /** Unmounts; with `keep` the files stay. Nothing looks at the directories any more. */
  release(keep: boolean): Promise<void>;
}

/** Quicker than the defaults, so that leases end and scans happen within a run. */
const QUICK = {
  lockTimeSeconds: 5,
  heartbeatMs: 500,
  scanIntervalMs: 2_000,
  retryDelayMsMin: 200,
  retryDelayMsMax: 2_000,
  validationsMax: 3,
  // What only comes and goes with the faults must not leave a block to people.
  failuresMax: 1_000,
};

export async function makeFleet(options: FleetOptions): Promise<Fleet> {
  const { scenario, nodes: count, directory, seed, namespaces, strikes } = options;
  const indexes = Array.from({ length: count }, (_, index) => index);
  const ports = await freePorts(2 * count);
  const listenPorts = ports.slice(0, count);
  const mesh = namespaces === undefined ? new Mesh(listenPorts, systemClock, forkRandom(seed, 'links')) : undefined;
  await mesh?.listen();
  const faketime = await findFaketime();
  const volumes = new Map<number, Volume>();
  for (const index of hitBy(strikes, 'disk-full')) volumes.set(index, await Volume.mount(rootOf(directory, index)));
  const identities = await Promise.all(indexes.map((index) => prepare(rootOf(directory, index))));
  const stepped = hitBy(strikes, 'clock-step');
  const absent = hitBy(
    strikes.filter(({ fromMs }) => fromMs === 0),
    'absent',
  );

  const addressOf = (from: number, to: number): string => {
    const host = namespaces?.addressOf(to) ?? '127.0.0.1';
    const port = mesh?.portOf(from, to) ?? listenPorts[to] ?? 0;
    const identity = identities[to];
    return `/ip4/${host}/tcp/${port}/p2p/${identity === undefined ? '' : peerIdText(identity.node)}`;
  };

  const makeNode = async (identity: SecretIdentity, index: number): Promise<ChaosNode> => {
    const name = `node-${index + 1}`;
    const layout = datadirLayout(rootOf(directory, index));
    const host = namespaces?.addressOf(index) ?? '127.0.0.1';
    const rpc = `${host}:${ports[count + index] ?? 0}`;
    const validator = scenario.start?.validator ?? 'linkage';
    const configFile = join(directory, `${name}.json`);
    const config = {
      ...QUICK,
      validator,
      ...(validator === 'linkage' ? { api: options.chainUrl } : {}),
      ...scenario.start?.settings,
      datadir: layout.root,
      cluster: 'chaos',
      listen: [`/ip4/${host}/tcp/${listenPorts[index] ?? 0}`],
      peers: indexes.filter((other) => other !== index).map((other) => addressOf(index, other)),
      rpc,
    };
    await writeFile(configFile, JSON.stringify(config, undefined, 2));
    const volume = volumes.get(index);
    const wrong = scenario.start?.clocks?.find(({ node }) => node === index);
    const clock = new NodeClock({
      offsetMs: wrong?.offsetMs ?? 0,
      driftRate: wrong?.driftRate ?? 0,
      isStepped: stepped.has(index),
      isInjected: volume?.means === 'injected',
      faketime,
      file: join(directory, `${name}.faketime`),
    });
    const daemon = new Daemon({
      name,
      args: ['--config', configFile],
      environment: () => clock.environment(),
      through: namespaces?.commandIn(index) ?? [],
      logFile: join(directory, `${name}.log`),
      rpcUrl: new URL(`http://${rpc}`),
    });
    return { index, name, id: identity.node, layout, daemon, clock, volume, startsAbsent: absent.has(index) };
  };

  return {
    nodes: await Promise.all(identities.map(makeNode)),
    identities,
    mesh,
    namespaces,
    close: async () => mesh?.close(),
    async release(keep) {
      for (const volume of volumes.values()) await volume.release(keep);
    },
  };
}

function rootOf(directory: string, index: number): string {
  return join(directory, `node-${index + 1}`);
}

/** Makes the directories and the key of a node. */
async function prepare(root: string): Promise<SecretIdentity> {
  const layout = datadirLayout(root);
  const { identity } = await loadIdentity(new NodeKeyDisk(), layout, process.pid);
  await makeFolder(layout.witness);
  await makeFolder(layout.validate);
  return identity;
}

function hitBy(strikes: readonly Strike[], fault: FaultName): ReadonlySet<number> {
  return new Set(strikes.filter(({ plan }) => plan.fault === fault).flatMap(({ targets }) => targets));
}
