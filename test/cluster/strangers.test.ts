/** Nodes that are no members, as processes that do all they can to get in. */

import assert from 'node:assert/strict';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { testChain } from './chain.ts';
import { ChainServer } from './chain-server.ts';
import { Cluster, type ClusterNode } from './harness.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

describe('strangers', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const chain = testChain(2);
  let server: ChainServer;
  let cluster: Cluster;

  beforeEach(async () => {
    server = await ChainServer.start(chain.headers);
    cluster = await Cluster.create(4, { validator: 'linkage', api: server.url });
  });

  afterEach(async () => {
    await cluster.remove();
    await server[Symbol.asyncDispose]();
  });

  it('are refused whoever dials, and no record or witness of theirs comes in', async () => {
    // ours and mate are one cluster, stranger and accomplice another. Across: stranger dials ours, mate dials accomplice.
    const [ours, mate, stranger, accomplice] = [cluster.node(0), cluster.node(1), cluster.node(2), cluster.node(3)];
    await accomplice.start(members(stranger));
    await mate.start([...members(ours), ...dial(accomplice)]);
    await ours.start(dial(mate));
    await stranger.start([...members(mate), ...dial(accomplice), ...dial(ours)]);

    const [first, second] = chain.blocks;
    assert.ok(first !== undefined && second !== undefined);
    await dropWitness(ours.layout.root, witnessed(first));
    await dropWitness(stranger.layout.root, witnessed(second));
    await bothHave(1, ours, mate);
    await bothHave(1, stranger, accomplice);

    assert.deepEqual(await connectedPeers(ours), [mate.peerId]);
    assert.deepEqual(await connectedPeers(mate), [ours.peerId]);
    assert.deepEqual(await connectedPeers(stranger), [accomplice.peerId]);
    assert.deepEqual(await connectedPeers(accomplice), [stranger.peerId]);
    for (const node of [ours, mate]) {
      assert.equal(
        await validationError(node, second.key),
        `This block ${second.key.number} is too old or not validated yet`,
      );
    }
    for (const node of [stranger, accomplice]) {
      assert.equal(
        await validationError(node, first.key),
        `This block ${first.key.number} is too old or not validated yet`,
      );
    }
  });
});

function members(...nodes: readonly ClusterNode[]): string[] {
  return nodes.flatMap(({ peerId }) => ['--member', peerId]);
}

function dial({ addresses }: ClusterNode): string[] {
  return addresses.flatMap((address) => ['--peer', address]);
}

/** The two have exactly `count` blocks and witnesses, Success, and one digest. */
async function bothHave(count: number, ...pair: readonly ClusterNode[]): Promise<void> {
  await until(`${pair.map(({ layout }) => layout.root).join(' and ')} agree`, async () => {
    const statuses = await Promise.all(pair.map((node) => node.status()));
    const areDone = statuses.every(
      ({ blocks, witnesses }) => blocks.total === count && blocks.success === count && witnesses.held === count,
    );
    return areDone && new Set(statuses.map(({ digest }) => digest)).size === 1;
  });
}

async function connectedPeers(node: ClusterNode): Promise<string[]> {
  const { peers } = await node.status();
  return peers.filter(({ connected }) => connected).map(({ peerId }) => peerId);
}

async function validationError(node: ClusterNode, { number, hash }: { number: number; hash: string }): Promise<string> {
  const answer = await node.rpc({
    jsonrpc: '2.0',
    id: 1,
    method: 'stateless_getValidation',
    params: [`${number}.${hash}`],
  });
  return String(Object(Object(answer).error).message);
}
