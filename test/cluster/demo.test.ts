/** The demo: real input, and one process a node. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockId } from '../../crdt/ids.ts';
import { datadirLayout } from '../../src/datadir/layout.ts';
import { missingFrom } from '../../src/demo/convergence.ts';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { blocksFolder, fixtureBlock, fixtureKeys } from '../chain/fixture-blocks.ts';
import { jsonLines } from '../cli/cli.ts';
import { needsFixtures } from '../fixtures.ts';
import { testChain } from './chain.ts';
import { assertSameFiles, filesIn } from './harness.ts';
import { DriftlockProcess, endProcesses, runToEnd } from './processes.ts';
import { readReferenceValidate, writeReferenceValidate } from './reference-format.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

describe('driftlock demo', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftlock-demo-test-'));
  });

  afterEach(async () => {
    await endProcesses();
    await rm(dir, { recursive: true, force: true });
  });

  it('brings all real witnesses to three directories, every block Success with the root of its header', async function () {
    const fixtures = needsFixtures(this);
    const witness = join(fixtures, 'megaeth', 'witness');
    const input = ['--witness', witness, '--blocks', blocksFolder(fixtures)];
    const flags = ['--exit-when-converged', '--json'];
    const { code, stdout, stderr } = await runToEnd(['demo', '--dir', dir, ...input, ...flags]);
    assert.equal(code, 0, stderr);

    const [summary, ...rest] = jsonLines(stdout);
    assert.deepEqual(rest, []);
    assert.deepEqual(summary, {
      converged: true,
      nodes: 3,
      blocks: 16,
      validations: 16 + numberIn(summary, 'duplicates'),
      duplicates: numberIn(summary, 'duplicates'),
      seconds: numberIn(summary, 'seconds'),
      digests: Array.from({ length: 3 }, () => firstDigest(summary)),
    });
    assert.match(firstDigest(summary), /^[0-9a-f]{32}$/);

    // 3079 is there for its state root alone.
    const keys = fixtureKeys(fixtures).slice(1);
    const layouts = [1, 2, 3].map((at) => datadirLayout(join(dir, `node-${at}`)));
    await assertSameFiles(layouts);
    const inspected = new Map<unknown, unknown>();
    for (const layout of layouts) {
      const names = keys.map(({ number, hash }) => `${number}.${hash}.v`);
      assert.deepEqual([...(await filesIn(layout.validate)).keys()], names);
      assert.deepEqual(await filesIn(layout.witness), await filesIn(witness));
      for (const [name, file] of await filesIn(layout.validate)) inspected.set(name, readReferenceValidate(file));
      const paths = names.map((name) => join(layout.validate, name));
      const said = await runToEnd(['inspect', '--json', ...paths]);
      assert.equal(said.code, 0);
      assert.deepEqual(
        jsonLines(said.stdout).map((line) => pick(line, 'status', 'block_number', 'block_hash', 'state_root')),
        keys.map((key) => ({
          status: 'Success',
          block_number: key.number,
          block_hash: key.hash,
          state_root: fixtureBlock(fixtures, key)['stateRoot'],
        })),
      );
    }
    for (const key of keys) {
      assert.deepEqual(inspected.get(`${key.number}.${key.hash}.v`), {
        status: 'Success',
        blockHash: key.hash,
        blockNumber: BigInt(key.number),
        stateRoot: fixtureBlock(fixtures, key)['stateRoot'],
        lockTime: 0n,
        blobIds: [],
      });
    }
  });

  it('grows a chain of its own for five nodes when it is given none', async () => {
    const flags = ['--nodes', '5', '--count', '7', '--exit-when-converged', '--json'];
    const { code, stdout, stderr } = await runToEnd(['demo', '--dir', dir, ...flags]);
    assert.equal(code, 0, stderr);
    const [summary] = jsonLines(stdout);
    assert.deepEqual(pick(summary, 'converged', 'nodes', 'blocks'), { converged: true, nodes: 5, blocks: 7 });

    const layouts = [1, 2, 3, 4, 5].map((at) => datadirLayout(join(dir, `node-${at}`)));
    await assertSameFiles(layouts);
    for (const { validate } of layouts) {
      const files = await filesIn(validate);
      assert.equal(files.size, 7);
      for (const [name, file] of files) {
        const { status, blockNumber, blockHash, stateRoot } = readReferenceValidate(file);
        const header: unknown = JSON.parse(
          await readFile(join(dir, 'blocks', `${blockNumber}.${blockHash}.json`), 'utf8'),
        );
        assert.equal(name, `${blockNumber}.${blockHash}.v`);
        assert.deepEqual({ status, stateRoot }, { status: 'Success', ...pick(header, 'stateRoot') });
      }
    }
  });

  it('says what is missing when its time is over, and fails', async function () {
    const witness = join(needsFixtures(this), 'megaeth', 'witness');
    const blocks = join(dir, 'no-blocks');
    await mkdir(blocks);
    const input = ['--witness', witness, '--blocks', blocks, '--count', '2', '--nodes', '1'];
    const flags = ['--exit-when-converged', '--timeout', '1', '--json'];
    const { code, stdout, stderr } = await runToEnd(['demo', '--dir', dir, ...input, ...flags]);
    assert.equal(code, 1, stderr);
    assert.deepEqual(pick(jsonLines(stdout)[0], 'converged', 'nodes'), { converged: false, nodes: 1 });
    assert.match(stderr, /^driftlock: --timeout: not converged after [0-9.]+ s$/m);
    // How far it got in a second is the machine's affair.
    assert.match(
      stderr,
      /^ {2}(\d of 2 blocks handed out|node-1: 2 of 2 not Success: 3080\.0xe244a184\S+, 3081\.\S+)$/m,
    );
  });

  it('names the nodes that are behind, and what they lack', async () => {
    const [done, open] = testChain(2).blocks;
    assert.ok(done !== undefined && open !== undefined);
    const { validate, witness } = datadirLayout(dir);
    for (const folder of [validate, witness]) await mkdir(folder);
    const info = { blockHash: done.key.hash, blockNumber: BigInt(done.key.number), stateRoot: done.stateRoot };
    const file = writeReferenceValidate({ status: 'Success', ...info, lockTime: 0n, blobIds: [] });
    await writeFile(join(validate, `${blockId(done.key)}.v`), file);
    await dropWitness(dir, witnessed(open));

    const node = { name: 'node-1', datadir: dir, status: undefined };
    assert.deepEqual(await missingFrom([node], [done.key, open.key], 3), [
      '2 of 3 blocks handed out',
      'node-1: does not answer',
      `node-1: 1 of 2 not Success: ${blockId(open.key)}`,
      'node-1: 1 of 2 witnesses',
    ]);
  });

  it('starts a node again that was killed, and when it is stopped ends with code 0 and takes its nodes with it', async () => {
    const demo = new DriftlockProcess(['demo', '--dir', dir, '--nodes', '2', '--count', '2', '--json']);
    const pids = await bothNodes(demo);
    const [killed, other] = pids;
    process.kill(Number(killed), 'SIGKILL');
    const restarted = await until('the killed one runs again', async () => {
      const pid = await ownerOf(join(dir, 'node-1'));
      return pid !== killed && pid;
    });
    const { code, stdout } = await demo.stop();
    assert.equal(code, 0);
    assert.deepEqual(pick(jsonLines(stdout)[0], 'nodes'), { nodes: 2 });
    for (const pid of [restarted, other]) assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
  });

  it('on Ctrl-C stops each of its nodes once, in order, and says how far it got', async () => {
    const demo = new DriftlockProcess(['demo', '--dir', dir, '--nodes', '2', '--count', '2', '--json']);
    await until('both nodes say that they run', async () => {
      const logs = await Promise.all(nodeLogs(2));
      return logs.every((log) => log.includes('driftlock 12D3Koo'));
    });
    demo.signalGroup('SIGINT');
    const { code, stdout, stderr } = await demo.ended();
    assert.equal(code, 0, stderr);
    assert.equal(jsonLines(stdout).length, 1);
    for (const log of await Promise.all(nodeLogs(2))) {
      const signals = log.split('\n').filter((line) => line.includes('"msg":"stopping"'));
      assert.equal(signals.length, 1, log);
      assert.match(String(signals[0]), /"signal":"SIGTERM"/);
    }
  });

  it('that is killed takes its nodes with it', async () => {
    const demo = new DriftlockProcess(['demo', '--dir', dir, '--nodes', '2', '--count', '2', '--json']);
    const pids = await bothNodes(demo);
    demo.signal('SIGKILL');
    await demo.ended();
    await until('they have ended', () => pids.every((pid) => !isAlive(Number(pid))));
  });

  it('converges in directories that hold more blocks of an earlier demo', async () => {
    const flags = ['--dir', dir, '--nodes', '2', '--exit-when-converged', '--json'];
    for (const count of [3, 1]) {
      const { code, stdout, stderr } = await runToEnd(['demo', ...flags, '--count', `${count}`]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(pick(jsonLines(stdout)[0], 'converged', 'blocks'), { converged: true, blocks: count });
    }
  });

  it('refuses directories that it cannot use, each in one line, and touches nothing', async () => {
    const file = join(dir, 'file');
    await writeFile(file, 'mine');
    const absent = join(dir, 'absent');
    const busy = join(dir, 'busy');
    const node = new DriftlockProcess(['run', '--datadir', join(busy, 'node-1')]);
    await until('a node runs there', () => node.stdout.endsWith('\n'));
    const before = await readdir(dir);
    const writable = 'expected a directory that this process may write to, found';
    const refused: readonly [flags: readonly string[], line: string][] = [
      [['--dir', file], `${file}: ${writable} ${file}: another kind of entry`],
      [['--dir', join(file, 'below')], `${file}/below: ${writable} ${file}/below: ENOTDIR on make directory`],
      [['--witness', absent, '--blocks', dir], `--witness: expected a folder, found ENOENT on ${absent}`],
      [['--witness', file, '--blocks', dir], `--witness: expected a folder, found another kind of entry: ${file}`],
      [['--witness', dir, '--blocks', absent], `--blocks: expected a folder, found ENOENT on ${absent}`],
      [
        ['--dir', busy],
        `${busy}/node-1: expected a data directory that no other node runs on, found one locked by process ${node.pid}`,
      ],
    ];
    for (const [flags, line] of refused) {
      assert.deepEqual(await refusal(flags), { code: 1, stdout: '', stderr: `driftlock: ${line}\n` });
    }
    assert.deepEqual(await readdir(dir), before);
    assert.equal((await node.stop()).code, 0);

    async function refusal(flags: readonly string[]): Promise<object> {
      const place = flags.includes('--dir') ? [] : ['--dir', join(dir, 'busy')];
      const { code, stdout, stderr } = await runToEnd(['demo', ...place, ...flags]);
      return { code, stdout, stderr };
    }
  });

  it('refuses flags that it cannot use, each by its name', async () => {
    const refused: readonly [flags: readonly string[], line: RegExp][] = [
      [['--nodes', '0'], /^driftlock: --nodes: expected an integer from 1 to 16, found "0"\n$/],
      [['--nodes', '17'], /^driftlock: --nodes: expected an integer from 1 to 16, found "17"\n$/],
      [['--timeout', 'soon'], /^driftlock: --timeout: expected seconds, .*, found "soon"\n$/],
      [['--count', '1.5'], /^driftlock: --count: expected an integer .*, found "1\.5"\n$/],
      [['--witness', dir], /^driftlock: --blocks: expected a folder beside --witness, found none\n$/],
      [['--blocks', dir], /^driftlock: --witness: expected a folder beside --blocks, found none\n$/],
      [['--frobnicate'], /^driftlock: unknown option '--frobnicate'\n$/],
    ];
    const check = async ([flags, line]: (typeof refused)[number]): Promise<void> => {
      const { code, stdout, stderr } = await runToEnd(['demo', ...flags]);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, stderr);
      assert.match(stderr, line);
    };
    await Promise.all(refused.map(check));
  });

  it('refuses a folder without witnesses by its name', async () => {
    const { code, stderr } = await runToEnd(['demo', '--dir', dir, '--witness', dir, '--blocks', dir]);
    assert.equal(code, 1);
    assert.equal(stderr, `driftlock: --witness: expected a folder of {number}.{0xhash}.w files, found ${dir}\n`);
  });

  /** The pids of both nodes, once they run. The demo itself owned the directories for a moment, to see that they are free. */
  function bothNodes(demo: DriftlockProcess): Promise<readonly unknown[]> {
    return until('both nodes run', async () => {
      const owners = await Promise.all([1, 2].map((at) => ownerOf(join(dir, `node-${at}`))));
      return owners.every((pid) => pid !== undefined && pid !== demo.pid) && owners;
    });
  }

  function nodeLogs(count: number): Promise<string>[] {
    return Array.from({ length: count }, (_, at) => readFile(join(dir, `node-${at + 1}.log`), 'utf8'));
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function ownerOf(datadir: string): Promise<unknown> {
  const owner: unknown = JSON.parse(await readFile(datadirLayout(datadir).owner, 'utf8'));
  return pick(owner, 'pid')['pid'];
}

function pick(value: unknown, ...fields: readonly string[]): Record<string, unknown> {
  const entries = new Map(Object.entries(Object(value)));
  return Object.fromEntries(fields.map((field) => [field, entries.get(field)]));
}

function numberIn(value: unknown, field: string): number {
  const found = pick(value, field)[field];
  assert.ok(typeof found === 'number' && found >= 0, `${field} is a number`);
  return found;
}

function firstDigest(summary: unknown): string {
  const { digests } = pick(summary, 'digests');
  return Array.isArray(digests) ? String(digests[0]) : '';
}
