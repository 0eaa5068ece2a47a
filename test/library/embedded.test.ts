/** A node inside another program, which brings its own validator. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureNode, runNode, type NodeEvent, type ValidationTask } from '../../src/index.ts';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { testChain } from '../cluster/chain.ts';

const [BLOCK] = testChain(1).blocks;

describe('a node inside another program', () => {
  let datadir: string;

  beforeEach(async () => {
    datadir = await mkdtemp(join(tmpdir(), 'driftlock-embedded-'));
  });

  afterEach(() => rm(datadir, { recursive: true }));

  it("validates with the program's own validator and publishes its verdict", async () => {
    assert.ok(BLOCK !== undefined);
    const { key, stateRoot } = BLOCK;
    await mkdir(join(datadir, 'witness'));
    await dropWitness(datadir, witnessed(BLOCK));
    const tasks: ValidationTask[] = [];
    const finished = Promise.withResolvers<NodeEvent>();
    const node = await runNode(configureNode({ datadir, validationsMax: 1 }), {
      validator: {
        name: 'own',
        description: 'a validator of the program itself',
        executes: true,
        async validate(task) {
          tasks.push(task);
          return { kind: 'success', stateRoot };
        },
      },
      onEvent: (event) => void (event.type === 'block-finished' && finished.resolve(event)),
      onRpcDefect: () => assert.fail('no RPC server runs'),
    });
    try {
      await finished.promise;
      assert.deepEqual(
        tasks.map((task) => ({ key: task.key, epoch: task.epoch, preStateRoot: task.witness.preStateRoot })),
        [{ key, epoch: 1, preStateRoot: BLOCK.preStateRoot }],
      );
      assert.equal(node.queries.view(key).stateRoot, stateRoot);
      const { name, executes } = node.status().validator ?? {};
      assert.deepEqual({ name, executes }, { name: 'own', executes: true });
    } finally {
      await node.stop();
    }
  });

  it('is configured by the settings of a file, and an error names the setting', () => {
    const config = configureNode({ datadir, lockTimeSeconds: 7 });
    assert.equal(config.lockTimeMs, 7_000);
    assert.equal(config.cluster, 'driftlock');
    assert.throws(() => configureNode({ datadir, rpc: 'nowhere' }), { code: 'ERR_BAD_HOST_PORT', argument: 'rpc' });
    assert.throws(() => configureNode({ datadir, scanIntervalMs: 1 }), {
      code: 'ERR_BAD_SETTING',
      argument: 'scanIntervalMs',
    });
  });
});
