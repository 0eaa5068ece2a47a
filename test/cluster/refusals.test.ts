/** What keeps a node from starting: one line that names the flag or the file, and nothing else is touched. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonLines, snapshot } from '../cli/cli.ts';
import { Cluster, type ClusterNode } from './harness.ts';
import { DriftlockProcess, runToEnd, type ProcessEnd } from './processes.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

describe('a node that cannot start', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  let running: ClusterNode;
  /** Not running: its directory is the one that is tried. */
  let idle: ClusterNode;

  before(async () => {
    cluster = await Cluster.create(2, { validator: 'none' });
    [running, idle] = [cluster.node(0), cluster.node(1)];
    await running.start([]);
  });

  beforeEach(async () => {
    await rm(idle.layout.root, { recursive: true, force: true });
    await mkdir(idle.layout.validate, { recursive: true });
    await writeFile(join(idle.layout.validate, 'notes.txt'), 'mine');
    await writeFile(idle.layout.chainStatus, '{"block_number":1}');
    assert.equal((await runToEnd(['id', '--datadir', idle.layout.root])).code, 0);
  });

  after(async () => {
    await cluster.remove();
  });

  it('names --listen when another process has the port, and gives the directory back', async () => {
    const [address = ''] = running.addresses;
    const listen = address.replace(/\/p2p\/.*/, '');
    const failed = await run(idle.layout.root, '--listen', listen);
    assertRefused(failed, `--listen: expected ${listen} to be free, found another process that listens there`);
    await assertFilesUntouched();
    await assertStarts();
  });

  it('names --rpc when another process has the port, and gives the directory and the port back', async () => {
    const { port } = new URL(running.rpcUrl);
    const failed = await run(idle.layout.root, '--rpc', `127.0.0.1:${port}`);
    assertRefused(failed, `--rpc: expected 127.0.0.1:${port} to be free, found another process that listens there`);
    await assertFilesUntouched();
    await assertStarts();
  });

  it('names a flag whose address is not of this machine, behind the warning that it is open to others', async () => {
    // TEST-NET-1 (RFC 5737): no machine has it.
    const refused = [
      ['--listen', '/ip4/192.0.2.1/tcp/0', 'other machines can connect to /ip4/192.0.2.1/tcp/0'],
      ['--rpc', '192.0.2.1:0', 'anyone who reaches 192.0.2.1:0 can call it; it asks for no password'],
    ] as const;
    for (const [flag, address, open] of refused) {
      const failed = await run(idle.layout.root, flag, address);
      assertRefused(failed, `${flag}: expected `);
      assert.match(failed.stderr, /^driftlock: .*192\.0\.2\.1.* found EADDRNOTAVAIL$/m);
      assert.deepEqual(warningsOf(failed), [`${flag}: ${open}`]);
    }
    await assertFilesUntouched();
  });

  it('names a directory that another node runs on, and the process that does', async () => {
    const intact = await snapshot(running.layout.root);
    const failed = await run(running.layout.root);
    const found = `found one locked by process ${running.pid}`;
    assertRefused(failed, `${running.layout.root}: expected a data directory that no other node runs on, ${found}`);
    assert.deepEqual(await snapshot(running.layout.root), intact);
    assert.equal((await running.status()).peerId, running.peerId);
  });

  it('names a data directory that is a file, or lies below one', async () => {
    const file = join(cluster.folder, 'file');
    await writeFile(file, 'mine');
    await Promise.all(
      [file, join(file, 'below')].map(async (datadir) => {
        const expected = `expected a directory that this process may write to, found ${datadir}/.driftlock`;
        assertRefused(await run(datadir), `${datadir}: ${expected}`);
      }),
    );
    assert.equal(await readFile(file, 'utf8'), 'mine');
  });

  it('names a data directory in which it may not write', async function () {
    // The tests may run as root, whom no permission stops; this file system stops even root.
    if (!existsSync('/sys/kernel')) {
      process.stderr.write('skipped: no /sys, which is the one place where root may not write either\n');
      this.skip();
    }
    const failed = await run('/sys/driftlock');
    assertRefused(failed, '/sys/driftlock: expected a directory that this process may write to, found /sys/driftlock');
  });

  it('names a part of the data directory that is a file', async () => {
    await writeFile(idle.layout.witness, 'mine');
    const failed = await run(idle.layout.root);
    const expected = `${idle.layout.root}: expected a directory that this process may write to, found ${idle.layout.witness}`;
    assertRefused(failed, expected);
    assert.equal(await readFile(idle.layout.witness, 'utf8'), 'mine');
    await assertFilesUntouched();
  });

  it('names a damaged key and makes no other', async () => {
    const key = await readFile(idle.layout.key);
    for (const damaged of [key.subarray(0, 30), Buffer.alloc(0), Buffer.concat([key, key]), flipped(key)]) {
      await writeFile(idle.layout.key, damaged);
      assertRefused(await run(idle.layout.root), `${idle.layout.key}: expected `);
      assert.deepEqual(await readFile(idle.layout.key), damaged);
    }
    await assertFilesUntouched();
  });

  it('says what is wrong with a flag, with code 2, before it touches anything', async () => {
    const intact = await snapshot(idle.layout.root);
    const refused: readonly [flags: readonly string[], line: RegExp][] = [
      [['--listen', '127.0.0.1:4001'], /^driftlock: --listen: expected .*127\.0\.0\.1:4001/],
      [['--peer', '/ip4/127.0.0.1/tcp/4001'], /^driftlock: --peer: expected .*\/ip4\/127\.0\.0\.1\/tcp\/4001/],
      [['--member', '12D3KooWnobody'], /^driftlock: --member: expected .*12D3KooWnobody/],
      [['--rpc', 'localhost'], /^driftlock: --rpc: expected HOST:PORT.*"localhost"/],
      [['--validator', 'magic'], /^driftlock: --validator: expected .*"magic"/],
      [['--validator', 'linkage'], /^driftlock: --api: expected .*found nothing/],
      [['--lock-time', '0'], /^driftlock: --lock-time: expected seconds.*"0"/],
      [
        ['--config', join(cluster.folder, 'absent.json')],
        /^driftlock: --config .*absent\.json: expected .*found no file/,
      ],
    ];
    const check = async ([flags, line]: (typeof refused)[number]): Promise<void> => {
      const { code, stdout, stderr } = await run(idle.layout.root, ...flags);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, stderr);
      assert.match(stderr, line);
      assert.equal(stderr.split('\n').length, 2, stderr);
    };
    await Promise.all(refused.map(check));
    assert.deepEqual(await snapshot(idle.layout.root), intact);
  });

  /** What was in the directory is there as it was, and no block came to be. */
  async function assertFilesUntouched(): Promise<void> {
    assert.equal(await readFile(join(idle.layout.validate, 'notes.txt'), 'utf8'), 'mine');
    assert.equal(await readFile(idle.layout.chainStatus, 'utf8'), '{"block_number":1}');
  }

  async function assertStarts(): Promise<void> {
    const { stdout } = await runToEnd(['id', '--datadir', idle.layout.root]);
    const node = new DriftlockProcess(['run', '--datadir', idle.layout.root]);
    await until('it is ready', () => node.stdout.startsWith(`driftlock ${stdout.trim()} on `));
    assert.equal((await node.stop()).code, 0);
  }
});

function run(datadir: string, ...flags: readonly string[]): Promise<ProcessEnd> {
  return runToEnd(['run', '--datadir', datadir, ...flags]);
}

/** Code 1, and one line for people beside the log, which is JSON. */
function assertRefused({ code, stdout, stderr }: ProcessEnd, line: string): void {
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' }, stderr);
  const said = stderr.split('\n').filter((text) => text !== '' && !text.startsWith('{'));
  assert.equal(said.length, 1, stderr);
  assert.ok(said[0]?.startsWith(`driftlock: ${line}`), `${said[0]}\n${line}`);
}

/** What the log, one JSON object a line, warns of. */
function warningsOf({ stderr }: ProcessEnd): unknown[] {
  const logged = jsonLines(stderr.replaceAll(/^[^{].*$/gm, ''));
  return logged.filter((line) => Object(line).level === 'warn').map((line) => Object(line).msg);
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return copy;
}
