import { deepEqual, equal, match } from 'node:assert/strict';
import { duration } from '../../src/duration.ts';
import { startRpcServer } from '../../src/rpc/server.ts';
import { result, serveRpc } from '../chain/rpc-endpoint.ts';
import { status, testQueries } from '../rpc/queries.ts';
import { driftlock } from './cli.ts';

const serve = (): ReturnType<typeof startRpcServer> =>
  startRpcServer({ queries: testQueries(), listen: { host: '127.0.0.1', port: 0 }, onDefect: () => undefined });

describe('driftlock status', () => {
  it('with --json prints the answer of driftlock_status', async () => {
    const server = await serve();
    const { code, stdout } = await driftlock(['status', '--rpc', server.url, '--json']);
    equal(code, 0);
    deepEqual(JSON.parse(stdout), status);
    await server.close();
  });

  it('prints a table for people, without colour where there is no terminal', async () => {
    const server = await serve();
    const { code, stdout } = await driftlock(['status', '--rpc', server.url]);
    equal(code, 0);
    equal(stdout.includes('\u001B'), false);
    match(stdout, new RegExp(`^node +${status.peerId}\n`));
    match(stdout, /\nblocks +3: 1 success, 1 failed, 1 processing, 0 idle; 0 disputed\n/);
    match(
      stdout,
      /\nclock +within: -0\.3 ± 1\.3 ms against the majority of 2, bound 500 ms\nrank step +50 ms, measured\n/,
    );
    match(stdout, /\nwitnesses +1 held, 0 being fetched, 2 held by nobody in reach\n/);
    match(
      stdout,
      /\nfinal +block 3080, 0xa1a1\w+\nkeeps +blocks from 3000 on\nscrub +1 rounds, 17 blocks into the next\n/,
    );
    match(stdout, /\nalerts +0 of 3 not acknowledged\n/);
    match(stdout, /\nloading +1000 of 4000 files, 500 a second, 6\.0 s left\n/);
    match(stdout, /\n12D3Koo\w+ +up +1\.5 ms +\+0\.5 ± 1\.3 ms +0\.3 s ago +normal +3 +agrees\n$/);
    await server.close();
  });

  it('names the URL where nobody answers', async () => {
    const endpoint = await serveRpc(result(null));
    await endpoint[Symbol.asyncDispose]();
    deepEqual(await driftlock(['status', '--rpc', endpoint.url.href]), {
      code: 1,
      stdout: '',
      stderr: `driftlock: ${endpoint.url.href}: expected a running node that answers, found ECONNREFUSED\n`,
    });
  });

  it('writes durations in their two largest units', () => {
    deepEqual([0, 59_949, 60_000, 3_599_999, 3_600_000, 90_061_000].map(duration), [
      '0.0 s',
      '59.9 s',
      '1 min 0 s',
      '59 min 59 s',
      '1 h 0 min',
      '1 d 1 h',
    ]);
  });
});
