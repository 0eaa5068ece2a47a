/** A real HTTP server on loopback that answers requests by a script, and tells what it was asked. */

import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Answers one request, or leaves it without an answer. */
export type Reply = (response: ServerResponse) => void;

export interface Request {
  readonly authorization: string | undefined;
  readonly path: string | undefined;
  readonly body: unknown;
}

export interface RpcEndpoint extends AsyncDisposable {
  readonly url: URL;
  /** What was asked, in order. */
  readonly requests: readonly Request[];
  /** Resolves when `count` requests have arrived and been answered as far as they are. */
  asked(count: number): Promise<void>;
}

/** Serves `replies` one after the other, and the last of them from then on. */
export async function serveRpc(...replies: readonly Reply[]): Promise<RpcEndpoint> {
  const requests: Request[] = [];
  const arrivals = new EventEmitter();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const reply = replies[Math.min(requests.length, replies.length - 1)];
    requests.push({ authorization: request.headers.authorization, path: request.url, body: asked });
    reply?.(response);
    arrivals.emit('request');
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    requests,
    asked: async (count) => {
      while (requests.length < count) await once(arrivals, 'request');
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export function result(block: unknown): Reply {
  return body(JSON.stringify({ jsonrpc: '2.0', id: 1, result: block }));
}

export function body(text: string): Reply {
  return (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

export function status(code: number, headers: Record<string, string> = {}): Reply {
  return (response) => response.writeHead(code, headers).end('no');
}
