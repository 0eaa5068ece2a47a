/** Programs in any language at the local API: the example in Python, and what a caller is told. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blockId } from '../../crdt/ids.ts';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { testChain } from './chain.ts';
import { Cluster, type ClusterNode } from './harness.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/validate.py', import.meta.url));
const BLOCKS = 6;

describe('the local API of running nodes', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const { blocks } = testChain(BLOCKS);
  const [first] = blocks.map(({ key }) => key);
  let cluster: Cluster;

  beforeEach(async () => {
    cluster = await Cluster.create(2, { validator: 'none' });
  });

  afterEach(() => cluster.remove());

  it('serves the example in Python, one at each node, which share the blocks', async function () {
    if (spawnSync('python3', ['--version']).status !== 0) {
      process.stderr.write('skipped: there is no python3 on this machine\n');
      this.skip();
    }
    await cluster.start(...cluster.nodes);
    const folder = join(cluster.folder, 'blocks');
    await mkdir(folder);
    for (const { key } of blocks) {
      await writeFile(join(folder, `${blockId(key)}.json`), JSON.stringify({ stateRoot: key.hash }));
    }
    const programs = cluster.nodes.map(({ rpcUrl }) =>
      spawn('python3', [EXAMPLE, rpcUrl.href], { env: { ...process.env, BLOCKS: folder }, stdio: 'ignore' }),
    );
    const ended = programs.map((program) => once(program, 'exit'));
    try {
      for (const block of blocks) await dropWitness(cluster.node(0).layout.root, witnessed(block));
      await cluster.converged(BLOCKS);
    } finally {
      for (const program of programs) program.kill();
      await Promise.all(ended);
    }
  });

  it('takes params by position and by name, and tells programs by code why they are refused', async () => {
    assert.ok(first !== undefined);
    await cluster.start(...cluster.nodes);
    const [here, there] = [cluster.node(0), cluster.node(1)];
    const claim = await until('its clock is compared, and it claims', async () => {
      const { result } = Object(await call(here, 'driftlock_claim', [first.number, first.hash, 300]));
      return result.claimed && result;
    });
    assert.deepEqual(
      { ...claim, remainingMs: 0 },
      {
        claimed: true,
        block: first.number,
        hash: first.hash,
        epoch: 1,
        remainingMs: 0,
        witness: null,
      },
    );
    assert.ok(claim.remainingMs > 290_000 && claim.remainingMs <= 299_440);
    const named = { block: first.number, hash: first.hash };
    await until('the other node knows of the lease', async () => (await there.status()).blocks.processing === 1);
    const { result: held } = Object(await call(there, 'driftlock_claim', named));
    assert.deepEqual([held.claimed, held.reason, held.holder, held.epoch], [false, 'held', here.peerId, 1]);
    assert.ok(held.remainingMs > 290_000);
    assert.deepEqual(await call(there, 'driftlock_next', {}), { result: null });

    const { error } = Object(await call(there, 'driftlock_renew', [first.number, first.hash, 9]));
    assert.deepEqual([error.code, error.data], [-32012, { code: 'ERR_LEASE_NOT_HELD' }]);
    const mistakes: [method: string, params: unknown, message: string][] = [
      ['claim', [first.number], 'hash: Invalid input: expected string, received undefined'],
      ['claim', [-1, first.hash], 'block: Too small: expected number to be >=0'],
      ['claim', [1, '0x12'], 'hash: 0x and 64 hex digits'],
      [
        'claim',
        [1, first.hash, 0.1],
        'lockTime: expected 601 to 86400000 ms (delivery margin 500 ms, drift 0.0002), found 100 ms',
      ],
      ['renew', [1, first.hash, 0], 'epoch: Too small: expected number to be >=1'],
      ['next', { waitMs: 30_001 }, 'waitMs: Too big: expected number to be <=30000'],
      ['next', [1, 2, 3], 'expected at most 2 (lockTime, waitMs), found 3'],
      ['complete', { ...named, epoch: 1, verdict: 'success' }, 'stateRoot: the state root of a success'],
    ];
    for (const [method, params, message] of mistakes) {
      assert.deepEqual(await call(here, `driftlock_${method}`, params), {
        error: { code: -32602, message: `invalid params: ${message}` },
      });
    }
    const complete = { ...named, epoch: 1, verdict: 'success', stateRoot: first.hash };
    assert.deepEqual(await call(here, 'driftlock_complete', complete), {
      result: { stored: true, status: 'success', disputed: false },
    });
    const refused = Object(await call(here, 'driftlock_release', [first.number, first.hash, 1]));
    assert.deepEqual(refused.error.data, { code: 'ERR_BLOCK_FINISHED' });
  });

  it('is off where the configuration says so', async () => {
    cluster = await (await cluster.remove(), Cluster.create(1, { leaseApi: false }));
    await cluster.start(...cluster.nodes);
    const { error } = Object(await call(cluster.node(0), 'driftlock_next', []));
    assert.deepEqual([error.code, error.data], [-32017, { code: 'ERR_LEASE_API_OFF' }]);
  });
});

async function call(node: ClusterNode, method: string, params: unknown): Promise<object> {
  const { jsonrpc: _, id: __, ...answer } = Object(await node.rpc({ jsonrpc: '2.0', id: 1, method, params }));
  return answer;
}
