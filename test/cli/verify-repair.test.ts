/** `driftlock verify --repair`, on directories that a node has read before their files rotted. */

import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockFileName } from '../../src/files/file-names.ts';
import { configureNode, runNode, type RunningNode } from '../../src/index.ts';
import type { Settings } from '../../src/config/settings.ts';
import { until } from '../cluster/until.ts';
import { driftlock, jsonLines, temporaryFolder } from './cli.ts';
import {
  archived,
  contractLine,
  contractsPath,
  hashOf,
  makeDatadir,
  put,
  validatePath,
  witnessPath,
} from './datadir.ts';

const archivedValidate = join('backup', '2', blockFileName('validate', archived));
const archivedWitness = join('backup', '2', blockFileName('witness', archived));

function run(settings: Settings): Promise<RunningNode> {
  const config = configureNode({ heartbeatMs: 200, ...settings });
  return runNode(config, { onEvent: () => undefined, onRpcDefect: () => undefined });
}

/** Flips a bit in the middle of the file, whose record or payload lies there. */
async function rot(root: string, path: string): Promise<void> {
  const bytes = await readFile(join(root, path));
  const at = bytes.length >>> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(join(root, path), bytes);
}

async function quarantined(root: string): Promise<number> {
  const names = await readdir(join(root, '.driftlock', 'quarantine'));
  return names.filter((name) => !name.endsWith('.json')).length;
}

describe('driftlock verify --repair', () => {
  it('writes a .v again from what this node knows, and says of a .w that no peer is there to give it', async () => {
    await using folder = await temporaryFolder();
    const datadir = folder.path;
    await makeDatadir(datadir);
    await (await run({ datadir })).stop();
    for (const path of [validatePath, archivedValidate, witnessPath]) await rot(datadir, path);

    const { code, stdout, stderr } = await driftlock(['verify', '--datadir', datadir, '--repair']);
    equal(code, 1);
    match(stdout, new RegExp(`^repaired: ${archivedValidate}$`, 'm'));
    match(stdout, new RegExp(`^repaired: ${validatePath}$`, 'm'));
    match(stdout, /6 files checked: 3 good, 0 foreign, 3 bad \(2 repaired\); 0 unknown\n$/);
    match(stderr, new RegExp(`^driftlock: ${witnessPath}: not repaired: no peer in reach holds it$`, 'm'));
    equal(await quarantined(datadir), 3);

    const after = await driftlock(['verify', '--datadir', datadir]);
    equal(after.code, 0, after.stderr);
    match(after.stdout, /^5 files checked: 5 good, 0 foreign, 0 bad/);
  });

  it('asks the node that runs on the directory, which fetches a good .w from a peer', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await makeDatadir(folder.path);
    const reader = await run({ datadir: other.path });
    await reader.stop();
    const node = await run({ datadir: folder.path, rpc: '127.0.0.1:0', members: [reader.peerId] });
    const peer = await run({ datadir: other.path, peers: [...node.addresses] });
    try {
      await until('the peer has both witnesses', () => peer.status().witnesses.held === 2 || undefined);
      await rot(folder.path, archivedWitness);
      const rpc = ['--rpc', node.rpcUrl ?? ''];
      const { code, stdout, stderr } = await driftlock([
        'verify',
        '--datadir',
        folder.path,
        '--repair',
        '--json',
        ...rpc,
      ]);
      equal(code, 0, stderr);
      const lines = jsonLines(stdout);
      deepEqual(lines.at(-2), { file: archivedWitness, repaired: true });
      deepEqual(lines.at(-1), { summary: { checked: 6, good: 5, foreign: 0, bad: 1, unknown: 0, repaired: 1 } });
      ok((await readdir(join(folder.path, 'witness'))).includes(blockFileName('witness', archived)));

      await put(
        other.path,
        join('backup', '0', blockFileName('validate', { number: 1, hash: hashOf(1) })),
        'no record',
      );
      const wrong = await driftlock(['verify', '--datadir', other.path, '--repair', ...rpc]);
      equal(wrong.code, 2);
      match(wrong.stderr, /--rpc: expected the node on .*, which is running, found the node on /);
    } finally {
      await peer.stop();
      await node.stop();
    }
  });

  it('takes rotten lines out of contracts.txt, has peers bring them again, and says what was done', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await makeDatadir(folder.path);
    const [first, second, third] = [contractLine('0x6001'), contractLine('0x6002'), contractLine('0x6003')];
    await put(folder.path, contractsPath, first + second);
    await put(other.path, contractsPath, first.replace('0x6001"', '0x6009"') + second.slice(0, 20) + third);
    const reader = await run({ datadir: other.path });
    await reader.stop();
    const node = await run({ datadir: folder.path, members: [reader.peerId] });
    try {
      const flags = node.addresses.flatMap((address) => ['--peer', address]);
      const { code, stdout, stderr } = await driftlock(['verify', '--datadir', other.path, '--repair', ...flags]);
      equal(code, 0, stderr);
      match(stderr, /contracts\.txt line 1: code: expected keccak256/);
      match(stdout, /^repaired: validate\/contracts\.txt: 2 lines were put aside; no contract is missing$/m);
      const text = await readFile(join(other.path, contractsPath), 'utf8');
      const whole = text.split('\n').filter((line) => line.trim() !== '');
      deepEqual(new Set(whole.map((line) => `${line.trim()}\n`)), new Set([first, second, third]));
      equal(await quarantined(other.path), 1);
    } finally {
      await node.stop();
    }

    await put(folder.path, contractsPath, first.replace('0x6001"', '0x6009"') + third);
    const alone = await driftlock(['verify', '--datadir', folder.path, '--repair', '--wait', '1', '--json']);
    equal(alone.code, 0, alone.stderr);
    const detail = '1 line was put aside; 1 contract is missing that no peer in reach has given yet';
    deepEqual(jsonLines(alone.stdout).at(-2), { file: contractsPath, repaired: true, detail });
  });

  it('starts a node that fetches from the peers that are named', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await makeDatadir(folder.path);
    const holder = await run({ datadir: folder.path });
    await holder.stop();
    const reader = await run({ datadir: other.path });
    await reader.stop();
    const node = await run({ datadir: folder.path, members: [reader.peerId] });
    try {
      const peers = [...node.addresses];
      const first = await run({ datadir: other.path, peers });
      await until('both witnesses have come', () => first.status().witnesses.held === 2 || undefined);
      await first.stop();
      await rot(other.path, witnessPath);
      const flags = peers.flatMap((address) => ['--peer', address]);
      const { code, stdout, stderr } = await driftlock(['verify', '--datadir', other.path, '--repair', ...flags]);
      equal(code, 0, stderr);
      match(stdout, new RegExp(`^repaired: ${witnessPath}$`, 'm'));
    } finally {
      await node.stop();
    }
  });
});
