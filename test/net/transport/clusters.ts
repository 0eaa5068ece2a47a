/** Small clusters over each transport, for the tests that hold for all of them. */

import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { createLibp2pNetwork, type Libp2pNetwork } from '../../../net/libp2p/network.ts';
import type { HolderDirectory } from '../../../net/holder-directory.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import type { Network } from '../../../net/network.ts';
import { machineClock, machineRandom } from './machine.ts';
import { until } from './until.ts';

export type TransportName = 'libp2p' | 'memory';

/** Which nodes list each other as members: all, or each its neighbours only. */
export type Shape = 'mesh' | 'line';

export type Configure = (network: Network, index: number) => void;

export type DirectoryNetwork = Network & { readonly directory: HolderDirectory | undefined };

/** Starts `size` nodes and resolves when every two that may be connected are. */
export async function startCluster(
  transport: TransportName,
  size: number,
  shape: Shape,
  configure: Configure,
  dht = false,
): Promise<DirectoryNetwork[]> {
  const keys = Array.from({ length: size }, generateKey);
  const isNeighbour = (a: number, b: number): boolean => a !== b && (shape === 'mesh' || Math.abs(a - b) === 1);
  const members = keys.map(
    (key, index) =>
      new MemberList(
        key.node,
        keys.filter((_, other) => isNeighbour(index, other)).map(({ node }) => node),
      ),
  );
  const networks =
    transport === 'memory' ? await startMemory(members, configure) : await startLibp2p(keys, members, configure, dht);
  await until(() =>
    networks.every((network, index) => network.peers().length === keys.filter((_, b) => isNeighbour(index, b)).length),
  );
  return networks;
}

export interface Libp2pNode {
  readonly key: SecretIdentity;
  readonly members: MemberList;
  readonly listen?: string;
  readonly dial?: readonly string[];
  readonly dht?: boolean;
}

/** A libp2p network on loopback, not started. */
export function libp2pNode({
  key,
  members,
  listen = '/ip4/127.0.0.1/tcp/0',
  dial = [],
  dht = false,
}: Libp2pNode): Libp2pNetwork {
  return createLibp2pNetwork({
    identity: key,
    members,
    listen: [listen],
    dial,
    mdns: false,
    dht,
    clock: machineClock,
    random: machineRandom,
  });
}

async function startLibp2p(
  keys: readonly SecretIdentity[],
  members: readonly MemberList[],
  configure: Configure,
  dht: boolean,
): Promise<Libp2pNetwork[]> {
  const started: Libp2pNetwork[] = [];
  for (const [index, key] of keys.entries()) {
    const list = members[index];
    if (list === undefined) break;
    const network = libp2pNode({ key, members: list, dial: started.flatMap((other) => other.addresses()), dht });
    configure(network, index);
    await network.start();
    started.push(network);
  }
  return started;
}

async function startMemory(members: readonly MemberList[], configure: Configure): Promise<DirectoryNetwork[]> {
  const hub = new MemoryHub({ clock: machineClock, random: machineRandom });
  const networks = members.map((list) => hub.join(list));
  for (const [index, network] of networks.entries()) {
    configure(network, index);
    await network.start();
  }
  return networks;
}
