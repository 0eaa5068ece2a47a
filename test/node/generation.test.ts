import assert from 'node:assert/strict';
import { decodeWitnessFile } from '../../src/files/witness-file.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import type { WitnessStatus } from '../../src/files/witness-status.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, witnessFile, type Machine } from './memory-cluster.ts';

const KEY = keyAt(3_080);

async function startPair(): Promise<{ cluster: Cluster; here: Machine; there: Machine }> {
  const cluster = new Cluster();
  const [here, there] = cluster.add(2);
  assert(here !== undefined && there !== undefined);
  await cluster.start();
  await cluster.clock.advance(2_000);
  return { cluster, here, there };
}

async function witnessOn(machine: Machine): Promise<WitnessStatus | undefined> {
  const bytes = await machine.bytesOf('witness', KEY);
  return bytes === undefined ? undefined : decodeWitnessFile(bytes, blockFileName('witness', KEY)).status;
}

/** A generator that knows nothing of driftlock: takes the block's witness for `lockMs` unless it is locked or there. */
async function tryToLock(cluster: Cluster, machine: Machine, lockMs: number): Promise<boolean> {
  const found = await witnessOn(machine);
  const nowMs = cluster.clock.wallMs();
  if (found !== undefined && found.status !== 'Processing') return false;
  if (found !== undefined && Number(found.lockTimeSeconds) * 1_000 > nowMs) return false;
  const lockTimeSeconds = BigInt(Math.ceil((nowMs + lockMs) / 1_000));
  await machine.write('witness', KEY, witnessFile(KEY, 'Processing', lockTimeSeconds));
  return true;
}

describe('a witness generator’s lock', () => {
  it('keeps the generators of other machines away until the witness is there, which then takes its place', async () => {
    const { cluster, here, there } = await startPair();
    assert(await tryToLock(cluster, here, 20_000));
    await cluster.until(() => there.record(KEY).generation?.holder === here.id, 1_000);
    await cluster.clock.advance(100);
    assert.equal((await witnessOn(there))?.status, 'Processing');
    assert.equal(await tryToLock(cluster, there, 20_000), false);
    assert.equal(there.node.shelf.size, 0);

    await here.dropWitness(KEY);
    await cluster.until(() => there.node.shelf.size === 1, 5_000);
    assert.deepEqual(await here.bytesOf('witness', KEY), await there.bytesOf('witness', KEY));
    for (const machine of cluster.machines) assert.equal(machine.record(KEY).generation, undefined);
    await cluster.stop();
  });

  it('ends by time for everyone, and the next one has the next epoch', async () => {
    const { cluster, here, there } = await startPair();
    assert(await tryToLock(cluster, here, 10_000));
    await cluster.clock.advance(9_000);
    assert.equal(await tryToLock(cluster, there, 10_000), false);
    await cluster.clock.advance(3_000);
    assert(await tryToLock(cluster, there, 10_000));
    await cluster.until(() => here.record(KEY).generation?.holder === there.id, 1_000);
    assert.equal(here.record(KEY).generation?.epoch, 2);
    await cluster.clock.advance(100);
    assert.equal(await tryToLock(cluster, here, 10_000), false);
    await cluster.stop();
  });

  it('lasts as long as its generator writes later lock times, and every renewal is believed', async () => {
    const { cluster, here, there } = await startPair();
    for (let round = 0; round < 6; round++) {
      const lockTimeSeconds = BigInt(Math.ceil((cluster.clock.wallMs() + 20_000) / 1_000));
      await here.write('witness', KEY, witnessFile(KEY, 'Processing', lockTimeSeconds));
      await cluster.clock.advance(10_000);
      assert.equal(await tryToLock(cluster, there, 20_000), false, `round ${round}`);
    }
    assert.deepEqual([there.record(KEY).generation?.epoch, there.record(KEY).generation?.renewals], [1, 5]);
    assert.equal(there.node.counters.read().gossipRejected, 0);
    await cluster.stop();
  });

  it('that another machine’s generator wrote at the same time gives way to the one that merges', async () => {
    const { cluster, here, there } = await startPair();
    cluster.partition([[here], [there]], true);
    assert(await tryToLock(cluster, here, 60_000));
    await cluster.clock.advance(5_000);
    assert(await tryToLock(cluster, there, 90_000));
    await cluster.clock.advance(1_000);
    cluster.partition([[here], [there]], false);
    await cluster.until(() => cluster.agrees() && there.record(KEY).generation?.holder === here.id, 40_000);
    await cluster.clock.advance(1_000);
    const shown = Number((await witnessOn(there))?.lockTimeSeconds) * 1_000 - cluster.clock.wallMs();
    assert(shown > 0 && shown <= 62_000, `${shown}`);
    await cluster.stop();
  });

  it('does not outlive a restart as a lock of the node that showed it', async () => {
    const { cluster, here, there } = await startPair();
    assert(await tryToLock(cluster, here, 20_000));
    await cluster.clock.advance(1_000);
    await there.stop();
    await there.start();
    await cluster.clock.advance(30_000);
    assert.equal(there.record(KEY).generation?.holder, here.id);
    assert.equal(there.record(KEY).generation?.epoch, 1);
    assert(await tryToLock(cluster, there, 20_000));
    await cluster.stop();
  });
});
