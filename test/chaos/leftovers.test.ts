/** A chaos run that is killed, and the next one, which clears up after it. Needs root: what is left is mounted. */

import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Namespaces } from '../../src/chaos/fleet/namespaces.ts';
import { Volume } from '../../src/chaos/fleet/volume.ts';
import { markRun, removeLeftovers } from '../../src/chaos/leftovers.ts';
import { driftlock, program, temporaryFolder } from '../cli/cli.ts';
import { until } from '../cluster/until.ts';
import { writeScenario } from './scenario-file.ts';

const TEST_TIMEOUT_MS = 300_000;

const run = promisify(execFile);

/** Processes that have `path` in their arguments, with the letter of their state. */
async function processesWith(path: string): Promise<readonly { readonly pid: number; readonly state: string }[]> {
  const found: { pid: number; state: string }[] = [];
  for (const name of (await readdir('/proc')).filter((each) => /^[0-9]+$/.test(each))) {
    const args = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (!args.includes(path)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    found.push({ pid: Number(name), state: stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '' });
  }
  return found;
}

async function mountsBelow(path: string): Promise<readonly string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text.split('\n').filter((line) => line.split(' ')[4]?.startsWith(`${path}/`));
}

async function namespacesOf({ pid }: ChildProcess): Promise<readonly string[]> {
  const { stdout } = await run('ip', ['netns', 'list']).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter((line) => line.startsWith(`dlchaos-${pid}-`));
}

/** Whether a file system can be mounted here. */
async function canMount(directory: string): Promise<boolean> {
  const volume = await Volume.mount(directory);
  await volume.release(false);
  return volume.means === 'tmpfs';
}

describe('a chaos run that is killed', function () {
  this.timeout(TEST_TIMEOUT_MS);

  it('leaves mounts, namespaces and a paused node, which the next run removes, and no run touches while it lives', async function () {
    await using folder = await temporaryFolder();
    const runs = join(folder.path, 'runs');
    await mkdir(runs);
    if (!(await canMount(join(folder.path, 'probe')))) {
      process.stdout.write('skipped: this machine lets this user mount nothing\n');
      this.skip();
    }
    const hasNamespaces = (await Namespaces.unavailable()) === undefined;
    const scenario = await writeScenario(folder.path, {
      name: 'killed',
      breaks: 'itself',
      seconds: 200,
      start: hasNamespaces ? { network: 'namespaces' } : {},
      faults: [
        { fault: 'disk-full', on: 'one', atSeconds: 150, forSeconds: 1 },
        { fault: 'pause', on: 'one', atSeconds: 1, forSeconds: 190 },
      ],
    });
    const owner = spawn(process.execPath, [program, 'chaos', scenario, '--seed', '1'], {
      env: { ...process.env, TMPDIR: runs },
      stdio: 'ignore',
    });
    try {
      const isPaused = async (): Promise<true | undefined> =>
        (await processesWith(`${runs}/`)).some(({ state }) => state === 'T') || undefined;
      await until('a node is paused', isPaused);
      assert.deepEqual(await removeLeftovers(runs), [], 'it lives');
      assert.equal(owner.exitCode, null);
      assert.equal((await processesWith(`${runs}/`)).length, 2);
    } finally {
      owner.kill('SIGKILL');
      await once(owner, 'close');
    }
    assert((await processesWith(`${runs}/`)).some(({ state }) => state === 'T'));
    assert.equal((await mountsBelow(runs)).length, 1);
    assert.equal((await namespacesOf(owner)).length, hasNamespaces ? 2 : 0);
    const [left = ''] = await readdir(runs);

    const next = await writeScenario(folder.path, { name: 'next', breaks: 'nothing' });
    const { stderr } = await driftlock(['chaos', next, '--seed', '1'], { TMPDIR: runs });
    assert(stderr.includes(`removed what a run that was killed had left: ${join(runs, left)}\n`), stderr);
    assert.deepEqual(await processesWith(`${runs}/`), []);
    assert.deepEqual(await mountsBelow(runs), []);
    assert.deepEqual(await namespacesOf(owner), []);
    assert(!(await readdir(runs)).includes(left));
  });

  it('is told from a live one by its marker alone: without one nothing is removed, and this process lives', async () => {
    await using folder = await temporaryFolder();
    const [kept, live, other] = ['driftlock-chaos-kept', 'driftlock-chaos-live', 'another'];
    for (const name of [kept, live, other]) await mkdir(join(folder.path, name));
    const unmark = await markRun(join(folder.path, live));
    await markRun(join(folder.path, other));
    assert.deepEqual(await removeLeftovers(folder.path), []);
    await unmark();
    assert.deepEqual(await removeLeftovers(folder.path), []);
    assert.deepEqual((await readdir(folder.path)).sort(), [other, kept, live].sort());
  });
});
