import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ratesBetween, type Look } from '../../src/cli/rates.ts';
import { frame } from '../../src/cli/screen.ts';
import { alertsOf, topLines, type TopRow } from '../../src/cli/top-table.ts';
import { startRpcServer } from '../../src/rpc/server.ts';
import { statusSchema, type StatusAnswer } from '../../src/rpc/status-schema.ts';
import { status, testQueries } from '../rpc/queries.ts';

const program = fileURLToPath(new URL('../../src/driftlock.js', import.meta.url));
const answer = statusSchema.parse(JSON.parse(JSON.stringify(status)));
const plain = process.stdout;

function look(atMs: number, changes: Partial<StatusAnswer> = {}): Look {
  return { atMs, status: { ...answer, uptimeMs: 10_000 + atMs, ...changes } };
}

function row(now: Look | undefined, parts: Partial<TopRow> = {}): TopRow {
  return { url: 'http://127.0.0.1:1/', before: undefined, now, error: undefined, ...parts };
}

/** The first `count` lines of what a command prints that goes on until it is stopped. */
async function firstLines(args: readonly string[], count: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const { promise: enough, resolve: isEnough } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (lines.length === count) isEnough();
  });
  await enough;
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', resolve);
  });
  child.kill('SIGTERM');
  assert.equal(await ended, 0, 'it ends in an orderly way');
  return lines.slice(0, count);
}

describe('the rates of a node', () => {
  it('are what its counters and blocks gained, by the second', () => {
    const { blocks, counters } = answer;
    const later = look(2_000, {
      blocks: {
        ...blocks,
        success: blocks.success + 6,
        results: blocks.results + 8,
        duplicates: blocks.duplicates + 2,
      },
      counters: { ...counters, claims: 13, reconcileBytes: 5_000 },
    });
    assert.deepEqual(ratesBetween(look(0), later), {
      claimsPerSecond: 5,
      finishedPerSecond: 3,
      resultsPerSecond: 4,
      reconcileBytesPerSecond: 2_500,
      duplicateShare: 0.25,
    });
  });

  it('are not known at first, nor after a restart, and never below 0', () => {
    assert.equal(ratesBetween(undefined, look(1_000)), null);
    assert.equal(ratesBetween(look(1_000), look(2_000, { uptimeMs: 5 })), null);
    const pruned = ratesBetween(look(0), look(1_000, { blocks: { ...answer.blocks, success: 0, results: 0 } }));
    assert.deepEqual([pruned?.finishedPerSecond, pruned?.resultsPerSecond, pruned?.duplicateShare], [0, 0, null]);
  });
});

describe('driftlock top', () => {
  it('puts what needs attention above the nodes', () => {
    assert.equal(topLines([row(look(0))], plain)[0], 'nothing needs attention');
    const { blocks, clock, files, retry } = answer;
    const bad = look(0, {
      mode: 'degraded',
      claimHold: 'degraded',
      blocks: { ...blocks, disputed: 2 },
      clock: { ...clock, standing: 'outside' },
      files: { ...files, pending: 3, lastError: 'ENOSPC' },
      retry: { ...retry, exhausted: 1 },
      document: { bytes: 1_234, alerts: 5, unacknowledged: 4, clients: 1 },
    });
    const alerts = alertsOf(row(bad));
    assert.equal(alerts.length, 7);
    for (const [at, word] of [
      'disagree on 2',
      'too few',
      'claims nothing',
      'skew bound',
      'ENOSPC',
      '1 block',
      '4 alerts',
    ].entries()) {
      assert(alerts[at]?.includes(word), alerts[at]);
    }
    assert.deepEqual(alertsOf(row(undefined, { error: 'nobody there' })), ['nobody there']);
  });

  it('shows a node that does not answer with what was known of it', () => {
    const lines = topLines([row(look(0), { error: 'gone' }), row(undefined, { error: 'gone' })], plain);
    assert.match(lines.at(-2) ?? '', /^…\w{10} +no answer +- .* 3 /);
    assert.match(lines.at(-1) ?? '', /^http:\S+ +no answer$/);
  });

  it('fits a terminal, and draws over what was there', () => {
    assert.equal(frame(['a', 'b', 'c'], 2), '\u001B[Ha\u001B[K\nb\u001B[K\u001B[J');
  });

  it('and status --watch go on over a node that does not answer, and send no control characters to a file', async function () {
    // Three starts of the program.
    this.timeout(60_000);
    const server = await startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      onDefect: () => undefined,
    });
    const flags = ['--rpc', server.url, '--interval', '0.05', '--json'];
    const [top, again] = await firstLines(['top', ...flags, '--rpc', 'http://127.0.0.1:1'], 4);
    assert.deepEqual(Object(JSON.parse(top ?? '')).status, JSON.parse(JSON.stringify(status)));
    assert.match(
      again ?? '',
      /^\{"url":"http:\/\/127\.0\.0\.1:1\/","error":".*expected a running node that answers, .*"\}$/,
    );
    const watched = await firstLines(['status', '--watch', ...flags], 2);
    assert.deepEqual(
      watched.map((line) => Object(JSON.parse(line)).peerId),
      [status.peerId, status.peerId],
    );
    await server.close();
    const [refused] = await firstLines(['status', '--watch', ...flags], 1);
    assert.equal(Object(JSON.parse(refused ?? '')).error.code, 'ERR_RPC_UNREACHABLE');
  });
});
