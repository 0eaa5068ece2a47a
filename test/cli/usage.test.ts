import { deepEqual, equal, match } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '../../src/version.ts';
import { driftlock, snapshot, temporaryFolder } from './cli.ts';
import { put } from './datadir.ts';

const PEER = '12D3KooWBXccie9rasa4Qx9Px4aUJeWcjQ8ecYRwyZ2yw1SV9d3X';
const run = (...flags: string[]): string[] => ['run', '--datadir', 'DATADIR', ...flags];

/** What each command line is answered with on standard error, with exit code 2. */
const mistakes: readonly (readonly [args: readonly string[], line: string])[] = [
  [['inspekt'], "unknown command 'inspekt' (Did you mean inspect?)"],
  [['id', '--datadirr', 'x'], "unknown option '--datadirr' (Did you mean --datadir?)"],
  [['id'], '--datadir: expected a directory, found nothing'],
  [['verify', '--datadir', ''], '--datadir: expected a directory, found an empty path'],
  [['inspect'], "missing required argument 'file'"],
  [['status', '--rpc', 'localhost:1'], '--rpc: expected a URL such as http://127.0.0.1:8645, found "localhost:1"'],
  [['status', 'now'], "too many arguments for 'status'. Expected 0 arguments but got 1: now."],
  [['run'], '--datadir: expected a directory, found nothing'],
  [['run', '--datadir'], "option '--datadir <dir>' argument missing"],
  [run('--cluster', 'a b'), '--cluster: expected a name of 1 to 64 letters, digits, ".", "_" and "-", found "a b"'],
  [run('--listen', 'x'), '--listen: expected a TCP address to listen on, such as /ip4/127.0.0.1/tcp/4001, found "x"'],
  [
    run('--peer', '/ip4/127.0.0.1/tcp/1'),
    `--peer: expected a TCP address that ends in the peer's id, such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…, found "/ip4/127.0.0.1/tcp/1"`,
  ],
  [run('--member', PEER, '--member', 'x'), '--member: expected an Ed25519 peer id (12D3Koo…), found "x"'],
  [run('--rpc', '8645'), '--rpc: expected HOST:PORT, such as 127.0.0.1:8645 or [::1]:8645, found "8645"'],
  [
    run('--rpc', 'localhost:65536'),
    '--rpc: expected HOST:PORT, such as 127.0.0.1:8645 or [::1]:8645, found "localhost:65536"',
  ],
  [run('--validator', 'exec:'), '--validator: expected linkage, exec:COMMAND or none, found "exec:"'],
  [
    run('--validator', 'linkage'),
    '--api: expected a URL or a folder of blocks, which the validator linkage reads headers from, found nothing',
  ],
  [
    run('--api', 'blocks'),
    '--api: expected none without --validator linkage, the only one that reads it, found "blocks"',
  ],
  [run('--lock-time', '-1'), '--lock-time: expected seconds, more than 0 and at most 86400, found "-1"'],
  [
    run('--lock-time', '0.5'),
    '--lock-time: expected 601 to 86400000 ms (delivery margin 500 ms, drift 0.0002), found 500 ms',
  ],
  [run('--config', 'absent.json'), '--config CWD/absent.json: expected a file with one JSON object, found no file'],
  [['demo', '--nodes', '17'], '--nodes: expected an integer from 1 to 16, found "17"'],
  [['demo', '--nodes', '0'], '--nodes: expected an integer from 1 to 16, found "0"'],
  [['demo', '--count', '1e3'], '--count: expected an integer from 1 to 1000000, found "1e3"'],
  [['demo', '--timeout', 'soon'], '--timeout: expected seconds, more than 0 and at most 86400, found "soon"'],
  [['demo', '--witness', 'w'], '--blocks: expected a folder beside --witness, found none'],
  [['demo', '--blocks', 'b'], '--witness: expected a folder beside --blocks, found none'],
];

describe('the command line', () => {
  for (const [args, line] of mistakes) {
    it(`answers ${args.join(' ')} in one line with exit code 2, and makes nothing`, async () => {
      await using folder = await temporaryFolder();
      const given = args.map((arg) => (arg === 'DATADIR' ? join(folder.path, 'data') : arg));
      const expected = `driftlock: ${line.replace('CWD', process.cwd())}\n`;
      deepEqual(await driftlock(given), { code: 2, stdout: '', stderr: expected });
      deepEqual(await snapshot(folder.path), {});
    });
  }

  it('names the file and the key of a setting that is wrong', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'node.json');
    const datadir = join(folder.path, 'data');
    const files: readonly [content: string, line: RegExp][] = [
      ['{', /^driftlock: --config .*node\.json: expected a file with one JSON object, found "\{"\n$/],
      ['[]', /^driftlock: --config .*node\.json: expected a file with one JSON object, found an array of 0\n$/],
      ['{"datdir":"x"}', /^driftlock: .*node\.json: setting: expected one of datadir, .*, found "datdir"\n$/],
      ['{"heartbeatMs":"1s"}', /^driftlock: .*node\.json: heartbeatMs: expected a number, found "1s"\n$/],
      ['{"peers":["x"]}', /^driftlock: .*node\.json: peers: expected a TCP address .*, found "x"\n$/],
    ];
    for (const [content, line] of files) {
      await put(folder.path, 'node.json', content);
      const { code, stdout, stderr } = await driftlock(['run', '--datadir', datadir, '--config', path]);
      equal(code, 2);
      equal(stdout, '');
      match(stderr, line);
    }
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: unknown;
    };
    equal(VERSION, version);
    deepEqual(await driftlock(['--version']), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('has help with examples for every command, and documents its exit codes', async () => {
    const { code, stdout, stderr } = await driftlock(['--help']);
    deepEqual([code, stderr], [0, '']);
    match(stdout, /Exit codes:\n {2}0 {2}.*\n {2}1 {2}.*\n {2}2 {2}/);
    const commands = await Promise.all(
      ['id', 'run', 'demo', 'status', 'inspect', 'verify'].map((name) => driftlock([name, '--help'])),
    );
    for (const help of commands) {
      equal(help.code, 0);
      match(help.stdout, /^Usage: driftlock \w+ [^]*\nExamples:\n {2}driftlock /);
    }
  });

  it('without a command prints its help as an error', async () => {
    const { code, stdout, stderr } = await driftlock([]);
    deepEqual([code, stdout], [2, '']);
    match(stderr, /^Usage: driftlock /);
  });

  it('adds the stack to an error for those who set DRIFTLOCK_DEBUG', async () => {
    const { code, stderr } = await driftlock(['demo', '--nodes', 'x'], { DRIFTLOCK_DEBUG: '1' });
    equal(code, 2);
    match(stderr, /^driftlock: --nodes: .*\nUsageError: .*\n {4}at /);
  });
});
