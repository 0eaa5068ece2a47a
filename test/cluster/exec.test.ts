/** A program of the operator's as validator, and what RPC clients are told of its blocks. */

import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { jsonLines } from '../cli/cli.ts';
import { testChain } from './chain.ts';
import { assertSameFiles, Cluster, type ClusterNode } from './harness.ts';
import { runToEnd } from './processes.ts';
import { readReferenceValidate, type ReferenceStatus } from './reference-format.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

/**
 * Succeeds with the block's hash as root. The second block fails until `forgive` is there, the third waits for `go`. Each
 * run is a line of `runs`: number, epoch, and whether the witness can be read.
 */
function script(folder: string, [, second, third]: readonly (BlockKey | undefined)[]): string {
  return `#!/bin/sh
echo "$1 $3 $([ -s "$4" ] && echo readable)" >> '${folder}/runs'
if [ "$1" = ${second?.number} ] && [ ! -e '${folder}/forgive' ]; then echo 'no such state' >&2; exit 1; fi
while [ "$1" = ${third?.number} ] && [ ! -e '${folder}/go' ]; do sleep 0.05; done
echo 'some words first'
echo "{\\"stateRoot\\":\\"$2\\"}"
`;
}

describe('the validator exec', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const { blocks } = testChain(4);
  const [good, bad, slow, unknown] = blocks.map(({ key }) => key);
  let cluster: Cluster;

  beforeEach(async () => {
    // Long leases: what ends them here is the verdict.
    cluster = await Cluster.create(2, { lockTimeSeconds: 300 });
    const program = join(cluster.folder, 'validate.sh');
    await writeFile(program, script(cluster.folder, [good, bad, slow]));
    await chmod(program, 0o755);
    for (const node of cluster.nodes) await start(node, `exec:${program}`);
    // Heard of each other by gossip: until then each ranks alone, and both may claim the first block.
    await until('each knows the other as a candidate', async () => {
      const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
      return statuses.every(({ peers }) => peers.some((peer) => peer.agrees));
    });
  });

  afterEach(() => cluster.remove());

  it('judges each block once for all nodes, and clients hear success, failure and work under way', async () => {
    assert.ok(good !== undefined && bad !== undefined && slow !== undefined && unknown !== undefined);
    const [first, second] = [cluster.node(0), cluster.node(1)];
    for (const [at, block] of blocks.slice(0, 3).entries()) {
      await dropWitness(cluster.node(at % 2).layout.root, witnessed(block));
    }
    for (const node of cluster.nodes) {
      await untilStatus(node, good, 'Success');
      await untilStatus(node, bad, 'Failed');
      await untilStatus(node, slow, 'Processing');
    }
    const processing = await untilStatus(second, slow, 'Processing');
    assert.ok(Number(processing.lockTime) > Date.now() / 1_000, 'until a moment to come');

    for (const node of cluster.nodes) {
      assert.deepEqual(await validation(node, [good]), { result: { [blockId(good)]: [] } });
      assert.deepEqual(await validation(node, []), { result: {} });
      assert.deepEqual(
        await validation(node, [good, slow]),
        refusal(-32000, `This block ${slow.number} in processing`),
      );
      const neverSeen: string = `This block ${unknown.number} is too old or not validated yet`;
      assert.deepEqual(await validation(node, [unknown]), refusal(-32000, neverSeen));
      // Between two tries it is in processing; that it failed comes back.
      await until('the failure is told', async () => {
        const failure = refusal(-32001, `This block ${bad.number} validation failed`);
        return isDeepStrictEqual(await validation(node, [bad]), failure);
      });
    }
    await assertWitnessAnswers(second);
    await assertProtocolAnswers(first);

    await writeFile(join(cluster.folder, 'forgive'), '');
    await writeFile(join(cluster.folder, 'go'), '');
    await cluster.converged(3);
    await assertSameFiles(cluster.nodes.map(({ layout }) => layout));
    for (const key of [good, bad, slow]) {
      const { stateRoot, lockTime } = readReferenceValidate(await readFile(first.validatePath(key)));
      assert.deepEqual({ stateRoot, lockTime }, { stateRoot: key.hash, lockTime: 0n });
    }

    const runs = (await readFile(join(cluster.folder, 'runs'), 'utf8')).trimEnd().split('\n');
    assert.deepEqual(runsOf(runs, good), [1]);
    assert.deepEqual(runsOf(runs, slow), [1]);
    const tries = runsOf(runs, bad);
    assert.deepEqual(
      tries,
      tries.map((_, at) => at + 1),
      'each try has the next epoch',
    );
    assert.equal(await epochOfSuccess(first, bad), tries.length);
    assert.equal(await epochOfSuccess(second, good), 1);
  });

  async function start(node: ClusterNode, validator: string): Promise<void> {
    const others = cluster.nodes.filter((other) => other !== node);
    const peers = cluster.running.flatMap(({ addresses }) => addresses.flatMap((address) => ['--peer', address]));
    await node.start(['--validator', validator, ...others.flatMap(({ peerId }) => ['--member', peerId]), ...peers]);
  }

  /** The node that fetched it answers as the one that was given it. */
  async function assertWitnessAnswers(node: ClusterNode): Promise<void> {
    const [block] = blocks;
    assert.ok(block !== undefined);
    const { number } = block.key;
    const hex = Buffer.from(block.witnessPayload).toString('hex');
    const param = `${number}.${block.parentHash}`;
    assert.deepEqual(await call(node, 'stateless_getWitness', param), { result: hex });
    assert.deepEqual(await call(node, 'stateless_getWitness', [param]), { result: hex });
    const noNumber = await call(node, 'stateless_getWitness', `7.${block.parentHash}`);
    assert.deepEqual(noNumber, refusal(-32602, 'not found block number: 7'));
    const noParent = await call(node, 'stateless_getWitness', [`${number}.${block.key.hash}`]);
    assert.deepEqual(noParent, refusal(-32602, `not found witness for block ${number}.${block.key.hash}`));
  }
});

function untilStatus(
  node: ClusterNode,
  key: BlockKey,
  status: ReferenceStatus,
): Promise<ReturnType<typeof readReferenceValidate>> {
  return until(`${node.validatePath(key)} says ${status}`, async () => {
    const found = readReferenceValidate(await readFile(node.validatePath(key)));
    return found.status === status && found;
  });
}

async function assertProtocolAnswers(node: ClusterNode): Promise<void> {
  const malformed = await call(node, 'stateless_getValidation', ['1000']);
  assert.deepEqual(malformed, refusal(-32602, 'invalid params format: 1000'));
  assert.deepEqual(await call(node, 'stateless_nothing', []), refusal(-32601, 'Method not found'));
  const torn = await node.rpc('{"jsonrpc":');
  assert.deepEqual(torn, { jsonrpc: '2.0', id: null, ...refusal(-32700, 'Parse error') });
  const status = { jsonrpc: '2.0', method: 'driftlock_status' };
  const batch = await node.rpc([{ ...status, id: 'a' }, status, { ...status, id: 'b', method: 'x' }]);
  assert.deepEqual(Array.isArray(batch) && batch.map((answer: unknown) => Object(answer).id), ['a', 'b']);

  const { peerId, datadir, validator, blocks: counts, peers } = await node.status();
  assert.deepEqual({ peerId, datadir }, { peerId: node.peerId, datadir: node.layout.root });
  assert.deepEqual({ name: validator.name, executes: validator.executes }, { name: 'exec', executes: true });
  assert.deepEqual({ total: counts.total, success: counts.success }, { total: 3, success: 1 });
  assert.deepEqual(
    peers.map((peer) => peer.connected),
    [true],
  );
}

function refusal(code: number, message: string): object {
  return { error: { code, message } };
}

function validation(node: ClusterNode, keys: readonly BlockKey[]): Promise<object> {
  return call(node, 'stateless_getValidation', keys.map(blockId));
}

/** `result` or `error` of the answer. */
async function call(node: ClusterNode, method: string, params: unknown): Promise<object> {
  const { jsonrpc, id, ...answer } = Object(await node.rpc({ jsonrpc: '2.0', id: 7, method, params }));
  assert.deepEqual({ jsonrpc, id }, { jsonrpc: '2.0', id: 7 });
  return answer;
}

/** The epochs under which the program ran for the block; its witness was there each time. */
function runsOf(runs: readonly string[], { number }: BlockKey): number[] {
  const own = runs.map((line) => line.split(' ')).filter(([ran]) => ran === `${number}`);
  assert.ok(own.every(([, , witness]) => witness === 'readable'));
  return own.map(([, epoch]) => Number(epoch));
}

async function epochOfSuccess(node: ClusterNode, key: BlockKey): Promise<unknown> {
  const { code, stdout } = await runToEnd(['inspect', '--json', node.validatePath(key)]);
  assert.equal(code, 0);
  const results: unknown = Object(jsonLines(stdout)[0]).trailer.record.results;
  assert.ok(Array.isArray(results));
  return Object(results.find((result: unknown) => Object(result).verdict === 'success')).epoch;
}
