/** How `driftlock run` starts. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DriftlockProcess, endProcesses } from './processes.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

describe('a node that is started', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'driftlock-launcher-'));
  });

  afterEach(async () => {
    await endProcesses();
    await rm(root, { recursive: true });
  });

  it('keeps its process id and runs with a small young generation', async function () {
    if (!existsSync('/proc/self/cmdline')) {
      process.stderr.write('skipped: there is no /proc here\n');
      this.skip();
    }
    const node = new DriftlockProcess(['run', '--datadir', root, '--listen', '/ip4/127.0.0.1/tcp/0']);
    await until('the node is ready', () => node.stdout.startsWith('driftlock '));
    const words = (await readFile(`/proc/${node.pid}/cmdline`, 'utf8')).split('\0');
    assert.equal(words[1], '--max-semi-space-size=2');
    assert.equal((await node.stop()).code, 0);
  });
});
