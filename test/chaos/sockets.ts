/** A proxied way to a listener on loopback, for the tests of the proxy. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DirectedLink } from '../../src/chaos/proxy/directed-link.ts';
import { LinkProxy } from '../../src/chaos/proxy/link-proxy.ts';
import { systemClock } from '../../src/node/machine.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';

export class ProxiedWay implements AsyncDisposable {
  readonly there = new DirectedLink(systemClock, seededRandom(1));
  readonly back = new DirectedLink(systemClock, seededRandom(2));
  /** The listener's ends, in the order in which they came. */
  readonly accepted: Socket[] = [];
  readonly #dialled: Socket[] = [];
  readonly #server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    this.accepted.push(socket);
  });
  #proxy: LinkProxy | undefined;
  #port = 0;

  static async open(): Promise<ProxiedWay> {
    const way = new ProxiedWay();
    way.#server.listen(0, '127.0.0.1');
    await once(way.#server, 'listening');
    const address = way.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { there, back } = way;
    way.#proxy = new LinkProxy({ clock: systemClock, there, back, target: { host: '127.0.0.1', port } });
    way.#port = await way.#proxy.listen();
    return way;
  }

  get proxy(): LinkProxy {
    if (this.#proxy === undefined) throw new Error('it was opened');
    return this.#proxy;
  }

  /** The dialler's end of a new connection, which may have been reset by then. */
  async dial(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, allowHalfOpen: true });
    socket.on('error', () => undefined);
    this.#dialled.push(socket);
    await new Promise((resolve) => void socket.once('connect', resolve).once('close', resolve));
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.close();
    for (const socket of [...this.#dialled, ...this.accepted]) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
