/** A power loss at every disk operation while a node archives, settles and prunes. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { hasSuccess } from '../../crdt/block/record.ts';
import { encodeChainStatus } from '../../src/files/chain-status.ts';
import { backupDirectory } from '../../src/datadir/layout.ts';
import { blockFileName, type BlockFileKind } from '../../src/files/file-names.ts';
import type { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { CHECKPOINT_DELAY_MS } from '../../src/journal/checkpointer.ts';
import { SEGMENT_AGE_MS_MAX } from '../../src/journal/journal.ts';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from '../node/memory-cluster.ts';

const BLOCKS = Array.from({ length: 4 }, (_, at) => keyAt(at));
const FINAL = keyAt(2);

function isFound(disk: MemoryDisk, machine: Machine, kind: BlockFileKind, key: BlockKey): Promise<boolean> {
  const name = blockFileName(kind, key);
  const places = [machine.path(kind, key), join(backupDirectory(machine.layout, key.number), name)];
  return Promise.all(places.map((path) => disk.identify(path))).then((found) =>
    found.some((file) => file !== undefined),
  );
}

/** A running node that has finished its blocks, and then learns that three of them are final. */
async function prepared(cluster: Cluster, machine: Machine): Promise<void> {
  await machine.start();
  for (const key of BLOCKS) await machine.dropWitness(key);
  await cluster.until(() => machine.node.shelf.size === 4 && machine.node.tally.unfinishedCount === 0, 20_000);
  // From here on the files are synced, and the journal is empty.
  await cluster.clock.advance(SEGMENT_AGE_MS_MAX + CHECKPOINT_DELAY_MS + 5_000);
  const bytes = encodeChainStatus({ blockNumber: FINAL.number, blockHash: FINAL.hash });
  await machine.disk.create(machine.layout.chainStatus, bytes, { sync: true });
}

describe('upkeep and a power loss at any disk operation', () => {
  it('loses no file and no result, and shows a reader each file in one of its two places at every moment', async () => {
    const settings = { housekeeping: { ...KEEP_ALL, archiveAfterBlocks: 0, settleAfterBlocks: 1 } };
    let crashes = 0;
    for (let crashAt = 0; crashes === crashAt; crashAt++) {
      const cluster = new Cluster();
      let operations = 0;
      let isCounting = false;
      let booted: MemoryDisk | undefined;
      const [machine] = cluster.add(1, {
        validates: true,
        settings,
        disk: {
          beforeOperation: () => {
            if (isCounting && operations++ === crashAt)
              booted ??= machine?.disk.crash((below) => (crashAt * 7) % below, {});
          },
        },
      });
      assert(machine !== undefined);
      await prepared(cluster, machine);
      for (let step = 0; step < 20; step++) {
        isCounting = true;
        await cluster.clock.advance(20);
        isCounting = false;
        if (booted !== undefined) break;
        await assertAllThere(machine.disk, machine, 'while it runs');
      }
      if (booted === undefined) {
        assert(BLOCKS.slice(0, 2).every((key) => machine.record(key).settled));
        await machine.stop();
        break;
      }
      crashes++;
      await machine.crash();
      machine.disk = booted;
      await assertAllThere(booted, machine, `crashed before operation ${crashAt}`);
      await machine.start();
      for (const key of BLOCKS) assert(hasSuccess(machine.record(key).results));
      assert.equal(machine.node.shelf.size, 4);
      await machine.stop();
    }
    // Three blocks move two files each; settling writes two files again.
    assert(crashes > 30, `${crashes} disk operations`);
  });
});

async function assertAllThere(disk: MemoryDisk, machine: Machine, when: string): Promise<void> {
  for (const key of BLOCKS) {
    for (const kind of ['validate', 'witness'] as const) {
      assert(await isFound(disk, machine, kind, key), `the file of kind ${kind} of block ${key.number}, ${when}`);
    }
  }
}
