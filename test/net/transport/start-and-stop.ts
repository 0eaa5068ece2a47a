/** A program that starts a cluster over the transport named on its command line, stops it, and does nothing to exit. */

import { startCluster } from './clusters.ts';

const transport = process.argv[2] === 'libp2p' ? 'libp2p' : 'memory';
const networks = await startCluster(transport, 2, 'mesh', (network) =>
  network.serve('/test/1.0.0', async (_peer, stream) => stream.sink(stream.source)),
);
const [client, server] = networks;
if (client === undefined || server === undefined) throw new Error('the cluster has two nodes');
await client.open(server.self, '/test/1.0.0', new AbortController().signal);
await Promise.all(networks.map((network) => network.stop()));
