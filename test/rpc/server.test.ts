import { deepEqual, equal, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { isFailure } from '../../crdt/errors.ts';
import type { Rereading } from '../../src/rpc/file-methods.ts';
import { INVALID_PARAMS, RPC_LIMITS } from '../../src/rpc/json-rpc.ts';
import {
  CONNECTIONS_MAX,
  NODE_LOADING,
  REQUESTS_IN_FLIGHT_MAX,
  startRpcServer,
  type RpcServer,
  type RpcServerOptions,
} from '../../src/rpc/server.ts';
import { REREAD_BLOCKS_MAX } from '../../src/scrub/reread.ts';
import { blobIds, named, success, testQueries, witness } from './queries.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** `fetch` would not let a test set `Host` or `Origin`. */
async function send(
  server: RpcServer,
  { method = 'POST', path = '/', headers = {}, body = '' }: Sent,
): Promise<Answer> {
  const sent = request(new URL(path, server.url), {
    method,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject).end(body);
  });
  const text = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode, headers: response.headers, body: text };
}

const rereadNothing: Rereading = {
  reread: (key) => Promise.resolve({ key, validate: 'good', witness: 'out-of-reach' }),
  rereadContracts: () => Promise.resolve({ removed: 2, missing: 1 }),
};

const blocks = [{ block: success.number, hash: success.hash }];

const call = (method: string, params?: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const validationCall = call('stateless_getValidation', [named(success)]);

describe('the RPC server', () => {
  const servers: RpcServer[] = [];

  const start = async (options: Partial<RpcServerOptions> = {}): Promise<RpcServer> => {
    const server = await startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      onDefect: () => undefined,
      ...options,
    });
    servers.push(server);
    return server;
  };

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it('answers JSON-RPC at POST /, also in batches', async () => {
    const server = await start();
    const { status, headers, body } = await send(server, { body: validationCall });
    equal(status, 200);
    equal(headers['content-type'], 'application/json; charset=utf-8');
    deepEqual(JSON.parse(body), { jsonrpc: '2.0', id: 1, result: { [named(success)]: blobIds } });

    const getWitness = call('stateless_getWitness', `${witness.number}.${witness.parentHash}`);
    const batch = await send(server, { body: `[${validationCall},${getWitness}]` });
    equal(batch.body.endsWith('{"jsonrpc":"2.0","id":1,"result":"deadbeef"}]'), true);
  });

  it('answers errors of JSON-RPC with status 200, and notifications with 204 and nothing', async () => {
    const server = await start();
    for (const body of ['', '{', '[]', call('nothing')]) {
      const answer = await send(server, { body });
      equal(answer.status, 200);
      equal(answer.body.includes('"error"'), true, answer.body);
    }
    const answer = await send(server, { body: '{"jsonrpc":"2.0","method":"driftlock_status"}' });
    deepEqual([answer.status, answer.body], [204, '']);
  });

  it('refuses every request that a web page could send', async () => {
    const server = await start();
    const port = new URL(server.url).port;
    for (const origin of ['https://example.org', 'null', server.url, `http://localhost:${port}`]) {
      equal((await send(server, { body: validationCall, headers: { origin } })).status, 403, origin);
    }
    equal((await send(server, { method: 'OPTIONS', headers: { origin: 'https://example.org' } })).status, 403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      equal((await send(server, { body: validationCall, headers: { 'content-type': type } })).status, 415, type);
    }
  });

  it('on loopback answers to loopback names alone', async () => {
    const server = await start();
    for (const host of ['127.0.0.1', 'localhost:9', 'LOCALHOST', '[::1]:8645', '127.1.2.3:1']) {
      equal((await send(server, { body: validationCall, headers: { host } })).status, 200, host);
    }
    for (const host of [
      'example.org',
      '127.0.0.1.example.org',
      '10.0.0.1:80',
      'localhost.example.org',
      'a b',
      '[::2]',
    ]) {
      equal((await send(server, { body: validationCall, headers: { host } })).status, 403, host);
    }
  });

  it('answers other paths and methods with 404', async () => {
    const server = await start();
    equal((await send(server, { path: '/rpc', body: validationCall })).status, 404);
    equal((await send(server, { method: 'GET' })).status, 404);
  });

  it('takes a body of requestBytesMax and refuses one byte more', async () => {
    const server = await start({ limits: { ...RPC_LIMITS, requestBytesMax: 2048 } });
    equal((await send(server, { body: validationCall.padEnd(2048) })).status, 200);
    equal((await send(server, { body: validationCall.padEnd(2049) })).status, 413);
    equal((await send(server, { body: validationCall })).status, 200);
  });

  it('takes REQUESTS_IN_FLIGHT_MAX requests at once and turns one more away', async () => {
    const { promise: payload, resolve: release } = Promise.withResolvers<Uint8Array>();
    const { promise: allAtWork, resolve: lastIsAtWork } = Promise.withResolvers<undefined>();
    let atWork = 0;
    const queries = testQueries(() => {
      if (++atWork === REQUESTS_IN_FLIGHT_MAX) lastIsAtWork(undefined);
      return payload;
    });
    const server = await start({ queries });
    const body = call('stateless_getWitness', `${witness.number}.${witness.parentHash}`);
    const answers = Array.from({ length: REQUESTS_IN_FLIGHT_MAX }, () => send(server, { body }));
    await allAtWork;
    equal((await send(server, { body })).status, 503);
    release(witness.payload);
    for (const answer of await Promise.all(answers)) equal(answer.status, 200);
    equal((await send(server, { body })).status, 200);
  });

  it('holds CONNECTIONS_MAX connections and drops one more', async () => {
    const server = await start();
    const port = Number(new URL(server.url).port);
    const sockets: Socket[] = [];
    for (let at = 0; at < CONNECTIONS_MAX; at++) {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      await once(socket, 'connect');
    }
    const oneMore = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(oneMore.resume(), 'close');
    const first = sockets[0] ?? oneMore;
    first.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n');
    const [answer]: unknown[] = await once(first, 'data');
    equal(String(answer).startsWith('HTTP/1.1 200 OK'), true);
    for (const socket of sockets) socket.destroy();
  });

  it('goes on after bytes that are no HTTP', async () => {
    const server = await start();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined).end('\u0000\u0001 this is no HTTP\r\n\r\n');
    await once(socket.resume(), 'close');
    equal((await send(server, { body: validationCall })).status, 200);
  });

  it('names --rpc and the address when another process listens there', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await rejects(start({ listen: { host: '127.0.0.1', port } }), (error: unknown) => {
      return (
        isFailure(error, 'ERR_ADDRESS_IN_USE') &&
        error.message === `--rpc: expected 127.0.0.1:${port} to be free, found another process that listens there`
      );
    });
    other.close();
  });

  it('names --rpc and the address when it is not one of this machine', async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737): nobody has it.
    await rejects(start({ listen: { host: '192.0.2.1', port: 0 } }), (error: unknown) =>
      isFailure(error, 'ERR_CANNOT_LISTEN'),
    );
  });

  it('answers the status alone before the node has read its directory', async () => {
    let isReady = false;
    const server = await start({ isReady: () => isReady });
    const error = { code: NODE_LOADING, message: 'the node is still reading its data directory' };
    const answer = { jsonrpc: '2.0', id: 1, error: { ...error, data: { code: 'ERR_NODE_LOADING' } } };
    deepEqual(JSON.parse((await send(server, { body: validationCall })).body), answer);
    equal((await send(server, { body: call('driftlock_status') })).body.includes('"loading":{"done":1000'), true);
    isReady = true;
    equal((await send(server, { body: validationCall })).body.includes('"result"'), true);
  });

  it('has REREAD_BLOCKS_MAX blocks read again at once and not one more, and none where it is off', async () => {
    const server = await start({ files: rereadNothing });
    const ask = async (params: unknown): Promise<string> =>
      (await send(server, { body: call('driftlock_reread', params) })).body;
    deepEqual(JSON.parse(await ask({ blocks })), {
      jsonrpc: '2.0',
      id: 1,
      result: { blocks: [{ ...blocks[0], validate: 'good', witness: 'out-of-reach' }] },
    });
    const most = Array.from({ length: REREAD_BLOCKS_MAX }, () => blocks[0]);
    equal((await ask({ blocks: most })).includes('"result"'), true);
    equal((await ask({ blocks: [...most, blocks[0]] })).includes(`"code":${INVALID_PARAMS}`), true);
    const contracts = (await send(server, { body: call('driftlock_rereadContracts') })).body;
    deepEqual(JSON.parse(contracts), { jsonrpc: '2.0', id: 1, result: { removed: 2, missing: 1 } });
    const off = await start();
    equal((await send(off, { body: call('driftlock_reread', { blocks }) })).body.includes('-32601'), true);
    equal((await send(off, { body: call('driftlock_rereadContracts') })).body.includes('-32601'), true);
  });
});
