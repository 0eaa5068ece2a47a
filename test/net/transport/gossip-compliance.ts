/** What gossip promises over every transport. */

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { isFailure } from '../../../crdt/errors.ts';
import { GOSSIP_MESSAGE_BYTES_MAX, type GossipVerdict, type Network } from '../../../net/network.ts';
import { startCluster, type Shape, type TransportName } from './clusters.ts';
import { until } from './until.ts';

const TOPIC = 'test/topic';
const PROBE = 'test/probe';

interface GossipNode {
  readonly network: Network;
  /** Messages that came, as latin1 text, and who handed them over. */
  readonly got: string[];
  readonly from: string[];
}

export function gossipCompliance(transport: TransportName): void {
  describe(`gossip over ${transport}`, () => {
    let running: Network[] = [];
    afterEach(async () => {
      await Promise.all(running.map((network) => network.stop()));
      running = [];
    });

    /** A cluster in which gossip was seen to get from every node to every other. */
    async function gossipCluster(
      size: number,
      shape: Shape,
      judge: (text: string, index: number) => GossipVerdict = () => 'accept',
    ): Promise<GossipNode[]> {
      const got: string[][] = Array.from({ length: size }, () => []);
      const from: string[][] = Array.from({ length: size }, () => []);
      const probed: Set<string>[] = Array.from({ length: size }, () => new Set());
      const networks = await startCluster(transport, size, shape, (network, index) => {
        running.push(network);
        network.subscribe(TOPIC, ({ bytes, relayedBy }) => {
          const text = Buffer.from(bytes).toString('latin1');
          got[index]?.push(text);
          from[index]?.push(relayedBy);
          return judge(text, index);
        });
        network.subscribe(PROBE, ({ bytes }) => {
          probed[index]?.add(Buffer.from(bytes).toString().split(' ')[0] ?? '');
          return 'accept';
        });
      });
      let round = 0;
      const probe = async (): Promise<void> => {
        round += 1;
        for (const network of networks) await network.publish(PROBE, Buffer.from(`${network.self} ${round}`));
      };
      await until(() => probed.every((seen) => seen.size === size - 1), probe, 100);
      return networks.map((network, index) => ({ network, got: got[index] ?? [], from: from[index] ?? [] }));
    }

    it('a message reaches every other node once and never its publisher', async () => {
      const nodes = await gossipCluster(4, 'mesh');
      for (const [index, node] of nodes.entries()) await publish(node, `from ${index}`);
      await until(() => nodes.every(({ got }) => got.length >= 3));
      for (const [index, { got }] of nodes.entries()) {
        deepEqual([...got].sort(), ['from 0', 'from 1', 'from 2', 'from 3'].toSpliced(index, 1));
      }
    });

    it('the same bytes published again are not delivered again', async () => {
      const [first, second] = await gossipCluster(2, 'mesh');
      for (const text of ['same', 'same', 'other']) await publish(first, text);
      await until(() => second?.got.includes('other') === true);
      deepEqual(second?.got, ['same', 'other']);
    });

    it('what a handler accepts is passed on, and relayedBy is the neighbour that passed it on', async () => {
      const [first, second, third] = await gossipCluster(3, 'line');
      await publish(first, 'hello');
      await until(() => third?.got.length === 1);
      deepEqual(third?.got, ['hello']);
      deepEqual(third?.from, [second?.network.self]);
    });

    it('what a handler rejects, ignores or throws at is not passed on', async () => {
      const [first, second, third] = await gossipCluster(3, 'line', (text, index) => {
        if (index !== 1) return 'accept';
        if (text === 'throw') throw new Error('thrown by the test');
        return text === 'reject' || text === 'ignore' ? text : 'accept';
      });
      for (const text of ['reject', 'ignore', 'throw', 'accept']) await publish(first, text);
      await until(() => third?.got.includes('accept') === true);
      deepEqual(second?.got, ['reject', 'ignore', 'throw', 'accept']);
      deepEqual(third?.got, ['accept']);
    });

    it('a message of the largest size arrives intact, over a relay too', async () => {
      const [first, second, third] = await gossipCluster(3, 'line');
      const text = Buffer.alloc(GOSSIP_MESSAGE_BYTES_MAX, 'largest').toString('latin1');
      await publish(first, text);
      await until(() => second?.got.length === 1 && third?.got.length === 1);
      equal(second?.got[0], text);
      equal(third?.got[0], text);
    });

    it('a message one byte larger is refused before it is sent, and gossip goes on', async () => {
      const [first, second] = await gossipCluster(2, 'mesh');
      const text = Buffer.alloc(GOSSIP_MESSAGE_BYTES_MAX + 1).toString('latin1');
      await rejects(
        async () => publish(first, text),
        (error) => isFailure(error, 'ERR_OVER_LIMIT'),
      );
      await publish(first, 'after');
      await until(() => second?.got.length === 1);
      deepEqual(second?.got, ['after']);
    });

    it('a network that has stopped does not publish', async () => {
      const [first] = await gossipCluster(2, 'mesh');
      await first?.network.stop();
      await rejects(
        async () => publish(first, 'late'),
        (error) => isFailure(error, 'ERR_NOT_RUNNING'),
      );
    });
  });
}

function publish(node: GossipNode | undefined, text: string): Promise<void> | undefined {
  return node?.network.publish(TOPIC, Buffer.from(text, 'latin1'));
}
