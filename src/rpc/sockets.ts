/**
 * What the server answers to a WebSocket upgrade, by path. Who may open one is decided before (`caller.ts`).
 *
 * Invariant: a handler sees the events of its own socket alone, and every socket is closed with the server.
 */

import type { WebSocket } from 'ws';

export type SocketHandler = (socket: WebSocket) => void;
export type Sockets = ReadonlyMap<string, SocketHandler>;

/** The largest message that is read of any socket; each handler has a smaller limit of its own. */
export const SOCKET_MESSAGE_BYTES_MAX = 256 * 1024;
