/**
 * A TCP proxy in front of one node for the use of one other: all that the one dials the other by.
 *
 * Invariant: a connection through it is two sockets that live and die together, but for as long as a fault keeps them
 * apart; at most `PROXIED_CONNECTIONS_MAX` stand at a time, and one beyond is reset.
 */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../../../net/clock.ts';
import type { DirectedLink } from './directed-link.ts';
import { Flow } from './flow.ts';
import { resetSocket } from './reset-socket.ts';

/** A node keeps one or two to a peer; a dial into a blocked link leaves one for some seconds. */
export const PROXIED_CONNECTIONS_MAX = 64;

export interface LinkProxyOptions {
  readonly clock: Clock;
  /** From the dialler to the listener, and back. */
  readonly there: DirectedLink;
  readonly back: DirectedLink;
  /** Where the listener listens. */
  readonly target: { readonly host: string; readonly port: number };
}

interface Proxied {
  readonly dialler: Socket;
  /** Undefined while the link is blocked: nobody has heard of the dial yet. */
  reached: { readonly listener: Socket; readonly flows: readonly Flow[] } | undefined;
}

export class LinkProxy {
  readonly #options: LinkProxyOptions;
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  readonly #proxied = new Set<Proxied>();

  constructor(options: LinkProxyOptions) {
    this.#options = options;
  }

  /** Resolves to the port on 127.0.0.1 that it listens on. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get connections(): number {
    return this.#proxied.size;
  }

  /** Bytes on their way, in both directions of all connections. */
  get heldBytes(): number {
    const flows = [...this.#proxied].flatMap(({ reached }) => reached?.flows ?? []);
    return flows.reduce((sum, flow) => sum + flow.heldBytes, 0);
  }

  /** Resets every connection, on both ends. */
  resetAll(): void {
    for (const { dialler, reached } of this.#proxied) {
      resetSocket(dialler);
      if (reached !== undefined) resetSocket(reached.listener);
    }
  }

  /** Takes every connection away from the listener and leaves the dialler without a word. The returned function ends that. */
  leaveHalfOpen(): () => void {
    const left: Socket[] = [];
    for (const { dialler, reached } of this.#proxied) {
      if (reached === undefined) continue;
      left.push(dialler);
      reached.flows.forEach((flow) => flow.stop());
      resetSocket(reached.listener);
    }
    return () => left.forEach(resetSocket);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.resetAll();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #accept(dialler: Socket): void {
    if (this.#proxied.size >= PROXIED_CONNECTIONS_MAX) this.#makeRoom();
    if (this.#proxied.size >= PROXIED_CONNECTIONS_MAX) {
      resetSocket(dialler);
      return;
    }
    const proxied: Proxied = { dialler, reached: undefined };
    this.#proxied.add(proxied);
    const { there, back } = this.#options;
    const reach = (): void => {
      if (proxied.reached !== undefined || there.isBlocked || back.isBlocked) return;
      proxied.reached = this.#reach(dialler);
    };
    const stops = [there.onChange(reach), back.onChange(reach)];
    dialler.on('error', () => undefined);
    dialler.on('close', () => {
      stops.forEach((stop) => stop());
      this.#proxied.delete(proxied);
    });
    reach();
  }

  /** A dial that nobody has heard of times out first. */
  #makeRoom(): void {
    for (const proxied of this.#proxied) {
      if (proxied.reached !== undefined) continue;
      this.#proxied.delete(proxied);
      resetSocket(proxied.dialler);
      return;
    }
  }

  #reach(dialler: Socket): Proxied['reached'] {
    const { clock, there, back, target } = this.#options;
    const listener = connect({ ...target, allowHalfOpen: true, noDelay: true });
    listener.on('error', () => undefined);
    const flows = [new Flow(dialler, listener, there, clock), new Flow(listener, dialler, back, clock)];
    return { listener, flows };
  }
}
