/** A node that says what it holds to a directory, and finds holders there. */

import assert from 'node:assert/strict';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import { DIGESTS_PER_PROVIDER_MAX, type HolderDirectory } from '../../net/holder-directory.ts';
import { Replica } from '../../src/replica/replica.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { FileLedger } from '../../src/store/file-ledger.ts';
import { HolderAdvertiser, PROVIDE_INTERVAL_MS, PROVIDE_RETRY_MS } from '../../src/witness/holder-advertiser.ts';
import { HolderFinder, LOOKUPS_MAX } from '../../src/witness/holder-finder.ts';
import { WitnessShelf } from '../../src/witness/shelf.ts';
import { hashOf, nodeOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, witnessFile } from '../node/memory-cluster.ts';

/** Writes down what it is told, and hears nothing while `isAlone`. */
class NotedDirectory implements HolderDirectory {
  readonly provided: Hash32[] = [];
  readonly withdrawn: Hash32[] = [];
  isAlone = false;

  async provide(digest: Hash32): Promise<boolean> {
    if (!this.isAlone) this.provided.push(digest);
    return !this.isAlone;
  }

  async withdraw(digest: Hash32): Promise<void> {
    this.withdrawn.push(digest);
  }

  async find(): Promise<readonly NodeId[]> {
    return [];
  }
}

function setUp() {
  const clock = new VirtualClock();
  const directory = new NotedDirectory();
  const { blocks } = new Replica();
  const files = new FileLedger(blocks);
  const shelf = new WitnessShelf(blocks, files, () => '/w');
  const advertiser = new HolderAdvertiser({ directory, clock, shelf });
  const put = (at: number, digest = hashOf(at)): void => {
    const identity = { inode: 1n, sizeBytes: 300, modifiedNs: 0n };
    files.note('witness', keyAt(at), { identity, place: 'primary' });
    const content = { state: 'Witnessed', payloadBytes: 1, payloadOffset: 0 } as const;
    shelf.put(keyAt(at), { ...content, payloadDigest: digest }, undefined);
    advertiser.note(keyAt(at));
  };
  const remove = (at: number): void => {
    shelf.remove(keyAt(at));
    advertiser.note(keyAt(at));
  };
  return { clock, directory, advertiser, put, remove };
}

describe('what a node tells a directory of holders', () => {
  it('is each payload on its shelf once, one each PROVIDE_INTERVAL_MS, after the network runs', async () => {
    const { clock, directory, advertiser, put } = setUp();
    for (const at of [1, 2, 3]) put(at);
    await clock.advance(10 * PROVIDE_INTERVAL_MS);
    assert.deepEqual(directory.provided, []);
    advertiser.start();
    await clock.advance(PROVIDE_INTERVAL_MS);
    assert.deepEqual(directory.provided, [hashOf(1)]);
    await clock.advance(PROVIDE_INTERVAL_MS - 1);
    assert.equal(directory.provided.length, 1);
    await clock.advance(10 * PROVIDE_INTERVAL_MS);
    assert.deepEqual(directory.provided, [1, 2, 3].map(hashOf));
    assert.deepEqual([advertiser.providedCount, advertiser.waitingCount, clock.timers], [3, 0, 0]);
  });

  it('is withdrawn when it has left the shelf, and not told at all when it was not told yet', async () => {
    const { clock, directory, advertiser, put, remove } = setUp();
    advertiser.start();
    put(1);
    await clock.advance(PROVIDE_INTERVAL_MS);
    remove(1);
    put(2);
    remove(2);
    put(3, hashOf(30));
    put(3, hashOf(31));
    await clock.advance(10 * PROVIDE_INTERVAL_MS);
    assert.deepEqual(directory.provided, [hashOf(1), hashOf(31)]);
    assert.deepEqual(directory.withdrawn, [hashOf(1)]);
  });

  it('stays known while one of two blocks with the same payload is there', async () => {
    const { clock, directory, advertiser, put, remove } = setUp();
    advertiser.start();
    put(1, hashOf(9));
    put(2, hashOf(9));
    await clock.advance(10 * PROVIDE_INTERVAL_MS);
    remove(2);
    await clock.advance(10 * PROVIDE_INTERVAL_MS);
    assert.deepEqual(directory.withdrawn, []);
    remove(1);
    await clock.advance(10 * PROVIDE_INTERVAL_MS);
    assert.deepEqual(directory.withdrawn, [hashOf(9)]);
  });

  it('is told again while nobody hears it', async () => {
    const { clock, directory, advertiser, put } = setUp();
    directory.isAlone = true;
    advertiser.start();
    put(1);
    await clock.advance(3 * PROVIDE_RETRY_MS);
    directory.isAlone = false;
    await clock.advance(PROVIDE_RETRY_MS);
    assert.deepEqual(directory.provided, [hashOf(1)]);
    await advertiser.stop();
    put(2);
    await clock.advance(PROVIDE_RETRY_MS);
    assert.deepEqual([directory.provided.length, clock.timers], [1, 0], 'nothing after it has stopped');
  });

  it('is DIGESTS_PER_PROVIDER_MAX at most: one more takes the place of the oldest', async () => {
    const { clock, directory, advertiser, put } = setUp();
    for (let at = 1; at <= DIGESTS_PER_PROVIDER_MAX; at++) put(at);
    assert.equal(advertiser.waitingCount, DIGESTS_PER_PROVIDER_MAX);
    put(DIGESTS_PER_PROVIDER_MAX + 1);
    assert.equal(advertiser.waitingCount, DIGESTS_PER_PROVIDER_MAX);
    advertiser.start();
    await clock.advance((DIGESTS_PER_PROVIDER_MAX + 1) * PROVIDE_INTERVAL_MS);
    assert.equal(directory.provided[0], hashOf(2));
    assert.equal(advertiser.providedCount, DIGESTS_PER_PROVIDER_MAX);
    put(DIGESTS_PER_PROVIDER_MAX + 2);
    await clock.advance(2 * PROVIDE_INTERVAL_MS);
    assert.equal(advertiser.providedCount, DIGESTS_PER_PROVIDER_MAX);
    assert.deepEqual(directory.withdrawn, [hashOf(2)]);
  });
});

describe('a lookup in a directory of holders', () => {
  it('waits while LOOKUPS_MAX are under way, and finds nobody where it fails', async () => {
    let asked = 0;
    const gate = Promise.withResolvers<void>();
    const directory = new NotedDirectory();
    directory.find = async () => {
      asked++;
      await gate.promise;
      throw new Error('nobody answers');
    };
    const finder = new HolderFinder(directory);
    const { signal } = new AbortController();
    const found = Array.from({ length: LOOKUPS_MAX + 1 }, () => finder.find(hashOf(1), signal));
    assert.equal(asked, LOOKUPS_MAX);
    gate.resolve();
    assert.deepEqual((await Promise.all(found)).flat(), []);
    assert.equal(asked, LOOKUPS_MAX + 1);
    assert.deepEqual(await new HolderFinder(undefined).find(hashOf(1), signal), []);
  });

  it('brings a witness whose holders are not linked', async () => {
    const cluster = new Cluster();
    const directory = new NotedDirectory();
    const [holder] = cluster.add(1);
    // Knows the record and passes it on, and keeps no witness.
    const [between] = cluster.add(1, { settings: { witnessPolicy: { kind: 'claimed' } } });
    const [fetcher] = cluster.add(1, { directory });
    assert(holder !== undefined && between !== undefined && fetcher !== undefined);
    await cluster.start();
    cluster.hub.cut(holder.id, fetcher.id);
    await holder.write('witness', keyAt(5), witnessFile(keyAt(5)));
    await cluster.until(() => fetcher.node.replica.get(keyAt(5)).witnesses.length > 0, 20_000);
    assert.equal(fetcher.node.shelf.get(keyAt(5)), undefined);
    directory.find = async () => {
      cluster.hub.heal(holder.id, fetcher.id);
      return [holder.id, nodeOf(99)];
    };
    await cluster.until(() => fetcher.node.shelf.get(keyAt(5)) !== undefined, 200_000);
    await cluster.until(() => directory.provided.length === 1, 20_000);
    assert.equal(fetcher.node.witnesses.resources().provided, 1);
    await cluster.stop();
  });

  it('brings a chunk that no linked peer has', async () => {
    const cluster = new Cluster();
    const directory = new NotedDirectory();
    const [holder] = cluster.add(1, { settings: { witnessPolicy: { kind: 'claimed' } } });
    const [asker] = cluster.add(1, { directory });
    assert(holder !== undefined && asker !== undefined);
    await cluster.start();
    const digest = await holder.node.witnesses.operations.storeChunk(Uint8Array.of(1, 2, 3));
    cluster.hub.cut(holder.id, asker.id);
    directory.find = async () => {
      cluster.hub.heal(holder.id, asker.id);
      await cluster.until(() => asker.network.peers().length > 0, 20_000);
      return [holder.id];
    };
    let found: Uint8Array | undefined;
    void asker.node.witnesses.operations.retrieveChunk(digest).then((bytes) => (found = bytes));
    await cluster.until(() => found !== undefined, 20_000);
    assert.deepEqual(found, Uint8Array.of(1, 2, 3));
    await cluster.stop();
  });
});
