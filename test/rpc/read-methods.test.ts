import assert from 'node:assert/strict';
import { RpcError, type RequestContext } from '../../src/rpc/json-rpc.ts';
import { readMethods, TOO_STALE } from '../../src/rpc/read-methods.ts';
import { failed, processing, READ_AGE_MS, success, testQueries } from './queries.ts';

const CONTEXT: RequestContext = { signal: new AbortController().signal, isBatch: false, idle: (wait) => wait() };

async function getBlock(params: unknown): Promise<unknown> {
  return readMethods(testQueries()).get('driftlock_getBlock')?.(params, CONTEXT);
}

describe('driftlock_getBlock', () => {
  it('answers a block with its age, its results and its lease, by position and by name', async () => {
    const found = Object(await getBlock([success.number, success.hash]));
    const { status, ageMs, stale, source, results, lease } = found;
    assert.deepEqual(
      [status, ageMs, stale, source, results.length, lease],
      ['success', READ_AGE_MS, false, 'local', 1, null],
    );
    assert.deepEqual(
      found,
      await getBlock({ block: success.number, hash: success.hash, options: { onStale: 'fail' } }),
    );
    assert.equal(Object(await getBlock([processing.number, processing.hash])).lease.epoch, 1);
    assert.equal(Object(await getBlock([failed.number, failed.hash])).status, 'failed');
  });

  it('answers or fails past the bound, as asked, and waits by default', async () => {
    const within = { maxStalenessMs: READ_AGE_MS };
    const past = { maxStalenessMs: READ_AGE_MS - 1 };
    assert.equal(Object(await getBlock([success.number, success.hash, within])).stale, false);
    assert.equal(Object(await getBlock([success.number, success.hash, { ...past, onStale: 'serve' }])).stale, true);
    await assert.rejects(getBlock([success.number, success.hash, past]), (error: unknown) => {
      assert(error instanceof RpcError);
      assert.deepEqual([error.code, error.data], [TOO_STALE, { code: 'ERR_TOO_STALE', ageMs: READ_AGE_MS }]);
      return true;
    });
  });

  it('refuses what it cannot use', async () => {
    const { number, hash } = success;
    for (const params of [
      [number],
      [number, '0x12'],
      [-1, hash],
      [number, hash, { onStale: 'never' }],
      [number, hash, {}, 1],
    ]) {
      await assert.rejects(getBlock(params), RpcError);
    }
  });
});
