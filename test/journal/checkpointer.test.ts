import assert from 'node:assert/strict';
import { BLOB_IDS_MAX, hasSuccess, recordOf } from '../../crdt/block/record.ts';
import { DiskError } from '../../src/disk/disk.ts';
import { MemoryDisk, type DiskOperation } from '../../src/disk/memory-disk.ts';
import { CHECKPOINT_DELAY_MS, EAGER_CHECKPOINT_BYTES } from '../../src/journal/checkpointer.ts';
import { SEGMENT_AGE_MS_MAX, SEGMENT_BYTES_MAX } from '../../src/journal/journal.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import {
  backupPathOf,
  LAYOUT,
  openStore,
  pathOf,
  readValidateFile,
  success,
  writeFile,
} from '../store/store-on-disk.ts';

const KEY = keyAt(3_080);

/** A store on a disk that calls `hook` before each operation, once it is set. */
async function opened() {
  const state: { hook?: (operation: DiskOperation, path: string) => Promise<void> | void } = {};
  const disk = new MemoryDisk({ beforeOperation: (operation, path) => state.hook?.(operation, path) });
  return { disk, state, ...(await openStore(disk)) };
}

function segments(disk: MemoryDisk): Promise<string[]> {
  return disk.list(LAYOUT.journal);
}

/** Whether the files alone say that `KEY` is finished, after a power loss that kept nothing unsynced. */
async function isInFiles(disk: MemoryDisk): Promise<boolean> {
  return (
    (
      await readValidateFile(
        disk.crash(() => 0, {}),
        KEY,
      )
    )?.info.status === 'Success'
  );
}

describe('checkpoints of the journal', () => {
  it('wait until the kernel has had time to write the files back, then leave them durable and the journal empty', async () => {
    const { disk, store, clock, author } = await opened();
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await clock.advance(SEGMENT_AGE_MS_MAX + CHECKPOINT_DELAY_MS - 1);
    assert.equal((await segments(disk)).length, 1);
    await clock.advance(1);
    assert.deepEqual(await segments(disk), []);
    assert(await isInFiles(disk));
  });

  it('happen at once at a stop', async () => {
    const { disk, store, journaled, author } = await opened();
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await journaled.stop();
    assert.deepEqual(await segments(disk), []);
    assert(await isInFiles(disk));
  });

  it(`begin at once when the journal holds ${EAGER_CHECKPOINT_BYTES} bytes`, async () => {
    const { store, journal, clock, peers } = await opened();
    const [peer] = peers;
    assert(peer !== undefined);
    const blobIds = Array.from({ length: BLOB_IDS_MAX }, (_, at) => hashOf(at)).sort();
    for (let at = 0; at < 700; at++) {
      const { results } = success(peer, keyAt(at), hashOf(at));
      store.merge({ key: keyAt(at), record: recordOf({ results, blobIds }) }, 'peer');
    }
    await store.idle();
    await clock.advance(1_000);
    const { sizeBytes } = journal;
    assert(
      sizeBytes < EAGER_CHECKPOINT_BYTES + SEGMENT_BYTES_MAX && sizeBytes > EAGER_CHECKPOINT_BYTES / 2,
      `${sizeBytes}`,
    );
  });

  it('sync no file whose newest entry is in a later segment', async () => {
    const { store, state, journal, clock, author } = await opened();
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    journal.closeActive();
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(2)) });
    const synced: string[] = [];
    state.hook = (operation, path) => void (operation === 'syncFile' && synced.push(path));
    await clock.advance(CHECKPOINT_DELAY_MS);
    assert.equal(journal.closed.length, 1);
    assert.deepEqual(synced, []);
  });

  it('keep the segment while the file says less than its entry, and write it', async () => {
    const { disk, store, state, journal, clock, author } = await opened();
    let isFull = true;
    state.hook = (operation, path) => {
      if (operation === 'create' && isFull) {
        throw new DiskError('ERR_NO_SPACE', { argument: path, expected: 'room', found: 'none' });
      }
    };
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    journal.closeActive();
    await clock.advance(2 * CHECKPOINT_DELAY_MS);
    assert.equal((await segments(disk)).length, 1);
    isFull = false;
    await clock.advance(5_000);
    assert.deepEqual(await segments(disk), []);
    assert(await isInFiles(disk));
  });

  it('write a file anew whose sync failed, rather than ask the kernel again', async () => {
    const { disk, store, state, journal, clock, author, writeErrors } = await opened();
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    const before = await disk.identify(pathOf(KEY));
    journal.closeActive();
    let failures = 1;
    state.hook = (operation, path) => {
      if (operation !== 'syncFile' || path !== pathOf(KEY) || failures-- <= 0) return;
      throw new DiskError('ERR_DISK', { argument: path, expected: 'a sync', found: 'an error' });
    };
    await clock.advance(CHECKPOINT_DELAY_MS + 5_000);
    assert.equal(writeErrors.length, 1);
    assert.notEqual((await disk.identify(pathOf(KEY)))?.inode, before?.inode);
    assert.deepEqual(await segments(disk), []);
    assert(await isInFiles(disk));
  });

  it('take in what another program wrote over the file, before and in the midst of its sync', async () => {
    for (const moment of ['before', 'during']) {
      const { disk, store, state, journal, clock, author, replica } = await opened();
      await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
      journal.closeActive();
      const info = { status: 'Processing', blockHash: KEY.hash, blockNumber: KEY.number, blobIds: [] } as const;
      const foreign = encodeValidateFile({ ...info, stateRoot: hashOf(0), lockTimeSeconds: 0n });
      if (moment === 'before') await writeFile(disk, pathOf(KEY), foreign);
      state.hook = async (operation, path) => {
        if (moment === 'before' || operation !== 'syncFile' || path !== pathOf(KEY)) return;
        state.hook = () => undefined;
        await writeFile(disk, pathOf(KEY), foreign);
      };
      await clock.advance(CHECKPOINT_DELAY_MS + 5_000);
      assert(hasSuccess(replica.get(KEY).results));
      assert.deepEqual(await segments(disk), [], moment);
      assert(await isInFiles(disk), moment);
    }
  });

  it('sync an archived file where it is', async () => {
    const { disk, store, journal, clock, author } = await opened();
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await store.idle();
    journal.closeActive();
    await disk.makeDirectory(backupPathOf(KEY).replace(/\/[^/]*$/, ''));
    await disk.move(pathOf(KEY), backupPathOf(KEY));
    await clock.advance(CHECKPOINT_DELAY_MS + 5_000);
    assert.deepEqual(await segments(disk), []);
    assert((await disk.crash(() => 0, {}).read(backupPathOf(KEY), 10_000)) !== undefined);
  });
});
