import assert from 'node:assert/strict';
import { BLOCK_JSON_BYTES_MAX } from '../../src/chain/block-source.ts';
import { growChain } from '../../src/chain/grow.ts';
import { hashHeader } from '../../src/chain/header.ts';
import { JsonRpcSource, RPC_TIMEOUT_MS, RPC_TRIES_MAX } from '../../src/chain/json-rpc-source.ts';
import { ManualClock } from './manual-clock.ts';
import { body, result, serveRpc, status, type Reply } from './rpc-endpoint.ts';

const { root, blocks } = growChain({ firstNumber: 1, count: 1, seed: 'rpc' });
const never = new AbortController().signal;
const noChance = (): number => 0;
const stall: Reply = (response) => void response.writeHead(200).write('{"jsonrpc"');
const silence: Reply = () => {};
const isPause = (delayMs: number): boolean => delayMs < RPC_TIMEOUT_MS;
const isTimeout = (delayMs: number): boolean => delayMs === RPC_TIMEOUT_MS;

describe('headers from a JSON-RPC endpoint', () => {
  it('are asked for by hash, without transactions', async () => {
    await using endpoint = await serveRpc(result(root.block));
    const clock = new ManualClock();
    const header = await new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, never);
    assert.ok(header !== undefined);
    assert.equal(hashHeader(header), root.key.hash);
    const request = { jsonrpc: '2.0', id: 1, method: 'eth_getBlockByHash', params: [root.key.hash, false] };
    assert.deepEqual(endpoint.requests, [{ authorization: undefined, path: '/', body: request }]);
    assert.deepEqual(clock.timers, [], 'no timer is left');
  });

  it('are undefined when the endpoint does not know the block', async () => {
    await using endpoint = await serveRpc(result(null));
    assert.equal(await source(endpoint.url).header(root.key, never), undefined);
  });

  for (const code of [429, 500, 503]) {
    it(`are asked for again after HTTP status ${code}, and a pause`, async () => {
      await using endpoint = await serveRpc(status(code), status(code), result(root.block));
      const clock = new ManualClock();
      const answer = new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, never);
      await clock.fire(isPause);
      await clock.fire(isPause);
      assert.equal((await answer)?.stateRoot, root.stateRoot);
      assert.equal(endpoint.requests.length, 3);
      assert.deepEqual(clock.delaysMs.filter(isPause), [125, 250]);
    });
  }

  it('are given up after the last try, with the status', async () => {
    await using endpoint = await serveRpc(status(502));
    const clock = new ManualClock();
    const answer = new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, never);
    const refused = assert.rejects(answer, { code: 'ERR_HTTP_UNAVAILABLE', found: '502' });
    for (let tries = 1; tries < RPC_TRIES_MAX; tries++) await clock.fire(isPause);
    await refused;
    assert.equal(endpoint.requests.length, RPC_TRIES_MAX);
  });

  it('time out on an endpoint that never answers, and are asked for again', async () => {
    await using endpoint = await serveRpc(silence, result(root.block));
    const clock = new ManualClock();
    const answer = new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, never);
    await endpoint.asked(1);
    await clock.fire(isTimeout);
    await clock.fire(isPause);
    assert.equal((await answer)?.stateRoot, root.stateRoot);
  });

  it('time out on an answer that begins and does not end', async () => {
    await using endpoint = await serveRpc(stall);
    const clock = new ManualClock();
    const answer = new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, never);
    const refused = assert.rejects(answer, { code: 'ERR_TIMEOUT', expected: `an answer within ${RPC_TIMEOUT_MS} ms` });
    for (let tries = 1; tries <= RPC_TRIES_MAX; tries++) {
      await endpoint.asked(tries);
      await clock.fire(isTimeout);
      if (tries < RPC_TRIES_MAX) await clock.fire(isPause);
    }
    await refused;
  });

  it('are unreachable where nobody listens, with the code of the system', async () => {
    const endpoint = await serveRpc(silence);
    await endpoint[Symbol.asyncDispose]();
    const clock = new ManualClock();
    const answer = new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, never);
    const refused = assert.rejects(answer, { code: 'ERR_UNREACHABLE', found: 'ECONNREFUSED' });
    for (let tries = 1; tries < RPC_TRIES_MAX; tries++) await clock.fire(isPause);
    await refused;
  });

  it('end with the reason of the signal, in a try and in a pause', async () => {
    for (const [reply, moment] of [
      [silence, isTimeout],
      [status(500), isPause],
    ] as const) {
      await using endpoint = await serveRpc(reply);
      const clock = new ManualClock();
      const stop = new AbortController();
      const answer = new JsonRpcSource(endpoint.url, clock, noChance).header(root.key, stop.signal);
      await endpoint.asked(1);
      await clock.set(moment);
      const aborted = assert.rejects(answer, { message: 'lease lost' });
      stop.abort(new Error('lease lost'));
      await aborted;
      assert.deepEqual(clock.timers, []);
    }
  });

  for (const [name, reply, expected] of [
    ['a client error', status(403), { code: 'ERR_HTTP_REFUSED', found: '403' }],
    ['a redirect', status(302, { location: 'http://127.0.0.1:9/' }), { code: 'ERR_HTTP_REFUSED', found: '302' }],
    [
      'a JSON-RPC error',
      body('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"the method does not exist"}}'),
      { code: 'ERR_JSON_RPC', found: 'error -32601, "the method does not exist"' },
    ],
    [
      'a JSON-RPC error beside a null result',
      body('{"result":null,"error":{"code":1,"message":""}}'),
      { code: 'ERR_JSON_RPC' },
    ],
    ['text that is not JSON', body('<html>'), { code: 'ERR_BAD_ANSWER', found: '6 bytes that are not' }],
    ['JSON that is no response', body('{"jsonrpc":"2.0"}'), { code: 'ERR_BAD_ANSWER', found: 'other JSON' }],
    ['a block that is none', result({ ...root.block, stateRoot: 'root' }), { code: 'ERR_BAD_HEADER', found: '"root"' }],
    ['another block', result(blocks[0]?.block), { code: 'ERR_WRONG_BLOCK' }],
    [
      'a block of that hash with another header',
      result({ ...root.block, gasUsed: '0x1' }),
      { code: 'ERR_WRONG_BLOCK' },
    ],
  ] satisfies [string, Reply, object][]) {
    it(`are refused at once when the endpoint answers with ${name}`, async () => {
      await using endpoint = await serveRpc(reply);
      await assert.rejects(source(endpoint.url).header(root.key, never), expected);
      assert.equal(endpoint.requests.length, 1);
    });
  }

  it('come in answers up to the size limit, and not one byte beyond', async () => {
    const answer = JSON.stringify({ result: root.block });
    const padded = answer.padEnd(BLOCK_JSON_BYTES_MAX, ' ');
    await using endpoint = await serveRpc(body(padded), body(`${padded} `));
    assert.equal((await source(endpoint.url).header(root.key, never))?.stateRoot, root.stateRoot);
    await assert.rejects(source(endpoint.url).header(root.key, never), { code: 'ERR_OVER_LIMIT' });
  });

  it('are asked for with the credentials of the URL, which no description or error shows', async () => {
    await using endpoint = await serveRpc(status(401));
    const url = new URL(endpoint.url);
    url.username = 'driftlock';
    url.password = 's3 cret';
    url.pathname = '/v2/api-key';
    const refused = source(url);
    assert.equal(refused.describe(), `eth_getBlockByHash at ${endpoint.url.origin}`);
    await assert.rejects(refused.header(root.key, never), {
      message: `eth_getBlockByHash at ${endpoint.url.origin}: expected HTTP status 200, found 401`,
    });
    const [request] = endpoint.requests;
    assert.equal(request?.authorization, `Basic ${Buffer.from('driftlock:s3 cret').toString('base64')}`);
    assert.equal(request?.path, '/v2/api-key');
  });
});

function source(url: URL): JsonRpcSource {
  return new JsonRpcSource(url, new ManualClock(), noChance);
}
