/**
 * `GET /document`: the cluster document over WebSocket (RFC 6455), for pages that this server has served.
 *
 * Invariants: there are at most BROWSERS_MAX connections, and one that does not take what is sent to it, or does not answer
 * pings, is cut off before more than SOCKET_BUFFER_BYTES_MAX wait for it; who sends too fast is read slower; without the write
 * token a connection is read-only; the token is in no log, no address and no answer.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebSocket } from '@fastify/websocket';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../net/clock.ts';
import { BROWSER_PROTOCOL, BROWSER_TOKEN_PREFIX } from '../../net/document/browser.ts';
import type { BrowserSession } from '../document/browser-session.ts';
import type { SocketEndpoint } from './sockets.ts';

export const DOCUMENT_PATH = '/document';
export const BROWSERS_MAX = 64;
/** What may wait for a browser that is slow: the largest document twice over. */
export const SOCKET_BUFFER_BYTES_MAX = 32 * 1024 * 1024;
/** A browser that has not answered the last ping when the next is due has gone. */
export const PING_MS = 15_000;
/** For a browser to say goodbye when the server stops. */
const CLOSE_MS = 1_000;

/** Close codes of RFC 6455, section 7.4, and of IANA's registry. */
const CLOSE_GOING_AWAY = 1001;
const CLOSE_UNSUPPORTED = 1003;
const CLOSE_TRY_LATER = 1013;

export interface DocumentEndpoint {
  /** Who has it may write; undefined: nobody may. */
  readonly token: string | undefined;
  readonly clock: Clock;
  open(mayWrite: boolean, send: (frame: Uint8Array) => void): BrowserSession;
}

export function documentSocket(endpoint: DocumentEndpoint): SocketEndpoint {
  const connections = new Set<Connection>();
  return {
    protocol: BROWSER_PROTOCOL,
    open(socket, request) {
      const offered = offeredProtocols(request);
      if (!offered.includes(BROWSER_PROTOCOL)) return socket.close(CLOSE_UNSUPPORTED, `expected ${BROWSER_PROTOCOL}`);
      if (connections.size >= BROWSERS_MAX) return socket.close(CLOSE_TRY_LATER, 'too many browsers');
      const connection = new Connection(socket, endpoint, mayWrite(offered, endpoint.token));
      connections.add(connection);
      socket.once('close', () => {
        connections.delete(connection);
        connection.end();
      });
    },
    close() {
      for (const connection of connections) connection.close();
    },
  };
}

function offeredProtocols(request: FastifyRequest): readonly string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header.split(',').map((protocol) => protocol.trim());
}

function mayWrite(offered: readonly string[], token: string | undefined): boolean {
  const entry = offered.find((protocol) => protocol.startsWith(BROWSER_TOKEN_PREFIX));
  if (entry === undefined || token === undefined) return false;
  const given = Buffer.from(entry.slice(BROWSER_TOKEN_PREFIX.length), 'base64url');
  // Digests, since what is compared in constant time must be of one length.
  return timingSafeEqual(digestOf(given), digestOf(Buffer.from(token)));
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** One browser's socket. */
class Connection {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #session: BrowserSession;
  #isAlive = true;
  #cancelPing: () => void;
  #cancelTimer: (() => void) | undefined;

  constructor(socket: WebSocket, endpoint: DocumentEndpoint, canWrite: boolean) {
    this.#socket = socket;
    this.#clock = endpoint.clock;
    this.#session = endpoint.open(canWrite, (frame) => this.#send(frame));
    this.#cancelPing = this.#clock.schedule(PING_MS, () => this.#ping());
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
  }

  /** Says goodbye, and hangs up on who does not answer. */
  close(): void {
    this.#socket.close(CLOSE_GOING_AWAY, 'the node stops');
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(CLOSE_MS, () => this.#socket.terminate());
  }

  end(): void {
    this.#cancelPing();
    this.#cancelTimer?.();
    this.#session.end();
  }

  #receive(data: unknown, isBinary: boolean): void {
    // What had arrived already before the socket began to close.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (!isBinary || !(data instanceof Uint8Array)) return this.#socket.close(CLOSE_UNSUPPORTED, 'expected binary');
    const after = this.#session.receive(data);
    if (after.type === 'close') return this.#socket.close(after.code, after.reason);
    if (after.waitMs === 0) return;
    this.#socket.pause();
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(after.waitMs, () => this.#socket.resume());
  }

  #send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount + frame.length > SOCKET_BUFFER_BYTES_MAX) this.#socket.terminate();
    else this.#socket.send(frame);
  }

  #ping(): void {
    if (!this.#isAlive && !this.#socket.isPaused) return this.#socket.terminate();
    this.#isAlive = false;
    this.#socket.ping();
    this.#cancelPing = this.#clock.schedule(PING_MS, () => this.#ping());
  }
}
