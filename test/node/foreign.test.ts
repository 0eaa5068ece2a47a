import assert from 'node:assert/strict';
import { hasSuccess } from '../../crdt/block/record.ts';
import { ZERO_HASH, type BlockKey } from '../../crdt/ids.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import type { ValidateStatus } from '../../src/files/validate-info.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';
import { rootOf } from './scripted-validator.ts';

const KEY = keyAt(3_080);

/** What a validator that knows nothing of driftlock writes. */
function foreignFile(status: ValidateStatus, key: BlockKey, parts: { root?: `0x${string}`; lockTimeMs?: number } = {}) {
  return encodeValidateFile({
    status,
    blockHash: key.hash,
    blockNumber: key.number,
    stateRoot: parts.root ?? ZERO_HASH,
    lockTimeSeconds: BigInt(Math.ceil((parts.lockTimeMs ?? 0) / 1_000)),
    blobIds: [],
  });
}

async function startPair(): Promise<{ cluster: Cluster; here: Machine; there: Machine }> {
  const cluster = new Cluster();
  const [here] = cluster.add(1);
  const [there] = cluster.add(1, { validates: true });
  assert(here !== undefined && there !== undefined);
  await cluster.start();
  await cluster.clock.advance(2_000);
  return { cluster, here, there };
}

describe('a program beside a node that knows nothing of driftlock', () => {
  it('locks a block for the whole cluster by writing Processing', async () => {
    const { cluster, here, there } = await startPair();
    await here.write('validate', KEY, foreignFile('Processing', KEY, { lockTimeMs: cluster.clock.wallMs() + 20_000 }));
    await cluster.until(() => there.record(KEY).lease !== undefined, 1_000);
    assert.equal(there.record(KEY).lease?.holder, here.id);
    assert.equal(there.node.view(KEY).status, 'processing');
    assert.equal((await there.validateFile(KEY))?.info.status, 'Processing');

    await here.dropWitness(KEY);
    await cluster.clock.advance(15_000);
    assert.equal(there.validator?.tasks.length, 0);
    await cluster.until(() => hasSuccess(here.record(KEY).results), 10_000);
    assert.equal(there.validator?.tasks[0]?.epoch, 2);
    await cluster.clock.advance(1_000);
    assert.equal((await here.validateFile(KEY))?.info.status, 'Success');
    await cluster.stop();
  });

  it('holds the block on its own machine alone while the clock there is off, and its result counts', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3);
    const [here] = machines;
    assert(here !== undefined);
    await cluster.start();
    await cluster.until(() => machines.every(({ node }) => node.clocks.standing === 'within'), 20_000);
    here.clock.stepWall(60_000);
    await cluster.until(() => here.node.clocks.standing === 'outside', 20_000);
    await here.dropWitness(KEY);
    await cluster.until(() => machines.every(({ node }) => node.shelf.size === 1), 5_000);
    const lockTimeMs = here.clock.wallMs() + 20_000;
    await here.write('validate', KEY, foreignFile('Processing', KEY, { lockTimeMs }));
    await cluster.until(() => here.eventsOf('foreign-write').length === 1, 1_000);
    await cluster.clock.advance(1_000);
    const shown = await here.validateFile(KEY);
    assert.deepEqual([shown?.info.status, shown?.trailer.kind], ['Processing', 'valid']);
    assert.equal(here.record(KEY).lease, undefined);
    await cluster.clock.advance(21_000);
    assert.equal((await here.validateFile(KEY))?.info.status, 'Idle');
    await here.write('validate', KEY, foreignFile('Success', KEY, { root: rootOf(KEY) }));
    await cluster.until(() => machines.every(({ node }) => node.view(KEY).status === 'success'), 5_000);
    await cluster.stop();
  });

  it('keeps its lock by writing a later lock time', async () => {
    const { cluster, here, there } = await startPair();
    for (let round = 0; round < 6; round++) {
      const lockTimeMs = cluster.clock.wallMs() + 20_000;
      await here.write('validate', KEY, foreignFile('Processing', KEY, { lockTimeMs }));
      if (round === 0) await here.dropWitness(KEY);
      await cluster.clock.advance(10_000);
    }
    assert.equal(there.record(KEY).lease?.renewals, 5);
    assert.equal(there.validator?.tasks.length, 0);
    await cluster.stop();
  });

  it('finishes a block for the whole cluster by writing Success', async () => {
    const { cluster, here, there } = await startPair();
    await here.write('validate', KEY, foreignFile('Success', KEY, { root: rootOf(KEY) }));
    await cluster.until(() => hasSuccess(there.record(KEY).results), 1_000);
    await cluster.clock.advance(1_000);
    assert.equal((await there.validateFile(KEY))?.info.stateRoot, rootOf(KEY));
    assert.deepEqual(await here.bytesOf('validate', KEY), await there.bytesOf('validate', KEY));
    await cluster.stop();
  });

  it('cannot take a Success back: its file is written again', async () => {
    const { cluster, here } = await startPair();
    await here.write('validate', KEY, foreignFile('Success', KEY, { root: rootOf(KEY) }));
    await cluster.clock.advance(1_000);
    const finished = await here.bytesOf('validate', KEY);
    const lockTimeMs = cluster.clock.wallMs() + 20_000;
    for (const status of ['Processing', 'Failed', 'Idle'] as const) {
      await here.write('validate', KEY, foreignFile(status, KEY, { lockTimeMs }));
      await cluster.clock.advance(1_000);
      assert.deepEqual(await here.bytesOf('validate', KEY), finished, status);
    }
    assert.equal(here.record(KEY).results.length, 1);
    await cluster.stop();
  });

  it('loses to a node that holds the lease: the file shows that lease again', async () => {
    const { cluster, here, there } = await startPair();
    assert(there.validator !== undefined);
    there.validator.durationMs = 20_000;
    await there.dropWitness(KEY);
    await cluster.until(() => here.record(KEY).lease?.holder === there.id, 5_000);
    await here.write('validate', KEY, foreignFile('Processing', KEY, { lockTimeMs: cluster.clock.wallMs() + 60_000 }));
    await cluster.clock.advance(100);
    const file = await here.validateFile(KEY);
    assert.equal(file?.trailer.kind, 'valid');
    assert.equal(here.record(KEY).lease?.holder, there.id);
    assert(Number(file.info.lockTimeSeconds) * 1_000 < cluster.clock.wallMs() + 40_000);
    await cluster.stop();
  });

  it('is raised as a dispute, once on each node, when it finds another root; both results are kept', async () => {
    const { cluster, here, there } = await startPair();
    await there.dropWitness(KEY);
    await cluster.until(() => hasSuccess(here.record(KEY).results), 5_000);
    await here.write('validate', KEY, foreignFile('Success', KEY, { root: hashOf(66) }));
    await cluster.until(() => cluster.machines.every(({ node }) => node.tally.disputed === 1), 5_000);
    await here.write('validate', KEY, foreignFile('Success', KEY, { root: hashOf(66) }));
    await cluster.clock.advance(30_000);
    assert(cluster.agrees());
    for (const machine of cluster.machines) {
      assert.equal(machine.eventsOf('disputed').length, 1);
      const roots = machine.record(KEY).results.map(({ stateRoot }) => stateRoot);
      assert.deepEqual(new Set(roots), new Set([hashOf(66), rootOf(KEY)]));
    }
    await cluster.stop();
  });

  it('ends the validation of its own node when it reports a failure under that lease', async () => {
    const { cluster, there } = await startPair();
    assert(there.validator !== undefined);
    there.validator.durationMs = 10_000;
    await there.dropWitness(KEY);
    await cluster.until(() => there.node.claims.claimer.heldLeases().length === 1, 5_000);
    await there.write('validate', KEY, foreignFile('Failed', KEY));
    await cluster.until(() => there.record(KEY).results.length === 1, 2_000);
    assert.deepEqual(there.node.claims.claimer.heldLeases(), []);
    assert.equal(there.validator.aborted, 1);
    assert.equal(there.eventsOf('lease-lost')[0]?.reason, 'failed-elsewhere');
    await cluster.stop();
  });

  it('leaves nothing of a lease behind, also on a node that validates nothing', async () => {
    const { cluster, here, there } = await startPair();
    await there.dropWitness(KEY);
    await cluster.until(() => here.node.leasesSighted === 1, 5_000);
    await cluster.until(() => hasSuccess(here.record(KEY).results), 5_000);
    assert.equal(here.node.leasesSighted, 0);
    assert.equal(there.node.leasesSighted, 0);
    await cluster.stop();
  });
});
