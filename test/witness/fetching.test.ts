/** Whole nodes that fetch witnesses of several chunks, on disks that fail, tear and fill up. */

import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { MemoryDisk, type DiskOperation } from '../../src/disk/memory-disk.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { decodeWitnessFile, encodeWitnessFile } from '../../src/files/witness-file.ts';
import { Cluster, type Machine } from '../node/memory-cluster.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { payloadOf } from '../net/witness/peers.ts';

const KEY = keyAt(3_080);
const payload = payloadOf(3 * CHUNK_BYTES + 5);

function fileOf(key: BlockKey, of: Uint8Array, state: 'Witnessed' | 'Completed' = 'Witnessed'): Uint8Array {
  const content = decodeWitnessFile(encodeWitnessFile({ ...TEMPLATE, status: state, witnessData: of }), NAME).status;
  return encodeWitnessFile({ ...content, blockHash: key.hash, blockNumber: key.number });
}

const NAME = blockFileName('witness', KEY);
const TEMPLATE = {
  status: 'Witnessed' as const,
  blockHash: KEY.hash,
  blockNumber: KEY.number,
  preStateRoot: keyAt(1).hash,
  parentHash: keyAt(2).hash,
  lockTimeSeconds: 7n,
  blobIds: [keyAt(3).hash],
};
const FILE = fileOf(KEY, payload);

interface Pair {
  readonly cluster: Cluster;
  readonly holder: Machine;
  readonly fetcher: Machine;
}

/** Two linked nodes; what the first one gets, the second one fetches. `onOperation` sees each operation of its disk. */
async function pair(onOperation?: (operation: DiskOperation, path: string) => Promise<void> | void): Promise<Pair> {
  const cluster = new Cluster();
  const [holder] = cluster.add(1);
  const [fetcher] = cluster.add(1, { disk: onOperation === undefined ? {} : { beforeOperation: onOperation } });
  assert(holder !== undefined && fetcher !== undefined);
  await cluster.start();
  await cluster.clock.advance(2_000);
  return { cluster, holder, fetcher };
}

async function arrives({ cluster, fetcher }: Pair, file = FILE, limitMs = 200_000): Promise<void> {
  let isThere = false;
  const look = async (): Promise<void> => {
    const bytes = await fetcher.bytesOf('witness', KEY);
    isThere = bytes !== undefined && Buffer.from(bytes).equals(file);
  };
  await cluster.until(() => {
    void look();
    return isThere;
  }, limitMs);
}

async function partials({ fetcher }: Pair): Promise<string[]> {
  return fetcher.disk.list(fetcher.layout.partial);
}

describe('a witness of several chunks', () => {
  it('arrives byte for byte as its generator wrote it, and leaves nothing behind', async () => {
    const both = await pair();
    await both.holder.write('witness', KEY, FILE);
    await arrives(both);
    assert.deepEqual(await partials(both), []);
    assert.equal(both.fetcher.node.shelf.get(KEY)?.payloadBytes, payload.length);
    await both.cluster.stop();
  });

  it('is not read again by the node that wrote it, though its directory is watched', async () => {
    const readings: string[] = [];
    const syncing = Promise.withResolvers<void>();
    const synced = Promise.withResolvers<void>();
    let isWatching = false;
    const both = await pair(async (operation, path) => {
      if (!isWatching) return;
      if (operation.startsWith('read') && path === both.fetcher.path('witness', KEY)) readings.push(operation);
      if (operation !== 'syncDirectory' || dirname(both.fetcher.path('witness', KEY)) !== path) return;
      syncing.resolve();
      await synced.promise;
    });
    isWatching = true;
    await both.holder.write('witness', KEY, FILE);
    let isSyncing = false;
    void syncing.promise.then(() => (isSyncing = true));
    await both.cluster.until(() => isSyncing, 200_000);
    // It is visible by then, and not durable yet.
    await both.cluster.clock.advance(1_000);
    synced.resolve();
    await both.cluster.until(() => both.fetcher.node.shelf.has(KEY), 200_000);
    assert.deepEqual(readings, []);
    await both.cluster.stop();
  });

  it('whose state changes is written again without a byte of payload on the way', async () => {
    const both = await pair();
    await both.holder.write('witness', KEY, FILE);
    await arrives(both);
    const before = both.holder.node.witnesses.resources().sentBytes;
    const completed = fileOf(KEY, payload, 'Completed');
    await both.holder.write('witness', KEY, completed);
    await arrives(both, completed);
    assert.equal(both.holder.node.witnesses.resources().sentBytes, before);
    await both.cluster.stop();
  });

  it('is served on by who has just fetched it', async () => {
    const cluster = new Cluster();
    const [holder, fetcher, third] = cluster.add(3);
    assert(holder !== undefined && fetcher !== undefined && third !== undefined);
    await cluster.start([holder, fetcher]);
    await holder.write('witness', KEY, FILE);
    await arrives({ cluster, holder, fetcher });
    await holder.stop();
    await third.start();
    await arrives({ cluster, holder, fetcher: third });
    await fetcher.stop();
    await third.stop();
  });

  it('cut off at any moment is never visible in part, and the rest alone is fetched after the restart', async () => {
    // From the first chunk on; each round stops the node one disk operation later.
    let isCut = true;
    for (let cutAt = 0; isCut; cutAt += 2) {
      let operations = -1;
      let stopping: Promise<void> | undefined;
      const both: Pair = await pair((operation, path) => {
        if (operations < 0 && !(operation === 'writeAt' && path.includes('/partial/'))) return;
        operations++;
        if (operations === cutAt) stopping = both.fetcher.stop();
      });
      await both.holder.write('witness', KEY, FILE);
      await both.cluster.clock.advanceUntil(() => stopping !== undefined || both.fetcher.node.shelf.size > 0, 20_000);
      isCut = stopping !== undefined;
      if (!isCut) {
        await both.cluster.stop();
        break;
      }
      await both.cluster.clock.advance(1_000);
      await stopping;
      const visible = await both.fetcher.bytesOf('witness', KEY);
      assert(visible === undefined || Buffer.from(visible).equals(FILE), `cut at operation ${cutAt}`);
      await both.fetcher.start();
      await arrives(both);
      await both.cluster.stop();
      assert(cutAt < 100, 'a fetch of four chunks ends');
    }
  });

  it('lost power at any moment is never visible in part, and arrives after the restart', async () => {
    for (let cutAt = 0; cutAt < 14; cutAt++) {
      let operations = -1;
      let crashing: Promise<void> | undefined;
      const both: Pair = await pair((operation, path) => {
        if (operations < 0 && !(operation === 'writeAt' && path.includes('/partial/'))) return;
        operations++;
        if (operations === cutAt) crashing = both.fetcher.crash();
      });
      await both.holder.write('witness', KEY, FILE);
      await both.cluster.clock.advanceUntil(() => crashing !== undefined || both.fetcher.node.shelf.size > 0, 20_000);
      await crashing;
      if (crashing === undefined) await both.fetcher.crash();
      const visible = await both.fetcher.bytesOf('witness', KEY);
      assert(visible === undefined || Buffer.from(visible).equals(FILE), `lost power at operation ${cutAt}`);
      await both.fetcher.start();
      await arrives(both);
      await both.cluster.stop();
    }
  });

  it('does not fetch again what had arrived before a restart', async () => {
    let stopping: Promise<void> | undefined;
    let chunks = 0;
    const both: Pair = await pair((operation, path) => {
      if (operation !== 'writeAt' || !path.includes('/partial/')) return;
      if (++chunks === 4) stopping = both.fetcher.stop();
    });
    await both.holder.write('witness', KEY, FILE);
    await both.cluster.clock.advanceUntil(() => stopping !== undefined, 20_000);
    await both.cluster.clock.advance(1_000);
    await stopping;
    assert.equal((await partials(both)).length, 1);
    const before = both.holder.node.witnesses.resources().sentBytes;
    await both.fetcher.start();
    await arrives(both);
    const sentBytes = both.holder.node.witnesses.resources().sentBytes - before;
    assert(sentBytes <= CHUNK_BYTES + 1_000, `${sentBytes} bytes were sent again`);
    await both.cluster.stop();
  });

  it('that does not fit the disk leaves no part behind, and arrives once there is room', async () => {
    const both = await pair();
    const { fetcher, cluster, holder } = both;
    assert(fetcher.disk instanceof MemoryDisk);
    fetcher.disk.resize(2 * CHUNK_BYTES);
    await holder.write('witness', KEY, FILE);
    await cluster.until(() => fetcher.eventsOf('witness-write-failed').length > 0, 60_000);
    assert.deepEqual(await partials(both), []);
    assert.equal(await fetcher.bytesOf('witness', KEY), undefined);
    fetcher.disk.resize(Infinity);
    await arrives(both);
    await cluster.stop();
  });

  it('that no holder can serve is asked for ever more seldom, keeps nothing else back, and arrives once one can', async () => {
    const { cluster, holder, fetcher } = await pair();
    const readRange = holder.disk.readRange.bind(holder.disk);
    holder.disk.readRange = async (path, ...rest) => (path.endsWith(NAME) ? undefined : readRange(path, ...rest));
    await holder.write('witness', KEY, FILE);
    const failed = (): number => fetcher.events.filter(({ type }) => type === 'witness-fetch-failed').length;
    await cluster.until(() => failed() > 0, 20_000);
    const other = keyAt(3_081);
    await holder.write('witness', other, fileOf(other, payloadOf(payload.length, 1)));
    await cluster.until(() => fetcher.node.shelf.get(other) !== undefined, 20_000);
    await cluster.clock.advance(600_000);
    assert(failed() >= 8 && failed() <= 16, `${failed()} tries in ten minutes`);
    assert.equal(await fetcher.bytesOf('witness', KEY), undefined);
    holder.disk.readRange = readRange;
    await arrives({ cluster, holder, fetcher });
    await cluster.stop();
  });

  it('of which a part is left that nobody announces any more is swept away at the start', async () => {
    const both = await pair();
    const { fetcher, cluster } = both;
    const stray = `${fetcher.layout.partial}/${blockFileName('witness', keyAt(9))}.${keyAt(8).hash}.300`;
    await fetcher.disk.create(stray, payload, { sync: true });
    await fetcher.stop();
    await fetcher.start();
    assert.deepEqual(await partials(both), []);
    await cluster.stop();
  });

  it('that another program wrote is taken in without being read into memory whole, and refused when it is bad', async () => {
    let largestReadBytes = 0;
    const both = await pair();
    const large = payloadOf(5 * CHUNK_BYTES);
    const read = both.holder.disk.read.bind(both.holder.disk);
    both.holder.disk.read = async (path, maxBytes) => {
      const content = await read(path, maxBytes);
      largestReadBytes = Math.max(largestReadBytes, content?.bytes.length ?? 0);
      return content;
    };
    await both.holder.write('witness', KEY, fileOf(KEY, large));
    await arrives(both, fileOf(KEY, large));
    assert(largestReadBytes < CHUNK_BYTES, `${largestReadBytes} bytes were read at once`);
    const other = keyAt(3_081);
    const spoiled = fileOf(other, large);
    spoiled[spoiled.length - 1] = (spoiled.at(-1) ?? 0) ^ 1;
    await both.holder.write('witness', other, spoiled);
    await both.cluster.until(() => both.holder.eventsOf('file-quarantined').length === 1, 20_000);
    await both.cluster.stop();
  });

  it('of which two payloads are announced is kept once under its name and once in quarantine, the same on every node', async () => {
    const cluster = new Cluster();
    const [a, b] = cluster.add(2);
    assert(a !== undefined && b !== undefined);
    await cluster.start();
    await cluster.clock.advance(2_000);
    cluster.partition([[a], [b]], true);
    const files = [fileOf(KEY, payloadOf(100, 1)), fileOf(KEY, payloadOf(100, 2))] as const;
    await a.write('witness', KEY, files[0]);
    await b.write('witness', KEY, files[1]);
    await cluster.until(() => a.node.shelf.size === 1 && b.node.shelf.size === 1, 20_000);
    cluster.partition([[a], [b]], false);
    const digestOn = (machine: Machine): string | undefined => machine.node.shelf.get(KEY)?.payloadDigest;
    await cluster.until(() => digestOn(a) !== undefined && digestOn(a) === digestOn(b), 60_000);
    const quarantined = [await a.disk.list(a.layout.quarantine), await b.disk.list(b.layout.quarantine)].flat();
    assert.equal(quarantined.filter((name) => name.endsWith('.w')).length, 1);
    assert(a.eventsOf('witness-conflict').length === 1 && b.eventsOf('witness-conflict').length === 1);
    await cluster.stop();
  });
});
