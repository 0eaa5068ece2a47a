/**
 * Ends a connection with a reset, as a cable or a kernel does.
 *
 * Invariant: a socket whose end is on its way is closed instead. Reset there, libuv forgets the shutdown that it began, and
 * Node (24.21) waits for it at its own end, for ever and at full speed.
 */

import type { Socket } from 'node:net';

export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
