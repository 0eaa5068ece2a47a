/**
 * A cluster of three processes of which the first can be cut off from the others: each dials each of the others through a
 * proxy of its own.
 */

import { Mesh } from '../../src/chaos/proxy/mesh.ts';
import { CLEAR_LINK } from '../../src/chaos/proxy/shape.ts';
import { freePorts } from '../../src/demo/ports.ts';
import { randomInteger, systemClock } from '../../src/node/machine.ts';
import { Cluster, ClusterNode } from '../cluster/harness.ts';
import { until } from '../cluster/until.ts';

/** With it a page may write in the cluster document, at any of the nodes. */
export const WRITE_TOKEN = 'a-token-for-the-tests';

const REGIONS = ['eu-central', 'us-east', 'ap-south'];

interface Ports {
  readonly listen: readonly number[];
  readonly rpc: readonly number[];
}

function touchesFirst(from: number, to: number): boolean {
  return from === 0 || to === 0;
}

export class TornCluster {
  readonly nodes: readonly ClusterNode[];
  readonly #cluster: Cluster;
  readonly #ports: Ports;
  readonly #mesh: Mesh;
  #heal: () => void = () => undefined;

  private constructor(cluster: Cluster, ports: Ports, mesh: Mesh) {
    this.#cluster = cluster;
    this.#ports = ports;
    this.#mesh = mesh;
    this.nodes = cluster.nodes.map(
      ({ layout, peerId, settings }, at) => new ClusterNode(layout, peerId, { ...settings, region: REGIONS[at] ?? '' }),
    );
  }

  /** Starts them, and resolves once all are connected. */
  static async start(): Promise<TornCluster> {
    const count = REGIONS.length;
    const ports = await freePorts(2 * count);
    const [listen, rpc] = [ports.slice(0, count), ports.slice(count)];
    const mesh = new Mesh(listen, systemClock, randomInteger);
    await mesh.listen();
    const torn = new TornCluster(
      await Cluster.create(count, { validator: 'none', dashboardToken: WRITE_TOKEN }),
      { listen, rpc },
      mesh,
    );
    await Promise.all(torn.nodes.map((_, at) => torn.startNode(at)));
    await torn.connected();
    return torn;
  }

  node(at: number): ClusterNode {
    const node = this.nodes[at];
    if (node === undefined) throw new Error(`a cluster of ${this.nodes.length}`);
    return node;
  }

  /** At the same ports each time. */
  async startNode(at: number): Promise<void> {
    const peers = this.nodes.flatMap(({ peerId }, other) => {
      const port = this.#mesh.portOf(at, other);
      return port === undefined ? [] : ['--peer', `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`];
    });
    const { listen, rpc } = this.#ports;
    const own = ['--listen', `/ip4/127.0.0.1/tcp/${listen[at] ?? 0}`, '--rpc', `127.0.0.1:${rpc[at] ?? 0}`];
    await this.node(at).start([...peers, ...own]);
  }

  async connected(): Promise<void> {
    await until('all are connected', async () => {
      const statuses = await Promise.all(this.nodes.map((node) => node.status()));
      return statuses.every(({ peers, mode }) => mode === 'normal' && peers.every(({ connected }) => connected));
    });
  }

  /** The first node loses the others, as when a cable is pulled. */
  cut(): void {
    this.#heal = this.#mesh.impose({ ...CLEAR_LINK, isBlocked: true }, touchesFirst);
    this.#mesh.reset(touchesFirst);
  }

  heal(): void {
    this.#heal();
  }

  async remove(): Promise<void> {
    await this.#cluster.remove();
    await this.#mesh.close();
  }
}
