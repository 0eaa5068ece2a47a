/** `driftlock sim`, as its users run it. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { driftlock, jsonLines, temporaryFolder } from './cli.ts';

describe('driftlock sim', () => {
  it('prints one object and ends with 0 when every promise held', async () => {
    const { code, stdout, stderr } = await driftlock([
      'sim',
      '--seeds',
      '2',
      '--nodes',
      '3',
      '--blocks',
      '4',
      '--json',
    ]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const [report, ...rest] = jsonLines(stdout);
    assert.ok(typeof report === 'object' && report !== null && rest.length === 0);
    assert.deepEqual(Object.keys(report), ['seeds', 'violations', 'simulatedSeconds', 'traceHash']);
    assert.deepEqual(
      { ...report, simulatedSeconds: 0, traceHash: '' },
      {
        seeds: 2,
        violations: [],
        simulatedSeconds: 0,
        traceHash: '',
      },
    );
  }).timeout(60_000);

  it('ends with 1 when a promise was broken, and prints what, what led there, and the command that replays it', async () => {
    const command = 'sim --seed 1 --nodes 5 --blocks 24 --faults crash,pause --canary reuse-epoch';
    const { code, stdout } = await driftlock(command.split(' '));
    assert.equal(code, 1);
    assert.match(stdout, /^seed 1: epochs-fence: n\d claims \d+\.0x\w+ in epoch 1, and knew epoch 1$/m);
    assert.match(stdout, /claimed key=/);
    assert.match(stdout, new RegExp(`^  replay: driftlock ${command}$`, 'm'));
    const json = await driftlock([...command.split(' '), '--json']);
    assert.equal(json.code, 1);
    assert.match(json.stdout, new RegExp(`"replay":"driftlock ${command}"`));
  }).timeout(60_000);

  it('writes everything that happened to the file of --trace', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'trace.txt');
    const { code } = await driftlock(['sim', '--seed', '3', '--nodes', '3', '--blocks', '3', '--trace', file]);
    assert.equal(code, 0);
    const text = await readFile(file, 'utf8');
    assert.match(text, /n1 starts/);
    assert.match(text, /gossip-received verdict=accept/);
  }).timeout(60_000);

  it('names a flag that it cannot use, and ends with 2', async () => {
    const cases: [string[], RegExp][] = [
      [['--faults', 'rain'], /--faults: expected all, none, or some of loss, .*found rain/],
      [['--canary', 'none'], /--canary: expected one of wall-clock-expiry, .*found none/],
      [['--seed', '0'], /--seed: expected an integer from 1 to 4294967295/],
      [['--seed', '1', '--seeds', '2'], /--seed: expected no --seeds beside it/],
      [['--jobs', '65'], /--jobs: expected an integer from 1 to 64/],
      [['--nodes', '33'], /--nodes: expected an integer from 1 to 32/],
    ];
    for (const [flags, message] of cases) {
      const { code, stderr } = await driftlock(['sim', ...flags]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  }).timeout(60_000);
});
