import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasSuccess, recordOf } from '../../crdt/block/record.ts';
import { decodeRecord, encodeRecord } from '../../crdt/block/record-codec.ts';
import { DiskError } from '../../src/disk/disk.ts';
import { MemoryDisk, type DiskOperation } from '../../src/disk/memory-disk.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import {
  DIRTY_BLOCKS_MAX,
  UNSEEN_WAITING_MAX,
  UNSEEN_WRITE_MS,
  WRITES_UNDER_WAY_MAX,
} from '../../src/store/block-store.ts';
import { arbitraryDelta, hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { holdsAsync } from '../properties.ts';
import { openStore, pathOf, readValidateFile, success, writeFile } from './store-on-disk.ts';

const KEY = keyAt(3_080);
const ANNOUNCED = {
  state: 'Witnessed',
  payloadDigest: hashOf(1),
  payloadBytes: 14_000,
  parentHash: hashOf(2),
  preStateRoot: hashOf(3),
  lockTimeSeconds: 0n,
  blobIds: [],
} as const;

/** A disk that calls `hook` before each operation, once it is set. */
function hookedDisk(): { disk: MemoryDisk; setHook: (hook: Hook) => void; operations: DiskOperation[] } {
  let hook: Hook | undefined;
  const operations: DiskOperation[] = [];
  const disk = new MemoryDisk({
    beforeOperation: (operation, path) => {
      operations.push(operation);
      return hook?.(operation, path);
    },
  });
  return { disk, setHook: (next) => (hook = next), operations };
}
type Hook = (operation: DiskOperation, path: string) => Promise<void> | void;

async function trailerOf(disk: MemoryDisk): Promise<Uint8Array> {
  const file = await readValidateFile(disk, KEY);
  assert(file?.trailer.kind === 'valid');
  return file.trailer.record;
}

function foreignFailure(n: number): Uint8Array {
  return encodeValidateFile({
    status: 'Failed',
    blockHash: KEY.hash,
    blockNumber: KEY.number,
    stateRoot: hashOf(1_000 + n),
    lockTimeSeconds: 0n,
    blobIds: [],
  });
}

function foreignSuccess(stateRoot: `0x${string}`): Uint8Array {
  return encodeValidateFile({
    status: 'Success',
    blockHash: KEY.hash,
    blockNumber: KEY.number,
    stateRoot,
    lockTimeSeconds: 0n,
    blobIds: [],
  });
}

describe('the block store', () => {
  it('writes what it merged, with the record behind it', async () => {
    const disk = new MemoryDisk();
    const { store, peers, replica } = await openStore(disk);
    const [peer] = peers;
    assert(peer !== undefined);
    store.merge({ key: KEY, record: success(peer, KEY, hashOf(1)) }, 'peer');
    await store.idle();
    const file = await readValidateFile(disk, KEY);
    assert(file?.trailer.kind === 'valid');
    assert.equal(file.info.status, 'Success');
    assert.deepEqual(decodeRecord(file.trailer.record), replica.get(KEY));
  });

  it('lets nobody hear of a result before it is on disk, and acknowledges it then; its file follows', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, author, replica, changes } = await openStore(disk);
    const gate = Promise.withResolvers<void>();
    setHook((operation) => (operation === 'syncFile' ? gate.promise : undefined));
    const committed = store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    assert.equal(replica.size, 0);
    assert.equal(changes.length, 0);
    const writing = Promise.withResolvers<void>();
    setHook((operation) => (operation === 'create' ? writing.promise : undefined));
    gate.resolve();
    assert.equal(await committed, true);
    assert.equal(changes.length, 1);
    assert(hasSuccess(replica.get(KEY).results));
    assert.equal(await readValidateFile(disk, KEY), undefined);
    writing.resolve();
    await store.idle();
    assert.equal((await readValidateFile(disk, KEY))?.info.status, 'Success');
  });

  it('acknowledges a result that came during a write only after an entry of its own', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, author } = await openStore(disk);
    const gate = Promise.withResolvers<void>();
    setHook((operation) => (operation === 'syncFile' ? gate.promise : undefined));
    const first = store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    let booted: MemoryDisk | undefined;
    const second = store
      .commit({ key: KEY, record: success(author, KEY, hashOf(2)) })
      .then(() => (booted = disk.crash(() => 0, {})));
    gate.resolve();
    await first;
    await second;
    assert(booted !== undefined);
    const after = await openStore(booted);
    await after.journaled.recover();
    assert.equal(after.replica.get(KEY).results.length, 2);
  });

  it('keeps a result back when the sync of the journal failed, and tries it in a new segment', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, author, replica, changes, clock } = await openStore(disk);
    const appendedTo = new Set<string>();
    let failures = 2;
    setHook((operation, path) => {
      if (operation === 'append') appendedTo.add(path);
      if (operation !== 'syncFile' || failures === 0) return;
      failures--;
      throw new DiskError('ERR_DISK', { argument: path, expected: 'a sync', found: 'an error' });
    });
    const committed = store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await clock.advance(1_000);
    assert.equal(replica.size, 0);
    assert.equal(await readValidateFile(disk, KEY), undefined);
    await clock.advance(1_000);
    assert.equal(await committed, true);
    assert.deepEqual(
      changes.map(({ origin }) => origin),
      ['local'],
    );
    assert.equal(appendedTo.size, 3);
  });

  it('acknowledges a result that is in the journal though its file cannot be written, and goes on trying', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, author, clock } = await openStore(disk);
    let isFull = true;
    let appends = 0;
    setHook((operation, path) => {
      if (operation === 'append') appends++;
      if (operation !== 'create' || !isFull) return;
      throw new DiskError('ERR_NO_SPACE', { argument: path, expected: 'room', found: 'none' });
    });
    assert.equal(await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) }), true);
    await clock.advance(5_000);
    isFull = false;
    await clock.advance(1_000);
    assert.equal((await readValidateFile(disk, KEY))?.info.status, 'Success');
    assert.equal(appends, 1);
  });

  it('takes in what another program wrote at the last moment, and keeps both', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, peers, replica } = await openStore(disk);
    const [peer] = peers;
    assert(peer !== undefined);
    let isWritten = false;
    setHook(async (operation) => {
      if (operation !== 'replace' || isWritten) return;
      isWritten = true;
      await writeFile(disk, pathOf(KEY), foreignSuccess(hashOf(2)));
    });
    store.merge({ key: KEY, record: success(peer, KEY, hashOf(1)) }, 'peer');
    await store.idle();
    assert.deepEqual(
      new Set(replica.get(KEY).results.map(({ stateRoot }) => stateRoot)),
      new Set([hashOf(1), hashOf(2)]),
    );
    assert.deepEqual(decodeRecord(await trailerOf(disk)), replica.get(KEY));
  });

  it('never overwrites a foreign write unseen, however many come', async () => {
    await holdsAsync(
      fc.asyncProperty(fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 }), async (moments) => {
        const { disk, setHook } = hookedDisk();
        const { store, peers, replica, clock } = await openStore(disk);
        const [peer] = peers;
        assert(peer !== undefined);
        let operation = 0;
        let isForeign = false;
        let written = 0;
        let overwrittenByForeign = 0;
        setHook(async () => {
          if (isForeign || !moments.includes(operation++)) return;
          isForeign = true;
          if ((await readValidateFile(disk, KEY))?.trailer.kind === 'absent') overwrittenByForeign++;
          // Failures, since two successes of one node are all that its record keeps.
          await writeFile(disk, pathOf(KEY), foreignFailure(++written));
          isForeign = false;
        });
        for (let at = 0; at < 4; at++) {
          const failure = peer.result(KEY, replica.get(KEY).results, 'failed', hashOf(at), at);
          store.merge({ key: KEY, record: recordOf({ results: [failure] }) }, 'peer');
          await clock.settle();
        }
        setHook(() => undefined);
        await store.takeIn(KEY);
        await store.idle();
        const own = replica.get(KEY).results.find(({ node }) => node !== peer.node);
        assert.equal(own?.stateRoot, written === 0 ? undefined : hashOf(1_000 + written));
        const seen = own?.sequence ?? 0;
        assert(seen >= written - overwrittenByForeign && seen <= written, `${seen} of ${written} seen`);
        assert.deepEqual(decodeRecord(await trailerOf(disk)), replica.get(KEY));
      }),
    );
  });

  it('writes once for all that changed while a write was under way', async () => {
    const { disk, setHook, operations } = hookedDisk();
    const { store, author, peers } = await openStore(disk);
    const [peer] = peers;
    assert(peer !== undefined);
    const gate = Promise.withResolvers<void>();
    setHook((operation) => (operation === 'create' ? gate.promise : undefined));
    operations.length = 0;
    let lease = peer.claim(KEY, 1, 30_000);
    for (let renewal = 0; renewal < 100; renewal++) {
      lease = peer.renew(KEY, lease, renewal);
      store.merge({ key: KEY, record: recordOf({ lease }) }, 'peer');
    }
    void store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    gate.resolve();
    await store.idle();
    assert(operations.filter((operation) => operation === 'create').length <= 2);
    assert.equal((await readValidateFile(disk, KEY))?.info.status, 'Success');
  });

  it('writes an announcement with its holders within UNSEEN_WRITE_MS, and with a claim at once', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, clock, author } = await openStore(disk);
    const written: string[] = [];
    setHook((operation, path) => void (operation === 'replace' && written.push(path)));
    const witness = author.announcement(KEY, ANNOUNCED);
    store.merge({ key: KEY, record: recordOf({ witnesses: [witness] }) }, 'peer');
    store.merge({ key: KEY, record: recordOf({ holders: [{ node: author.node, dot: 1, live: true }] }) }, 'local');
    await clock.advance(UNSEEN_WRITE_MS - 1);
    assert.deepEqual(written, []);
    await clock.advance(1);
    await store.idle();
    assert.equal(written.length, 1);
    assert.deepEqual(await trailerOf(disk), encodeRecord(store.replica.get(KEY)));

    const claimed = keyAt(1);
    store.merge({ key: claimed, record: recordOf({ witnesses: [author.announcement(claimed, ANNOUNCED)] }) }, 'peer');
    store.merge({ key: claimed, record: recordOf({ lease: author.claim(claimed, 1, 30_000) }) }, 'local');
    await clock.settle();
    assert.equal(written.length, 2);
    await store.stop();
  });

  it('writes once for all the holders that came within UNSEEN_WRITE_MS, and at once when it stops', async () => {
    const { disk, setHook } = hookedDisk();
    const { store, clock, author, peers } = await openStore(disk);
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await store.idle();
    const written: string[] = [];
    setHook((operation, path) => void (operation === 'replace' && written.push(path)));
    for (const { node } of peers) {
      store.merge({ key: KEY, record: recordOf({ holders: [{ node, dot: 1, live: true }] }) }, 'peer');
      await clock.advance(UNSEEN_WRITE_MS / 4);
    }
    assert.equal(store.dirtyCount, 1);
    assert.deepEqual(written, []);
    await clock.advance(UNSEEN_WRITE_MS / 4);
    await store.idle();
    assert.equal(written.length, 1);
    assert.equal(store.dirtyCount, 0);
    assert.deepEqual(await trailerOf(disk), encodeRecord(store.replica.get(KEY)));

    const { timers } = clock;
    store.merge({ key: KEY, record: recordOf({ holders: [{ node: author.node, dot: 1, live: true }] }) }, 'local');
    await store.stop();
    assert.deepEqual(await trailerOf(disk), encodeRecord(store.replica.get(KEY)));
    assert.equal(clock.timers, timers);
  });

  it('writes holders with whatever else changes, without waiting', async () => {
    const disk = new MemoryDisk();
    const { store, clock, author, peers } = await openStore(disk);
    store.merge({ key: KEY, record: recordOf({ lease: author.claim(KEY, 1, 30_000) }) }, 'local');
    await store.idle();
    const holders = peers.map(({ node }) => ({ node, dot: 1, live: true }));
    store.merge({ key: KEY, record: recordOf({ holders }) }, 'peer');
    await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await store.idle();
    assert.deepEqual(await trailerOf(disk), encodeRecord(store.replica.get(KEY)));
    assert.equal(store.dirtyCount, 0);
    assert.equal(clock.monotonicMs(), 0, 'no time went by');
  });

  it('waits with the holders of UNSEEN_WAITING_MAX blocks, and writes all with one more', async () => {
    const { disk, operations } = hookedDisk();
    const { store, clock, author } = await openStore(disk);
    const keys = Array.from({ length: UNSEEN_WAITING_MAX + 1 }, (_, number) => keyAt(number));
    const holders = [{ node: author.node, dot: 1, live: true }];
    for (const key of keys) store.merge({ key, record: recordOf({ lease: author.claim(key, 1, 30_000) }) }, 'local');
    await store.idle();
    const [last, ...rest] = keys;
    assert(last !== undefined);
    operations.length = 0;
    for (const key of rest) store.merge({ key, record: recordOf({ holders }) }, 'local');
    await clock.settle();
    assert.equal(operations.length, 0);
    store.merge({ key: last, record: recordOf({ holders }) }, 'local');
    await clock.settle();
    assert(operations.includes('create'));
    await store.stop();
  });

  it('writes everything once a full disk has room again', async () => {
    const disk = new MemoryDisk({ capacityBytes: 2_000 });
    const { store, author, peers, clock, writeErrors } = await openStore(disk);
    const [peer] = peers;
    assert(peer !== undefined);
    const keys = Array.from({ length: 40 }, (_, at) => keyAt(at));
    const commits = keys.map(async (key, at) => {
      if (at % 2 === 0) return store.commit({ key, record: success(author, key, hashOf(at)) });
      store.merge({ key, record: success(peer, key, hashOf(at)) }, 'peer');
      return true;
    });
    await clock.advance(3_000);
    assert(writeErrors.length > 0);
    assert(store.dirtyCount > 0);
    disk.resize(1_000_000);
    await clock.advance(1_000);
    await store.idle();
    assert.equal(store.dirtyCount, 0);
    assert((await Promise.all(commits)).every(Boolean));
    for (const key of keys) assert.equal((await readValidateFile(disk, key))?.info.status, 'Success');
  });

  it('stops on a full disk, and says which results nobody will hear of', async () => {
    const disk = new MemoryDisk();
    const { store, author, replica } = await openStore(disk);
    disk.resize(0);
    const committed = store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) });
    await store.stop();
    assert.equal(await committed, false);
    assert.equal(await store.commit({ key: KEY, record: success(author, KEY, hashOf(1)) }), false);
    assert.equal(replica.size, 0);
  });

  it(`makes bulk work wait from ${DIRTY_BLOCKS_MAX} unwritten blocks on, and not before`, async () => {
    const { disk, setHook } = hookedDisk();
    const { store, peers } = await openStore(disk);
    const [peer] = peers;
    assert(peer !== undefined);
    const gate = Promise.withResolvers<void>();
    setHook((operation) => (operation === 'create' ? gate.promise : undefined));
    const merge = (number: number): void => {
      const key = keyAt(number);
      store.merge({ key, record: recordOf({ blobIds: [hashOf(number)] }) }, 'peer');
    };
    for (let at = 0; at < DIRTY_BLOCKS_MAX - 1; at++) merge(at);
    assert.equal(store.dirtyCount, DIRTY_BLOCKS_MAX - 1);
    await store.room();
    merge(DIRTY_BLOCKS_MAX - 1);
    let hasRoom = false;
    const room = store.room().then(() => (hasRoom = true));
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    assert.equal(hasRoom, false);
    gate.resolve();
    await room;
    await store.idle();
    assert.equal(store.dirtyCount, 0);
  });

  it(`has at most ${WRITES_UNDER_WAY_MAX} writes under way, and a stop lets nobody wait for room`, async () => {
    const { disk, setHook } = hookedDisk();
    const { store, peers, replica } = await openStore(disk);
    const [peer] = peers;
    assert(peer !== undefined);
    const gate = Promise.withResolvers<void>();
    setHook((operation) => (operation === 'create' ? gate.promise : undefined));
    for (let at = 0; at <= DIRTY_BLOCKS_MAX; at++) {
      const key = keyAt(at);
      store.merge({ key, record: recordOf({ blobIds: [hashOf(at)] }) }, 'peer');
    }
    const room = store.room();
    const stopped = store.stop();
    await room;
    gate.resolve();
    await stopped;
    for (const { key } of replica.entries()) assert((await readValidateFile(disk, key)) !== undefined);
  });

  it('writes a finished file that is the same bytes, whatever the order of merges', async () => {
    const finished = success((await openStore(new MemoryDisk())).author, KEY, hashOf(1));
    const deltas = fc.array(arbitraryDelta, { maxLength: 8 }).map((list) => [...list, finished]);
    const twoOrders = deltas.chain((list) =>
      fc.tuple(
        fc.shuffledSubarray(list, { minLength: list.length }),
        fc.shuffledSubarray(list, { minLength: list.length }),
      ),
    );
    await holdsAsync(
      fc.asyncProperty(twoOrders, async (orders) => {
        const files = await Promise.all(
          orders.map(async (order, at) => {
            const disk = new MemoryDisk();
            const { store, clock } = await openStore(disk);
            for (const record of order) {
              store.merge({ key: KEY, record }, 'peer');
              await clock.advance(at * 700);
            }
            await store.idle();
            return (await disk.read(pathOf(KEY), 1_000_000))?.bytes;
          }),
        );
        assert(files[0] !== undefined);
        assert.deepEqual(files[0], files[1]);
      }),
    );
  });
});
