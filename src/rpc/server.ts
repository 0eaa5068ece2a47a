/**
 * JSON-RPC over HTTP: POST / with a JSON body; pages, to GET; and WebSockets for these pages.
 *
 * Invariant: whatever arrives, the server answers or closes the connection, and goes on. Answers to JSON-RPC are 200, also
 * errors; 204 answers a request of notifications alone. What is no JSON-RPC over HTTP is 403 (`caller.ts`), 404, 413 or
 * 415, and 503 while too many requests are at work.
 */

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { DriftlockError } from '../../crdt/errors.ts';
import type { ClientLeases } from '../claim/client-leases.ts';
import { errnoOf } from '../disk/errno.ts';
import type { NodeQueries } from '../node/queries.ts';
import { decideCaller } from './caller.ts';
import { documentMethods } from './document-methods.ts';
import { DOCUMENT_PATH, documentSocket, type DocumentEndpoint } from './document-socket.ts';
import { formatHostPort, isLoopbackHost, type HostPort } from './host-port.ts';
import {
  dispatch,
  errorResponse,
  INVALID_REQUEST,
  RPC_LIMITS,
  RpcError,
  type RpcLimits,
  type RpcMethod,
  type RpcMethods,
} from './json-rpc.ts';
import { fileMethods, type Rereading } from './file-methods.ts';
import { leaseMethods } from './lease-methods.ts';
import { rpcMethods } from './methods.ts';
import type { Pages } from './pages.ts';
import { readMethods } from './read-methods.ts';
import { serveSockets, type Sockets } from './sockets.ts';

export const CONNECTIONS_MAX = 256;
/** Requests whose answer is being made. One can hold a witness and its hex. Those that wait for a block do not count. */
export const REQUESTS_IN_FLIGHT_MAX = 16;
/** Of the range that JSON-RPC 2.0 leaves to servers; -32010 to -32017 are those of claims. */
export const NODE_LOADING = -32018;
/** For a request to arrive whole; a body of 1 MiB takes 5 s at 1.7 Mbit/s. */
const REQUEST_TIMEOUT_MS = 5_000;

/** What clients send JSON-RPC as (JSON-RPC over HTTP). No HTML form can send one of them. */
const CONTENT_TYPES = ['application/json', 'application/json-rpc', 'application/jsonrequest'];

export interface RpcServerOptions {
  readonly queries: NodeQueries;
  /** Undefined: programs may not claim blocks here. */
  readonly leases?: ClientLeases | undefined;
  /** Undefined: nobody may have files read again here. */
  readonly files?: Rereading | undefined;
  /** Whether the node has read its directory: before, it answers `driftlock_status` alone. Always, when absent. */
  readonly isReady?: () => boolean;
  readonly listen: HostPort;
  /** Answered to GET, by path. */
  readonly pages?: Pages | undefined;
  /** Answered to WebSocket upgrades, by path. */
  readonly sockets?: Sockets | undefined;
  /** Undefined: the cluster document is not served. */
  readonly document?: DocumentEndpoint | undefined;
  /** Told of defects: a method that threw what it should not have. */
  readonly onDefect: (method: string, error: unknown) => void;
  readonly limits?: RpcLimits;
}

export interface RpcServer {
  /** `http://HOST:PORT`, with the port that the system chose for 0. */
  readonly url: string;
  /** Ends the connections too, and lets requests at work finish unheard. */
  close(): Promise<void>;
}

/** Listens. Throws `ERR_ADDRESS_IN_USE` or `ERR_CANNOT_LISTEN`, both naming `--rpc` and the address. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { queries, leases, files, listen, pages, onDefect, limits = RPC_LIMITS } = options;
  const server = fastify({
    bodyLimit: limits.requestBytesMax,
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { maxHeaderSize: 8 * 1024 },
  });
  server.server.maxConnections = CONNECTIONS_MAX;
  // Before the guard, which has to know what asks for a WebSocket.
  await serveSockets(server, socketsOf(options));
  guard(server, isLoopbackHost(listen.host));

  // Two hex digits a byte.
  const ofQueries = rpcMethods(queries, limits.responseCharactersMax / 2);
  const own = [
    ...ofQueries,
    ...readMethods(queries),
    ...documentMethods(queries),
    ...leaseMethods(leases),
    ...fileMethods(files),
  ];
  const methods = gated(new Map(own), options.isReady);
  let inFlight = 0;
  const idle = async <T>(wait: () => Promise<T>): Promise<T> => {
    inFlight--;
    try {
      return await wait();
    } finally {
      inFlight++;
    }
  };
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(CONTENT_TYPES, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.post('/', async (request, reply) => {
    if (inFlight >= REQUESTS_IN_FLIGHT_MAX) return refuse(reply, 503, 'too many requests at work');
    inFlight++;
    try {
      const text = typeof request.body === 'string' ? request.body : '';
      const context = { signal: goneSignal(reply), idle };
      const response = await dispatch(text, { methods, limits, onDefect, context });
      if (response === undefined) return await reply.code(204).send();
      return await reply.type('application/json').send(response);
    } finally {
      inFlight--;
    }
  });

  for (const [path, page] of pages ?? []) {
    server.get(path, async (request, reply) => {
      const { 'accept-encoding': acceptEncoding, 'if-none-match': ifNoneMatch } = request.headers;
      const { status, type, body, headers } = await page({ acceptEncoding: headerText(acceptEncoding), ifNoneMatch });
      return reply
        .code(status)
        .type(type)
        .headers({ 'cache-control': 'no-store', ...headers })
        .send(body);
    });
  }

  try {
    await server.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    throw listenError(error, listen);
  }
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  return { url: `http://${formatHostPort({ host: listen.host, port })}`, close: () => server.close() };
}

function socketsOf({ sockets, document }: RpcServerOptions): Sockets {
  return new Map([
    ...(sockets ?? []),
    ...(document === undefined ? [] : [[DOCUMENT_PATH, documentSocket(document)] as const]),
  ]);
}

/** A node that has not read its files yet knows of no block, and must not say so. */
function gated(methods: RpcMethods, isReady: () => boolean = () => true): RpcMethods {
  const gate = ([name, method]: [string, RpcMethod]): [string, RpcMethod] => {
    if (name === 'driftlock_status') return [name, method];
    return [
      name,
      (params, context) => {
        if (isReady()) return method(params, context);
        throw new RpcError(NODE_LOADING, 'the node is still reading its data directory', { code: 'ERR_NODE_LOADING' });
      },
    ];
  };
  return new Map([...methods].map(gate));
}

/** Aborted when the connection closes before it was answered. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

function guard(server: FastifyInstance, listensOnLoopback: boolean): void {
  server.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const { host, origin } = request.headers;
    const decision = decideCaller({ host, origin, isUpgrade: request.ws }, listensOnLoopback);
    return decision.allowed ? undefined : refuse(reply, 403, decision.reason);
  });
  server.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'JSON-RPC is answered at POST /'));
  server.setErrorHandler((error: unknown, _request, reply) => {
    const status = statusOf(error);
    return refuse(
      reply,
      status,
      status === 413 ? 'request too large' : 'expected a JSON body of type application/json',
    );
  });
}

function headerText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.join(', ');
}

/** What fastify would answer. Its own errors carry a status; anything else is what a malformed request causes. */
function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('statusCode' in error)) return 400;
  return typeof error.statusCode === 'number' ? error.statusCode : 400;
}

function refuse(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply
    .code(status)
    .type('application/json')
    .send(errorResponse(null, INVALID_REQUEST, reason));
}

function listenError(error: unknown, listen: HostPort): DriftlockError {
  const errno = errnoOf(error) ?? 'an unknown error';
  const address = formatHostPort(listen);
  const argument = '--rpc';
  if (errno === 'EADDRINUSE') {
    const found = 'another process that listens there';
    return new DriftlockError(
      'ERR_ADDRESS_IN_USE',
      { argument, expected: `${address} to be free`, found },
      { cause: error },
    );
  }
  const expected = `${address} to be an address of this machine`;
  return new DriftlockError('ERR_CANNOT_LISTEN', { argument, expected, found: errno }, { cause: error });
}
