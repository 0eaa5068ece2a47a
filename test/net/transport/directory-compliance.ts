/** What a directory of holders promises over every transport. */

import assert from 'node:assert/strict';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { Network } from '../../../net/network.ts';
import { startCluster, type DirectoryNetwork, type TransportName } from './clusters.ts';
import { DIGEST, directoryOf, found, NEVER, provided } from './directories.ts';
import { until } from './until.ts';

const other = blake3Hash(new TextEncoder().encode('another payload'));

export function directoryCompliance(transport: TransportName): void {
  describe(`a directory of holders over ${transport}`, () => {
    let running: Network[] = [];
    afterEach(async () => {
      await Promise.all(running.map((network) => network.stop()));
      running = [];
    });

    async function start(size: number): Promise<DirectoryNetwork[]> {
      return startCluster(transport, size, 'mesh', (network) => running.push(network), true);
    }

    it('names who provides a digest to the others, and to nobody itself', async () => {
      const [first, second, third] = await start(3);
      assert(first !== undefined);
      await provided(directoryOf(first));
      for (const each of [second, third]) assert.deepEqual(await found(directoryOf(each), 1), [first.self]);
      assert.deepEqual(await directoryOf(first).find(DIGEST, NEVER), []);
      assert.deepEqual(await directoryOf(second).find(other, NEVER), [], 'nobody holds that one');
    });

    it('names all who provide it, and providing it twice is providing it once', async () => {
      const [first, second, third] = await start(3);
      for (const each of [first, second, first]) await provided(directoryOf(each));
      const holders = await found(directoryOf(third), 2);
      assert.deepEqual(new Set(holders), new Set([first?.self, second?.self]));
      assert.equal(holders.length, 2);
    });

    it('withdraws what was provided, and what was not', async () => {
      const [first] = await start(2);
      await provided(directoryOf(first));
      await directoryOf(first).withdraw(DIGEST, NEVER);
      await directoryOf(first).withdraw(DIGEST, NEVER);
      await directoryOf(first).withdraw(other, NEVER);
    });

    it('does not name a holder that is gone', async () => {
      const [first, second, third] = await start(3);
      await provided(directoryOf(first));
      await first?.stop();
      await until(() => second?.peers().length === 1);
      assert.deepEqual(await directoryOf(third).find(DIGEST, NEVER), []);
    });

    it('gives up when it is told to, and does nothing once its network has stopped', async () => {
      const [first] = await start(2);
      const aborted = AbortSignal.abort(new Error('enough'));
      await assert.rejects(directoryOf(first).find(DIGEST, aborted), { message: 'enough' });
      await assert.rejects(directoryOf(first).provide(DIGEST, aborted), { message: 'enough' });
      await first?.stop();
      await assert.rejects(directoryOf(first).find(DIGEST, NEVER), { code: 'ERR_NOT_RUNNING' });
      await assert.rejects(directoryOf(first).provide(DIGEST, NEVER), { code: 'ERR_NOT_RUNNING' });
    });
  });
}
