/** What only libp2p can show: strangers, restarts, ports, and members that do not keep to the rules. */

import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { multiaddr } from '@multiformats/multiaddr';
import { isFailure } from '../../../crdt/errors.ts';
import type { NodeId } from '../../../crdt/ids.ts';
import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { peerIdOf, peerIdText } from '../../../net/identity/peer-id.ts';
import { GOSSIP_JUDGED_BYTES_MAX, GOSSIP_RPC_BYTES_MAX, topicValidator } from '../../../net/libp2p/gossip.ts';
import { createLibp2pNetwork, type Libp2pNetwork } from '../../../net/libp2p/network.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import {
  GOSSIP_MESSAGE_BYTES_MAX,
  STREAMS_PER_PEER_MAX,
  type GossipVerdict,
  type Network,
} from '../../../net/network.ts';
import { libp2pNode, type Libp2pNode } from './clusters.ts';
import { machineRandom } from './machine.ts';
import { startRawNode, type RawNode } from './strangers.ts';
import { nextTurn, until } from './until.ts';
import { VirtualClock } from './virtual-clock.ts';

const TOPIC = 'test/topic';
const PROTOCOL = '/test/1.0.0';

/** What the test at hand has started. */
let running: { stop(): unknown }[] = [];

describe('libp2p', () => {
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    running = [];
  });

  it('a stranger that dials in is closed out before any protocol is spoken', async () => {
    const network = await start(generateKey(), [generateKey()]);
    let changes = 0;
    network.onPeersChanged(() => (changes += 1));
    const stranger = await startRaw(generateKey());
    let identified = 0;
    stranger.addEventListener('peer:identify', () => (identified += 1));
    const closed = new Promise((resolve) => {
      stranger.addEventListener('connection:close', resolve, { once: true });
    });
    const address = firstAddress(network);
    await rejects(stranger.dialProtocol(multiaddr(address), PROTOCOL));
    await closed;
    deepEqual([stranger.getConnections(), identified, changes, network.peers()], [[], 0, 0, []]);
  });

  it('a stranger is never dialled, though its address was given', async () => {
    let knocks = 0;
    const stranger = await startRaw(generateKey(), {
      denyInboundConnection: () => {
        knocks += 1;
        return false;
      },
    });
    const [key, friendKey] = [generateKey(), generateKey()];
    const friend = await start(friendKey, [key]);
    const dial = [stranger.getMultiaddrs().map(String)[0] ?? '', firstAddress(friend)];
    const network = await start(key, [friendKey], { dial });
    await until(() => network.peers().length === 1);
    deepEqual([nodesOf(network), knocks], [[friendKey.node], 0]);
  });

  it('a peer that denies us is never listed, and dialling it goes on beside the others', async () => {
    const [key, wary, friendly] = [generateKey(), generateKey(), generateKey()];
    const denier = await start(wary, []);
    const friend = await start(friendly, [key]);
    const network = libp2pNode({
      key,
      members: membersOf(key, [wary, friendly]),
      dial: [firstAddress(denier), firstAddress(friend)],
    });
    running.push(network);
    let changes = 0;
    network.onPeersChanged(() => (changes += 1));
    await network.start();
    await until(() => network.peers().length === 1);
    deepEqual([nodesOf(network), changes, denier.peers()], [[friendly.node], 1, []]);
  });

  it('a peer that was down at the first dial is linked once it is up', async () => {
    const [key, lateKey] = [generateKey(), generateKey()];
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`;
    const network = await start(key, [lateKey], { dial: [`${listen}/p2p/${peerIdText(lateKey.node)}`] });
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    deepEqual(network.peers(), []);
    await start(lateKey, [key], { listen });
    await until(() => network.peers().length === 1);
  });

  it('a peer that restarts with the same key and port is linked again, and gossip and streams work', async () => {
    const [key, otherKey] = [generateKey(), generateKey()];
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`;
    const first = await start(otherKey, [key], { listen });
    const network = await start(key, [otherKey], { dial: [firstAddress(first)] });
    await until(() => network.peers().length === 1);
    await first.stop();
    await until(() => network.peers().length === 0);

    const heard: string[] = [];
    await start(otherKey, [key], { listen }, (text) => {
      heard.push(text);
      return 'accept';
    });
    await until(() => network.peers().length === 1);
    await publishUntil(network, () => heard.length > 0);
    const stream = await network.open(otherKey.node, PROTOCOL, new AbortController().signal);
    await stream.sink([Uint8Array.of(5)]);
    for await (const chunk of stream.source) deepEqual(Uint8Array.from(chunk), Uint8Array.of(5));
  });

  it('a peer that dialled us is dialled by us when it has come back and does not dial', async () => {
    const [key, otherKey] = [generateKey(), generateKey()];
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`;
    const network = await start(key, [otherKey]);
    const other = await start(otherKey, [key], { listen, dial: [firstAddress(network)] });
    await until(() => network.peers().length === 1);
    await other.stop();
    await until(() => network.peers().length === 0);
    await start(otherKey, [key], { listen });
    await until(() => network.peers().length === 1);
  });

  it('a stream whose other end was killed fails, and does not end', async () => {
    const { network, child, peer } = await startBesideProgram();
    const stream = await network.open(peer, PROTOCOL, new AbortController().signal);
    let received = 0;
    const reading = (async () => {
      for await (const chunk of stream.source) {
        received += chunk.length;
        child.kill('SIGKILL');
      }
    })();
    await rejects(reading, (error) => isFailure(error, 'ERR_STREAM_FAILED'));
    ok(received > 0);
    await until(() => network.peers().length === 0);
  });

  it('a peer that stands still is dropped, and linked again when it goes on', async () => {
    const { network, child } = await startBesideProgram();
    child.kill('SIGSTOP');
    await until(() => network.peers().length === 0);
    child.kill('SIGCONT');
    await until(() => network.peers().length === 1);
  });

  it('two nodes that dial each other at the same time list each other once, and gossip goes both ways', async () => {
    const keys = [generateKey(), generateKey()];
    const listens = [`/ip4/127.0.0.1/tcp/${await freePort()}`, `/ip4/127.0.0.1/tcp/${await freePort()}`];
    const heard = [new Set<string>(), new Set<string>()];
    const networks = await Promise.all(
      keys.map((key, index) => {
        const other = 1 - index;
        const dial = [`${listens[other]}/p2p/${peerIdText(keys[other]?.node ?? key.node)}`];
        const listen = listens[index] ?? '';
        return start(key, keys, { listen, dial }, (text) => {
          heard[index]?.add(text);
          return 'accept';
        });
      }),
    );
    await until(() => networks.every((network) => network.peers().length === 1));
    await Promise.all(networks.map((network, index) => publishUntil(network, () => (heard[1 - index]?.size ?? 0) > 0)));
    deepEqual(networks.map(nodesOf), [[keys[1]?.node], [keys[0]?.node]]);
  });

  it('a port that is taken, and an address that is not of this machine, are named with their flag', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ stop: () => server.close() });
    const taken = `/ip4/127.0.0.1/tcp/${portOf(server)}`;
    await rejects(
      start(generateKey(), [], { listen: taken }),
      (error) =>
        isFailure(error, 'ERR_ADDRESS_IN_USE') && error.argument === '--listen' && error.expected.includes(taken),
    );
    await rejects(
      start(generateKey(), [], { listen: '/ip4/192.0.2.1/tcp/0' }),
      (error) => isFailure(error, 'ERR_CANNOT_LISTEN') && error.found === 'EADDRNOTAVAIL',
    );
  });

  it('a network is told where it can be dialled, with its peer id, while it runs', async () => {
    const key = generateKey();
    const network = libp2pNode({ key, members: membersOf(key, []) });
    deepEqual(network.addresses(), []);
    await network.start();
    const [address] = network.addresses();
    ok(address?.startsWith('/ip4/127.0.0.1/tcp/') && address.endsWith(`/p2p/${peerIdText(key.node)}`));
    await network.stop();
    deepEqual(network.addresses(), []);
  });

  describe('a member that does not keep to the rules', () => {
    it('loses its link, to be made anew, when a message too large has ended gossip on it', async () => {
      const { network, member, clock } = await withRawMember();
      for (let check = 0; check < 3; check++) clock.step();
      equal(network.peers().length, 1);
      await member.services.gossip.publish(TOPIC, new Uint8Array(GOSSIP_RPC_BYTES_MAX + 1));
      await until(
        () => network.peers().length === 0,
        () => clock.step(),
      );
    });

    it('is no longer listened to once it has passed on many invalid messages', async () => {
      let judged = 0;
      const { network, member } = await withRawMember(() => {
        judged += 1;
        return 'reject';
      });
      let sent = 0;
      let before = -1;
      const sendMany = async (): Promise<void> => {
        before = judged;
        for (let count = 0; count < 20; count++) {
          await member.services.gossip.publish(TOPIC, Buffer.from(`invalid ${sent++}`));
        }
        // An answer on the same connection, to a question that followed the messages.
        const stream = await member.dialProtocol(peerIdOf(network.self), PROTOCOL);
        await stream.close();
        for (let turn = 0; turn < 100; turn++) await nextTurn();
      };
      await until(() => judged === before, sendMany);
      ok(judged >= 9, `${judged} of ${sent} messages were judged`);
    });

    it('may open as many streams as the limit allows; one more is reset', async () => {
      const { network, member } = await withRawMember();
      const open = () => member.dialProtocol(peerIdOf(network.self), PROTOCOL);
      const streams = [];
      for (let count = 0; count < STREAMS_PER_PEER_MAX; count++) streams.push(await open());
      const beyond = await open();
      await until(() => beyond.status === 'reset');
      deepEqual(new Set(streams.map(({ status }) => status)), new Set(['open']));
    });
  });

  it('verdicts are awaited for a bounded number of bytes, and what comes beyond is ignored', async () => {
    const verdict = Promise.withResolvers<GossipVerdict>();
    const judged = { now: 0 };
    const validate = topicValidator(() => verdict.promise, judged);
    const peer = peerIdOf(generateKey().node);
    const message = { type: 'unsigned' as const, topic: TOPIC, data: new Uint8Array(GOSSIP_MESSAGE_BYTES_MAX) };
    const within = Array.from({ length: GOSSIP_JUDGED_BYTES_MAX / GOSSIP_MESSAGE_BYTES_MAX }, async () =>
      validate(peer, message),
    );
    equal(await validate(peer, { ...message, data: Uint8Array.of(1) }), 'ignore');
    verdict.resolve('accept');
    deepEqual(new Set(await Promise.all(within)), new Set(['accept']));
    equal(judged.now, 0);
    equal(await validate(peer, message), 'accept');
  });
});

/** A started network that serves `PROTOCOL` as an echo. */
async function start(
  key: SecretIdentity,
  named: readonly SecretIdentity[],
  options: Partial<Libp2pNode> = {},
  judge: (text: string) => GossipVerdict = () => 'accept',
): Promise<Libp2pNetwork> {
  const network = libp2pNode({ key, members: membersOf(key, named), ...options });
  network.subscribe(TOPIC, ({ bytes }) => judge(Buffer.from(bytes).toString()));
  network.serve(PROTOCOL, async (_peer, stream) => stream.sink(stream.source));
  running.push(network);
  await network.start();
  return network;
}

/** A network, and a process beside it that it is linked to. */
async function startBesideProgram(): Promise<{ network: Libp2pNetwork; child: ChildProcess; peer: NodeId }> {
  const [key, childKey] = [generateKey(), generateKey()];
  const program = fileURLToPath(new URL('serve-until-killed.ts', import.meta.url));
  const seed = Buffer.from(childKey.seed).toString('hex');
  const child = spawn(process.execPath, [program, seed, key.node], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push({ stop: () => child.kill('SIGKILL') });
  const [address] = await once(child.stdout.setEncoding('utf8'), 'data');
  const network = await start(key, [childKey], { dial: [String(address).trim()] });
  await until(() => network.peers().length === 1);
  return { network, child, peer: childKey.node };
}

async function startRaw(...args: Parameters<typeof startRawNode>): Promise<RawNode> {
  const node = await startRawNode(...args);
  running.push(node);
  return node;
}

/** A network under a virtual clock, linked with a raw member, gossip known to work from network to member. */
async function withRawMember(judge?: (text: string) => GossipVerdict): Promise<{
  network: Libp2pNetwork;
  member: RawNode;
  clock: VirtualClock;
}> {
  const [key, memberKey] = [generateKey(), generateKey()];
  const clock = new VirtualClock();
  const network = createLibp2pNetwork({
    identity: key,
    members: membersOf(key, [memberKey]),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    dial: [],
    mdns: false,
    clock,
    random: machineRandom,
  });
  network.subscribe(TOPIC, ({ bytes }) => judge?.(Buffer.from(bytes).toString()) ?? 'accept');
  network.serve(PROTOCOL, async (_peer, stream) => stream.sink(stream.source));
  running.push(network);
  await network.start();
  const member = await startRaw(memberKey);
  let heard = 0;
  member.services.gossip.addEventListener('message', () => (heard += 1));
  member.services.gossip.subscribe(TOPIC);
  await member.dial(multiaddr(firstAddress(network)));
  await publishUntil(network, () => heard > 0);
  await until(() => member.services.gossip.getSubscribers(TOPIC).length === 1);
  return { network, member, clock };
}

function membersOf(key: SecretIdentity, others: readonly SecretIdentity[]): MemberList {
  return new MemberList(
    key.node,
    others.map(({ node }) => node),
  );
}

function nodesOf(network: Network): NodeId[] {
  return network.peers().map(({ node }) => node);
}

function firstAddress(network: Libp2pNetwork): string {
  const [address] = network.addresses();
  ok(address !== undefined, 'the network listens');
  return address;
}

/** Publishes ever new messages until one has done what it should: those before the subscriptions were exchanged are lost. */
async function publishUntil(network: Network, done: () => boolean): Promise<void> {
  let round = 0;
  await until(done, () => network.publish(TOPIC, Buffer.from(`probe ${network.self} ${round++}`)), 20);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  ok(typeof address === 'object' && address !== null);
  return address.port;
}
