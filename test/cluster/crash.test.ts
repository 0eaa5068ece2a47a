/** Nodes that are killed, come late or lose what can be rebuilt, and end with the same bytes as the others. */

import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { testChain } from './chain.ts';
import { ChainServer } from './chain-server.ts';
import { assertSameFiles, Cluster, filesIn, type ClusterNode } from './harness.ts';
import { readReferenceValidate } from './reference-format.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

const BLOCKS = 60;

describe('a cluster of processes that are killed, late or reset', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const chain = testChain(BLOCKS);
  let server: ChainServer;
  let cluster: Cluster;
  let first: ClusterNode;
  let victim: ClusterNode;
  let late: ClusterNode;

  beforeEach(async () => {
    server = await ChainServer.start(chain.headers);
    cluster = await Cluster.create(3, { validator: 'linkage', api: server.url });
    [first, victim, late] = [cluster.node(0), cluster.node(1), cluster.node(2)];
  });

  afterEach(async () => {
    await cluster.remove();
    await server[Symbol.asyncDispose]();
  });

  it('a node killed in mid-run, one that comes late and one that lost its caches end with the same bytes', async () => {
    await cluster.start(first, victim);
    await drop(chain.blocks.slice(0, 20), first, victim);
    await until('the victim has finished blocks', async () => (await victim.status()).counters['validations'] !== 0);
    server.hold();
    await drop(chain.blocks.slice(20, 40), victim, first);
    await until('the victim is at work', async () => (await victim.status()).validator.inFlight > 0);
    const { signal } = await victim.kill();
    assert.equal(signal, 'SIGKILL');
    server.release();

    // A witness generator beside a dead node goes on writing.
    await drop(chain.blocks.slice(40), victim, first);
    await cluster.start(victim);
    await cluster.converged(BLOCKS);
    await assertFinished(first, victim);

    await cluster.start(late);
    const digest = await cluster.converged(BLOCKS);
    await assertFinished(first, victim, late);

    const before = await filesIn(late.layout.validate);
    await late.stop();
    for (const name of await readdir(late.layout.state)) {
      if (name !== 'key') await rm(join(late.layout.state, name), { recursive: true });
    }
    // Alone, so that what it knows it has from its files.
    await victim.stop();
    await first.stop();
    await late.start([first, victim].flatMap(({ peerId }) => ['--member', peerId]));
    assert.equal((await late.status()).digest, digest);
    assert.deepEqual(await filesIn(late.layout.validate), before);
  });

  async function drop(blocks: typeof chain.blocks, ...nodes: readonly ClusterNode[]): Promise<void> {
    for (const [at, block] of blocks.entries()) {
      const node = nodes[at % nodes.length];
      assert.ok(node !== undefined);
      await dropWitness(node.layout.root, witnessed(block));
    }
  }

  /** All files are there, the same everywhere, and the reference's readers find each block's own state root in them. */
  async function assertFinished(...nodes: readonly ClusterNode[]): Promise<void> {
    await assertSameFiles(nodes.map(({ layout }) => layout));
    for (const block of chain.blocks) {
      const file = readReferenceValidate(await readFile(first.validatePath(block.key)));
      assert.deepEqual(file, {
        status: 'Success',
        blockHash: block.key.hash,
        blockNumber: BigInt(block.key.number),
        stateRoot: block.stateRoot,
        lockTime: 0n,
        blobIds: [],
      });
      assert.deepEqual(await readFile(first.witnessPath(block.key)), Buffer.from(witnessed(block).witness));
    }
  }
});
