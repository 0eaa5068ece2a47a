/**
 * What the server answers to a WebSocket upgrade (RFC 6455), by path. Who may open one is decided before (`caller.ts`).
 *
 * Invariant: an endpoint sees its own sockets alone, an error of one ends that one, and the server does not close before every
 * endpoint was told.
 */

import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BROWSER_FRAME_BYTES_MAX } from '../../net/document/limits.ts';

export interface SocketEndpoint {
  /** The subprotocol that is selected when it is offered. */
  readonly protocol?: string;
  open(socket: WebSocket, request: FastifyRequest): void;
  /** The server stops: says goodbye, and hangs up on who does not answer. */
  close(): void;
}

export type Sockets = ReadonlyMap<string, SocketEndpoint>;

/** Of any socket; what an endpoint takes less of, it refuses itself. */
const MESSAGE_BYTES_MAX = BROWSER_FRAME_BYTES_MAX;

/** Adds the endpoints to a server that does not listen yet. */
export async function serveSockets(server: FastifyInstance, sockets: Sockets): Promise<void> {
  await server.register(websocket, {
    options: {
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
      handleProtocols: (offered, { url = '' }) => {
        const protocol = sockets.get(new URL(url, 'ws://localhost').pathname)?.protocol;
        return protocol !== undefined && offered.has(protocol) && protocol;
      },
    },
    errorHandler: (_error, socket) => socket.terminate(),
    preClose: async () => {
      for (const endpoint of sockets.values()) endpoint.close();
    },
  });
  for (const [path, endpoint] of sockets) {
    server.get(path, { websocket: true }, (socket, request) => endpoint.open(socket, request));
  }
}
