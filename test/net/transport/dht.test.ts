/** The DHT of real libp2p nodes beyond what every directory promises: reach, membership, floods. */

import assert from 'node:assert/strict';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { NodeId } from '../../../crdt/ids.ts';
import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { DHT_PROTOCOL } from '../../../net/libp2p/dht/service.ts';
import { QUERIES_PER_PEER_PER_SECOND } from '../../../net/libp2p/dht/query-limit.ts';
import type { Libp2pNetwork } from '../../../net/libp2p/network.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { readAll } from '../stream-pair.ts';
import { libp2pNode } from './clusters.ts';
import { DIGEST, directoryOf, found, NEVER, provided } from './directories.ts';
import { startRawNode } from './strangers.ts';
import { until } from './until.ts';

const ECHO = '/test/echo/1';

async function echo(network: Libp2pNetwork, node: NodeId): Promise<string> {
  const stream = await network.open(node, ECHO, NEVER);
  await stream.sink([Buffer.from('there')]);
  return Buffer.from(await readAll(stream.source)).toString();
}

/** A ping of the DHT: a length, and the message `type: PING`. */
const PING = Uint8Array.of(2, 8, 5);

/** What becomes of a stream with so many pings on it. */
async function outcome(connection: Connection, pings: number): Promise<'answered' | 'reset'> {
  const stream = await connection.newStream(DHT_PROTOCOL).catch(() => undefined);
  if (stream?.status !== 'open') return 'reset';
  const settled = Promise.withResolvers<'answered' | 'reset'>();
  stream.addEventListener('message', () => settled.resolve('answered'));
  stream.addEventListener('close', () => settled.resolve('reset'));
  stream.send(Buffer.concat(Array.from({ length: pings }, () => PING)));
  const how = await settled.promise;
  stream.abort(new Error('the next one'));
  return how;
}

describe('holders over a DHT', function () {
  this.timeout(60_000);
  let running: { stop(): unknown }[] = [];
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    running = [];
  });

  /** Each dials the one before it. `members` gives whom each one knows besides itself. */
  async function startLine(
    keys: readonly SecretIdentity[],
    members: (index: number) => readonly NodeId[],
  ): Promise<Libp2pNetwork[]> {
    const line: Libp2pNetwork[] = [];
    for (const [index, key] of keys.entries()) {
      const dial = line.at(-1)?.addresses() ?? [];
      const network = libp2pNode({ key, members: new MemberList(key.node, members(index)), dial, dht: true });
      network.serve(ECHO, (_peer, stream) => stream.sink(stream.source));
      await network.start();
      line.push(network);
      running.push(network);
    }
    return line;
  }

  it('the far end of a line of five finds the holder at its beginning, and reaches it', async () => {
    const keys = Array.from({ length: 5 }, generateKey);
    const all = keys.map(({ node }) => node);
    const line = await startLine(keys, () => all);
    const [first] = line;
    const last = line.at(-1);
    assert(first !== undefined && last !== undefined);
    await until(() => line.every((network) => network.peers().length > 0));
    await provided(directoryOf(first));
    // A link that a lookup made may close again, as when both ends made one at the same time: then it is looked up again.
    let answer: string | undefined;
    while (answer === undefined) {
      assert.deepEqual(await found(directoryOf(last)), [first.self]);
      answer = await echo(last, first.self).catch(() => undefined);
    }
    assert.equal(answer, 'there');
  });

  it('who is no member of the asker is not linked, whoever names it', async () => {
    const keys = Array.from({ length: 3 }, generateKey);
    const [a, b, c] = keys.map(({ node }) => node);
    assert(a !== undefined && b !== undefined && c !== undefined);
    const line = await startLine(keys, (index) => (index === 2 ? [b] : [a, b, c]));
    await until(() => line.every((network) => network.peers().length > 0));
    await provided(directoryOf(line[0]));
    assert.deepEqual(await found(directoryOf(line[1])), [a]);
    assert.deepEqual(await directoryOf(line[2]).find(DIGEST, NEVER), []);
    assert.deepEqual(
      line[2]?.peers().map(({ node }) => node),
      [b],
    );
  });

  it('a member that asks too much has its streams reset, and the others are served', async () => {
    const flooder = generateKey();
    const keys = Array.from({ length: 2 }, generateKey);
    const all = [flooder.node, ...keys.map(({ node }) => node)];
    const line = await startLine(keys, () => all);
    const [target, other] = line;
    await until(() => line.every((network) => network.peers().length === 1));
    await provided(directoryOf(target));
    const raw = await startRawNode(flooder);
    running.push(raw);
    const [address = ''] = target?.addresses() ?? [];
    const connection = await raw.dial(multiaddr(address));
    assert.equal(await outcome(connection, 1), 'answered');
    let opened = 0;
    // Each stream is answered or reset before the next one, so no other limit is met.
    while ((await outcome(connection, 1_000)) === 'answered') {
      assert(opened++ < QUERIES_PER_PEER_PER_SECOND, 'no stream was reset');
    }
    assert.deepEqual(await found(directoryOf(other)), [target?.self]);
  });
});
