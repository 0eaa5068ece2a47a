/** What `Network` promises, checked on a transport. Every transport runs all of it. */

import { deepEqual, equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeId } from '../../../crdt/ids.ts';
import type { Network } from '../../../net/network.ts';
import { startCluster, type TransportName } from './clusters.ts';
import { directoryCompliance } from './directory-compliance.ts';
import { gossipCompliance } from './gossip-compliance.ts';
import { streamCompliance } from './stream-compliance.ts';
import { until } from './until.ts';

export function compliance(transport: TransportName): void {
  gossipCompliance(transport);
  streamCompliance(transport);
  directoryCompliance(transport);

  describe(`peers over ${transport}`, () => {
    let running: Network[] = [];
    afterEach(async () => {
      await Promise.all(running.map((network) => network.stop()));
      running = [];
    });

    it('peers are the other members that are connected, and a change of them is announced', async () => {
      let changes = 0;
      const networks = await startCluster(transport, 3, 'mesh', (network, index) => {
        running.push(network);
        if (index === 0) network.onPeersChanged(() => (changes += 1));
      });
      const [first, second, third] = networks;
      const peersOfFirst = (): Set<NodeId | undefined> => new Set(first?.peers().map(({ node }) => node));
      deepEqual(peersOfFirst(), new Set([second?.self, third?.self]));
      equal(changes, 2);
      await second?.stop();
      await until(() => changes === 3);
      deepEqual(peersOfFirst(), new Set([third?.self]));
    });

    it('a listener that was removed is not called', async () => {
      let changes = 0;
      const [first, second] = await startCluster(transport, 2, 'mesh', (network, index) => {
        running.push(network);
        if (index === 0) network.onPeersChanged(() => (changes += 1))();
      });
      await second?.stop();
      await until(() => first?.peers().length === 0);
      equal(changes, 0);
    });

    it('a network that has stopped has no peers, and stopping it again does nothing', async () => {
      const [first] = await startCluster(transport, 2, 'mesh', (network) => running.push(network));
      await first?.stop();
      await first?.stop();
      deepEqual(first?.peers(), []);
    });

    it('the round trip of a peer is measured', async () => {
      const [first] = await startCluster(transport, 2, 'mesh', (network) => running.push(network));
      await until(() => first?.peers()[0]?.roundTripMs !== undefined);
    });

    it('the process ends by itself when its networks have stopped', async () => {
      const program = fileURLToPath(new URL('start-and-stop.ts', import.meta.url));
      const child = spawn(process.execPath, [program, transport], { stdio: 'inherit' });
      const [code] = await once(child, 'exit');
      equal(code, 0);
    });
  });
}
