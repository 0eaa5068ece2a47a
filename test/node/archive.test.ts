/** What nodes do with final blocks, as whole nodes in virtual time. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { hasSuccess, recordOf } from '../../crdt/block/record.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { backupDirectory } from '../../src/datadir/layout.ts';
import { CHAIN_STATUS_BYTES_MAX, decodeChainStatus, encodeChainStatus } from '../../src/files/chain-status.ts';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import type { NodeSettings } from '../../src/node/options.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, SETTINGS, type Machine } from './memory-cluster.ts';

const BLOCKS = Array.from({ length: 6 }, (_, at) => keyAt(at));
const SOON: Partial<NodeSettings> = { housekeeping: { ...KEEP_ALL, archiveAfterBlocks: 1, settleAfterBlocks: 3 } };

async function writeChainStatus(machine: Machine, key: BlockKey): Promise<void> {
  const temporary = join(machine.layout.root, 'status.tmp');
  const bytes = encodeChainStatus({ blockNumber: key.number, blockHash: key.hash });
  await machine.disk.create(temporary, bytes, { sync: true });
  await machine.disk.move(temporary, machine.layout.chainStatus);
}

async function chainStatusOf(machine: Machine): Promise<number | undefined> {
  const content = await machine.disk.read(machine.layout.chainStatus, CHAIN_STATUS_BYTES_MAX);
  return content === undefined ? undefined : decodeChainStatus(content.bytes).blockNumber;
}

async function archived(machine: Machine, key: BlockKey): Promise<readonly string[]> {
  const names = await machine.disk.list(backupDirectory(machine.layout, key.number));
  return names
    .filter((name) => name.startsWith(`${key.number}.`))
    .map((name) => name.slice(-1))
    .sort();
}

/** Two nodes that have finished all blocks and hold all witnesses. */
async function finished(settings: Partial<NodeSettings>): Promise<{ cluster: Cluster; a: Machine; b: Machine }> {
  const cluster = new Cluster();
  const [a, b] = cluster.add(2, { validates: true, settings });
  assert(a !== undefined && b !== undefined);
  await cluster.start();
  for (const key of BLOCKS) await a.dropWitness(key);
  await cluster.until(() => b.node.shelf.size === 6 && b.node.tally.unfinishedCount === 0, 20_000);
  await cluster.until(() => cluster.agrees() && b.node.tally.blocks === 6, 20_000);
  return { cluster, a, b };
}

function isDone(machine: Machine): boolean {
  return BLOCKS.slice(0, 2).every((key) => machine.record(key).settled) && machine.node.store.dirtyCount === 0;
}

describe('a cluster whose chain.status moves on', () => {
  it('tells every node, and none goes back: a lower or another block in the file is overwritten and raised', async () => {
    const { cluster, a, b } = await finished({});
    await writeChainStatus(a, keyAt(3));
    await cluster.until(() => b.eventsOf('finality-raised').length === 1, 20_000);
    await cluster.clock.advance(1_000);
    assert.equal(await chainStatusOf(b), 3);
    await writeChainStatus(b, keyAt(2));
    await cluster.until(() => b.eventsOf('finality-lower').length === 1, 20_000);
    await cluster.clock.advance(1_000);
    assert.equal(await chainStatusOf(b), 3);
    await writeChainStatus(b, { number: 3, hash: hashOf(77) });
    await cluster.until(() => b.eventsOf('finality-conflict').length === 1, 20_000);
    await cluster.clock.advance(20_000);
    assert.equal(await chainStatusOf(b), 3);
    assert.equal(b.eventsOf('finality-conflict').length, 1);
    await cluster.stop();
  });

  it('has two final blocks at one number raised on both sides, and each keeps its own', async () => {
    const { cluster, a, b } = await finished({});
    cluster.partition([[a], [b]], true);
    await writeChainStatus(a, keyAt(3));
    await writeChainStatus(b, { number: 3, hash: hashOf(77) });
    await cluster.until(() => [a, b].every(({ node }) => node.housekeeping.register.last?.number === 3), 20_000);
    cluster.partition([[a], [b]], false);
    await cluster.until(() => [a, b].every((machine) => machine.eventsOf('finality-conflict').length > 0), 20_000);
    assert.deepEqual(a.eventsOf('finality-conflict')[0]?.from, b.id);
    assert.deepEqual(b.eventsOf('finality-conflict')[0]?.found, keyAt(3));
    await cluster.clock.advance(20_000);
    assert.deepEqual(a.node.housekeeping.register.last, keyAt(3));
    assert.equal(b.node.housekeeping.register.last?.hash, hashOf(77));
    assert.equal(a.node.counters.read().finalityAlerts, 1);
    await cluster.stop();
  });

  it('raises a Success for another block than the final one, whichever comes first', async () => {
    const { cluster, a, b } = await finished({});
    await writeChainStatus(a, { number: 3, hash: hashOf(77) });
    await cluster.until(() => b.eventsOf('finality-contradicted').length === 1, 20_000);
    assert.deepEqual(b.eventsOf('finality-contradicted')[0]?.key, keyAt(3));
    await writeChainStatus(a, keyAt(5));
    await cluster.until(() => b.eventsOf('finality-raised').length === 2, 20_000);
    await a.dropWitness({ number: 5, hash: hashOf(78) });
    await cluster.until(() => b.eventsOf('finality-contradicted').length === 2, 20_000);
    await cluster.stop();
  });

  it('moves the files of final blocks to the archive, settles the oldest, and agrees all the time after', async () => {
    const { cluster, a, b } = await finished(SOON);
    await writeChainStatus(a, keyAt(4));
    await cluster.until(() => isDone(a) && isDone(b) && cluster.agrees(), 20_000);
    await cluster.clock.advance(5_000);
    for (const machine of [a, b]) {
      for (const key of BLOCKS) {
        const isArchived = key.number <= 3;
        assert.deepEqual(await archived(machine, key), isArchived ? ['v', 'w'] : [], `${key.number}`);
        assert.equal((await machine.bytesOf('validate', key)) === undefined, isArchived);
        assert.equal((await machine.bytesOf('witness', key)) === undefined, isArchived);
        assert.equal(machine.record(key).settled, key.number <= 1);
        assert(hasSuccess(machine.record(key).results));
      }
      assert.equal(machine.node.shelf.size, 6);
    }
    assert(cluster.agrees());
    await cluster.stop();
    await cluster.start();
    await cluster.until(() => cluster.agrees() && a.node.replica.size === 6 && b.node.shelf.size === 6, 20_000);
    assert.equal(a.eventsOf('loaded').at(-1)?.fromIndex, 6);
    await cluster.stop();
  });

  it('keeps as many blocks as it is told, and what was pruned does not come back from others', async () => {
    const { cluster, a, b } = await finished({});
    await b.stop();
    b.settings = { ...SETTINGS, housekeeping: { ...KEEP_ALL, retainBlocks: 2 } };
    await b.start();
    await writeChainStatus(a, keyAt(4));
    await cluster.until(() => b.node.replica.size === 3, 20_000);
    await cluster.clock.advance(60_000);
    const numbers = [...b.node.replica.entries()].map(({ key }) => key.number).sort((x, y) => x - y);
    assert.deepEqual(numbers, [3, 4, 5]);
    assert.equal(b.node.tally.blocks, 3);
    assert.equal(b.node.shelf.size, 3);
    for (const key of BLOCKS.slice(0, 3)) {
      assert.equal(await b.bytesOf('validate', key), undefined);
      assert.equal(await b.bytesOf('witness', key), undefined);
    }
    assert.equal(a.node.replica.size, 6);
    await b.crash();
    await b.start();
    await cluster.clock.advance(20_000);
    assert.equal(b.node.replica.size, 3);
    await cluster.stop();
  });

  it('takes nothing over that lies below its window, agrees on the rest, and removes what is final below it', async () => {
    const cluster = new Cluster();
    const [full] = cluster.add(1, { validates: true });
    const [partial] = cluster.add(1, { settings: { housekeeping: { ...KEEP_ALL, windowFrom: 3 } } });
    assert(full !== undefined && partial !== undefined);
    await cluster.start([full]);
    for (const key of BLOCKS) await full.dropWitness(key);
    await cluster.until(() => full.node.tally.unfinishedCount === 0 && full.node.shelf.size === 6, 20_000);
    await partial.start();
    const numbersHeld = (): number[] => [...partial.node.replica.entries()].map(({ key }) => key.number);
    await cluster.until(() => partial.node.replica.size === 3 && partial.node.shelf.size === 3, 20_000);
    await cluster.clock.advance(20_000);
    assert.deepEqual(
      numbersHeld().toSorted((x, y) => x - y),
      [3, 4, 5],
    );
    for (const key of BLOCKS.slice(3)) assert.deepEqual(partial.record(key), full.record(key));
    // What the one does not keep is nothing to talk about.
    const sessions = partial.eventsOf('reconciled').length;
    await cluster.clock.advance(120_000);
    assert.equal(partial.eventsOf('reconciled').length, sessions);
    assert.equal(full.eventsOf('reconciled').length, sessions);
    // What a program here put there is taken in, and stays for as long as the block may still need work.
    await partial.dropWitness(keyAt(1));
    await cluster.until(() => partial.node.shelf.size === 4, 20_000);
    await writeChainStatus(full, keyAt(4));
    await cluster.until(() => partial.node.shelf.size === 3, 20_000);
    assert.deepEqual(
      numbersHeld().toSorted((x, y) => x - y),
      [3, 4, 5],
    );
    assert.equal(await partial.bytesOf('witness', keyAt(1)), undefined);
    await cluster.stop();
  });

  it('does not believe that a block is settled before it knows that the block is final', async () => {
    const { cluster, a, b } = await finished({});
    a.node.store.merge({ key: keyAt(0), record: recordOf({ settled: true }) }, 'local');
    await cluster.clock.advance(10_000);
    assert.equal(b.record(keyAt(0)).settled, false);
    await writeChainStatus(b, keyAt(0));
    await cluster.until(() => cluster.agrees() && b.record(keyAt(0)).settled, 120_000);
    await cluster.stop();
  });
});
