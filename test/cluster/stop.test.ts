/** Being told to stop. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { jsonLines } from '../cli/cli.ts';
import { testChain } from './chain.ts';
import { ChainServer } from './chain-server.ts';
import { assertSameFiles, Cluster, type ClusterNode } from './harness.ts';
import { DriftlockProcess } from './processes.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

/** Far longer than the test: whoever takes a block over in it was given it. */
const LOCK_SECONDS = 3_600;

const READY_WITHOUT_RPC = /^driftlock 12D3Koo\w+ on \/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3Koo\w+, no rpc\n$/;

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

describe('a node that is started and stopped by hand', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  let node: ClusterNode;

  beforeEach(async () => {
    cluster = await Cluster.create(1, {});
    node = cluster.node(0);
  });

  afterEach(() => cluster.remove());

  it('says one line on standard output, and ends with code 0 on SIGINT as on SIGTERM', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const started = new DriftlockProcess(['run', '--datadir', node.layout.root]);
      await until('it is ready', () => started.stdout.endsWith('\n'));
      assert.match(started.stdout, READY_WITHOUT_RPC);
      assert.ok(started.stdout.startsWith(`driftlock ${node.peerId} on `));
      started.signal(signal);
      const { code, stdout, stderr } = await started.ended();
      assert.equal(code, 0, stderr);
      assert.equal(stdout.split('\n').length, 2);
      assert.deepEqual(
        jsonLines(stderr).map((line) => [Object(line).msg, Object(line).signal]),
        [
          ['loaded', undefined],
          ['stopping', signal],
        ],
      );
    }
  });

  it('ends at once on a second signal, however long a validator takes to give way', async () => {
    const program = join(cluster.folder, 'stubborn.sh');
    const atWork = join(cluster.folder, 'at-work');
    await writeFile(program, `#!/bin/sh\ntrap '' TERM\ntouch '${atWork}'\nwhile :; do sleep 0.1; done\n`);
    await chmod(program, 0o755);
    const started = new DriftlockProcess(['run', '--datadir', node.layout.root, '--validator', `exec:${program}`]);
    for (const block of testChain(1).blocks) await dropWitness(node.layout.root, witnessed(block));
    await until('the validator is at work', () => existsSync(atWork));
    started.signal('SIGTERM');
    await until('it is stopping', () => started.stderr.includes('"msg":"stopping"'));
    started.signal('SIGTERM');
    const { code, signal } = await started.ended();
    // 128 and the number of SIGTERM.
    assert.deepEqual({ code, signal }, { code: 143, signal: null });
    // It left nothing behind that keeps the next one from starting.
    await node.start([]);
    assert.equal((await node.stop()).code, 0);
  });

  it('goes on and stops in order when nobody reads its log any more', async () => {
    const started = new DriftlockProcess(['run', '--datadir', node.layout.root]);
    await until('it is ready', () => started.stdout.endsWith('\n'));
    started.closeLog();
    started.signal('SIGTERM');
    const { code, signal } = await started.ended();
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });

  it('warns of a key that others can read, and runs', async () => {
    await chmod(node.layout.key, 0o644);
    const started = new DriftlockProcess(['run', '--datadir', node.layout.root]);
    await until('it is ready', () => started.stdout.endsWith('\n'));
    const { code, stderr } = await started.stop();
    assert.equal(code, 0, stderr);
    const warnings = jsonLines(stderr).filter((line) => Object(line).level === 'warn');
    assert.equal(warnings.length, 1, stderr);
    assert.ok(String(Object(warnings[0]).msg).startsWith(`${node.layout.key}: expected mode 0600, found one that`));
  });
});
