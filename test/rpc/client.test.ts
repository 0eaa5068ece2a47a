import { deepEqual, rejects } from 'node:assert/strict';
import { isFailure } from '../../crdt/errors.ts';
import { systemClock } from '../../src/node/machine.ts';
import { ANSWER_BYTES_MAX, fetchStatus, type RpcClientCode } from '../../src/rpc/client.ts';
import { startRpcServer } from '../../src/rpc/server.ts';
import { body, result, serveRpc, status as httpStatus, type Reply } from '../chain/rpc-endpoint.ts';
import { status, testQueries } from './queries.ts';

/** Asserts that a server that gives `reply` makes the client fail with `code`, naming the URL. */
async function failsWith(reply: Reply, code: RpcClientCode): Promise<void> {
  await using endpoint = await serveRpc(reply);
  await rejects(
    fetchStatus(endpoint.url, systemClock),
    (error: unknown) => isFailure(error, code) && error.argument === endpoint.url.href,
  );
}

describe('the RPC client', () => {
  it("gets a running node's status", async () => {
    const listen = { host: '127.0.0.1', port: 0 };
    const server = await startRpcServer({ queries: testQueries(), listen, onDefect: () => undefined });
    deepEqual(await fetchStatus(new URL(server.url), systemClock), status);
    await server.close();
  });

  it('names the URL where nobody answers', async () => {
    const endpoint = await serveRpc(result(null));
    await endpoint[Symbol.asyncDispose]();
    await rejects(fetchStatus(endpoint.url, systemClock), (error: unknown) => {
      return (
        isFailure(error, 'ERR_RPC_UNREACHABLE') &&
        error.message === `${endpoint.url.href}: expected a running node that answers, found ECONNREFUSED`
      );
    });
  });

  it('believes nothing that is not the status of a node', async () => {
    await failsWith(body('<html>'), 'ERR_RPC_BAD_ANSWER');
    await failsWith(body('{"jsonrpc":"2.0"}'), 'ERR_RPC_BAD_ANSWER');
    await failsWith(result({ ...status, peers: 3 }), 'ERR_RPC_BAD_ANSWER');
    await failsWith(httpStatus(302, { location: 'http://127.0.0.1:1/' }), 'ERR_RPC_BAD_ANSWER');
  });

  it("says what the server's error was", async () => {
    await failsWith(
      body('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'),
      'ERR_RPC_REFUSED',
    );
  });

  it('reads an answer of ANSWER_BYTES_MAX and no byte more', async () => {
    const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result: status });
    await using endpoint = await serveRpc(body(answer.padEnd(ANSWER_BYTES_MAX)));
    deepEqual(await fetchStatus(endpoint.url, systemClock), status);
    await failsWith(body(answer.padEnd(ANSWER_BYTES_MAX + 1)), 'ERR_RPC_BAD_ANSWER');
  });
});
