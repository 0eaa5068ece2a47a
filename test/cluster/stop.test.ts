/** Being told to stop. */

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { dropWitness } from '../../src/demo/feed.ts';
import { testChain, witnessed } from './chain.ts';
import { ChainServer } from './chain-server.ts';
import { assertSameFiles, Cluster } from './harness.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

/** Far longer than the test: whoever takes a block over in it was given it. */
const LOCK_SECONDS = 3_600;

describe('a node that is told to stop', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const chain = testChain(3);
  let server: ChainServer;
  let cluster: Cluster;

  beforeEach(async () => {
    server = await ChainServer.start(chain.headers);
    cluster = await Cluster.create(2, { validator: 'linkage', api: server.url, lockTimeSeconds: LOCK_SECONDS });
  });

  afterEach(async () => {
    await cluster.remove();
    await server[Symbol.asyncDispose]();
  });

  it('gives its leases up, ends with code 0, and starts again on the same directory', async () => {
    const [stopped, other] = [cluster.node(0), cluster.node(1)];
    await cluster.start(stopped, other);
    server.hold();
    for (const block of chain.blocks) await dropWitness(stopped.layout.root, witnessed(block));
    await until('every block is being worked on', async () => (await other.status()).blocks.processing === 3);
    await until('the one to be stopped works on one', async () => (await stopped.status()).validator.inFlight > 0);

    const { code, stderr, stdout } = await stopped.stop();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^driftlock .*\n$/);
    assert.deepEqual(await readdir(stopped.layout.temporary), []);
    server.release();
    await cluster.converged(3);

    await cluster.start(stopped);
    await cluster.converged(3);
    await assertSameFiles(cluster.nodes.map(({ layout }) => layout));
  });
});
