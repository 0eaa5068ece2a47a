/**
 * Free ports on loopback for processes that have to know each other's before they start, and that listen there again
 * when they are started again.
 *
 * Invariant: all lie below the range from which Linux takes the ports of outgoing connections (32,768 to 60,999), so none of
 * those takes one while its process is away.
 */

import { createServer, type Server } from 'node:net';
import { errnoOf } from '../disk/errno.ts';
import { randomInteger } from '../node/machine.ts';

const PORT_MIN = 15_000;
const PORT_MAX = 32_000;

/** `count` different ports that were free a moment ago: another program may still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const port = PORT_MIN + randomInteger(PORT_MAX - PORT_MIN);
    const server = await listen(port);
    if (server === undefined) continue;
    // Held until all are found, so that no two are the same.
    servers.push(server);
    ports.push(port);
  }
  await Promise.all(servers.map(close));
  return ports;
}

/** Undefined when another program listens there. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (errnoOf(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
