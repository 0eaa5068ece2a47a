import { deepEqual, equal, match } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '../../src/files/json.ts';
import { VERSION } from '../../src/version.ts';
import { driftlock, snapshot, temporaryFolder } from './cli.ts';

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
  [run('--lock-time', '-1'), '--lock-time: expected seconds, more than 0 and at most 86400, found "-1"'],
  [
    run('--peer', 'x', '--cluster', 'a b'),
    '--cluster: expected a name of 1 to 64 letters, digits, ".", "_" and "-", found "a b"',
  ],
  [run('--config', 'absent.json'), '--config CWD/absent.json: expected a file with one JSON object, found no file'],
  [['run', '--config', ''], '--config: expected a file with one JSON object, found an empty path'],
  [['run', 'DATADIR'], "too many arguments for 'run'. Expected 0 arguments but got 1: DATADIR."],
  [run('--frobnicate'), "unknown option '--frobnicate'"],
  [run('--validator', 'exec:'), '--validator: expected linkage, exec:COMMAND or none, found "exec:"'],
  [run('--rpc', ''), '--rpc: expected HOST:PORT, such as 127.0.0.1:8645 or [::1]:8645, found ""'],
  [
    run('--dashboard-token', 'secret'),
    '--dashboard-token: expected 16 to 256 visible ASCII characters, such as of `openssl rand -hex 16`, found something else',
  ],
  [
    run('--dashboard-token-file', 'absent', '--dashboard-token', 'x'.repeat(16)),
    '--dashboard-token-file: expected none beside --dashboard-token, found "absent"',
  ],
  [run('--listen', ''), '--listen: expected a TCP address to listen on, such as /ip4/127.0.0.1/tcp/4001, found ""'],
  [run('--member', ''), '--member: expected an Ed25519 peer id (12D3Koo…), found ""'],
  [run('--api', ''), '--api: expected a URL or a folder, found ""'],
  [['inspect', ''], 'file: expected a path, found an empty one'],
  [
    ['status', '--rpc', 'http://me:secret@127.0.0.1:1'],
    '--rpc: expected a URL such as http://127.0.0.1:8645, found one with a user name or password',
  ],
  [['demo', '--dir', ''], '--dir: expected a directory, found an empty path'],
  [['demo', '--witness', '', '--blocks', 'x'], '--witness: expected a folder, found an empty path'],
  [['demo', '--witness', 'x', '--blocks', ''], '--blocks: expected a folder, found an empty path'],
  [
    ['chaos', 'kill-strom'],
    'SCENARIO: expected a name of "driftlock chaos list", such as kill-storm, all, or the path of a file, found "kill-strom"',
  ],
  [['chaos', '--nodes', '1'], '--nodes: expected an integer from 2 to 16, found "1"'],
  [['chaos', 'skewed-clocks', '--duration', '15'], '--duration: expected at least 16 s for skewed-clocks, found 15'],
  [['chaos', 'disk-full', '--seed', '0'], '--seed: expected an integer from 1 to 4294967295, found "0"'],
  [['demo', '--nodes', '17'], '--nodes: expected an integer from 1 to 16, found "17"'],
];

describe('the command line', () => {
  for (const [args, line] of mistakes) {
    it(`answers ${args.join(' ')} in one line with exit code 2, and makes nothing`, async () => {
      await using folder = await temporaryFolder();
      const given = args.map((arg) => (arg === 'DATADIR' ? join(folder.path, 'data') : arg));
      const expected = `driftlock: ${line.replace('CWD', process.cwd()).replace('DATADIR', join(folder.path, 'data'))}\n`;
      deepEqual(await driftlock(given), { code: 2, stdout: '', stderr: expected });
      deepEqual(await snapshot(folder.path), {});
    });
  }

  it('prints the version of the package', async () => {
    const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    equal(isJsonObject(manifest) && manifest['version'], VERSION);
    deepEqual(await driftlock(['--version']), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('has help with examples for every command, and documents its exit codes', async () => {
    const { code, stdout, stderr } = await driftlock(['-h']);
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
