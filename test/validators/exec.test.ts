import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hash32 } from '../../crdt/ids.ts';
import { ExecValidator, programOutcome } from '../../src/validators/exec.ts';
import {
  OUTPUT_DRAIN_MS,
  STDERR_TAIL_BYTES,
  STDOUT_TAIL_BYTES,
  TERMINATION_GRACE_MS,
} from '../../src/validators/program.ts';
import type { ValidationOutcome, ValidationTask } from '../../src/validators/validator.ts';
import { ManualClock } from '../chain/manual-clock.ts';
import { makeFifo, type Fifo } from './fifo.ts';

const ROOT: Hash32 = `0x${'5e'.repeat(32)}`;
const LAST_LINE = JSON.stringify({ stateRoot: ROOT });
const HASH: Hash32 = `0x${'b1'.repeat(32)}`;
const TASK: ValidationTask = {
  key: { number: 3080, hash: HASH },
  epoch: 7,
  witness: { path: "/data/it's a witness.w", parentHash: HASH, preStateRoot: HASH },
};
const never = new AbortController().signal;
const isGrace = (delayMs: number): boolean => delayMs === TERMINATION_GRACE_MS;
const isDrain = (delayMs: number): boolean => delayMs === OUTPUT_DRAIN_MS;

describe('exec', () => {
  let folder: string;
  let clock: ManualClock;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'driftlock-exec-'));
    clock = new ManualClock();
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** The command that runs `text` as a program. */
  function script(text: string, flags = ''): string {
    const path = join(folder, 'validate');
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return `${path}${flags}`;
  }

  const run = (command: string, signal = never): Promise<ValidationOutcome> =>
    new ExecValidator(command, clock).validate(TASK, signal);

  it('gives the program number, hash, epoch and witness path, after its own arguments and in its environment', async () => {
    const show = `printf '%s|' "$@" "$DRIFTLOCK_BLOCK_NUMBER" "$DRIFTLOCK_BLOCK_HASH" "$DRIFTLOCK_EPOCH" "$DRIFTLOCK_WITNESS_PATH" >&2; exit 9`;
    const given = `3080|${HASH}|7|${TASK.witness.path}|`;
    assert.deepEqual(await run(script(show, ' --fast')), {
      kind: 'error',
      reason: `expected exit status 0 or 1, found 9; stderr ends with "--fast|${given}${given}"`,
    });
  });

  it('succeeds with the root of the last line on exit status 0', async () => {
    const outcome = await run(script(`echo working; echo 'not this'; echo '${LAST_LINE}'`));
    assert.deepEqual(outcome, { kind: 'success', stateRoot: ROOT });
    assert.deepEqual(clock.timers, [], 'no timer is left');
  });

  it('fails the block on exit status 1, with a root if the last line has one, and says what stderr said', async () => {
    assert.deepEqual(await run(script(`echo '${LAST_LINE}'; echo 'bad root' >&2; exit 1`)), {
      kind: 'failed',
      stateRoot: ROOT,
      reason: 'exit status 1; stderr ends with "bad root"',
    });
    assert.deepEqual(await run(script('exit 1')), { kind: 'failed', stateRoot: undefined, reason: 'exit status 1' });
  });

  it('reaches no verdict when the program crashes, is missing or is no program', async () => {
    for (const [command, reason] of [
      ['kill -SEGV $$; true', /^killed by SIGSEGV$/],
      [join(folder, 'missing'), /^expected exit status 0 or 1, found 127; stderr ends with ".*not found/],
      ['if', /^expected exit status 0 or 1, found 2; stderr ends with /],
      ['\0', /^not started: /],
    ] as const) {
      const outcome = await run(command);
      assert.equal(outcome.kind, 'error');
      assert.match(outcome.reason, reason);
    }
  });

  it('reaches no verdict when the system cannot start the program', async () => {
    const witness = { ...TASK.witness, path: `/${'w'.repeat(3_000_000)}` };
    const outcome = await new ExecValidator('true', clock).validate({ ...TASK, witness }, never);
    assert.ok(outcome.kind === 'error' && outcome.reason.startsWith('not started: '));
  });

  it('keeps the last line of long output, and forgets the rest', async () => {
    const noise = 'head -c 30000000 /dev/zero | tr "\\0" x';
    const outcome = await run(script(`${noise}; ${noise} >&2; echo; echo '${LAST_LINE}'`));
    assert.deepEqual(outcome, { kind: 'success', stateRoot: ROOT });
    const loud = await run(script(`${noise} >&2; exit 3`));
    assert.ok(loud.kind === 'error');
    assert.ok(loud.reason.endsWith(`stderr ends with "${'x'.repeat(STDERR_TAIL_BYTES)}"`));
    assert.ok(loud.reason.length < STDERR_TAIL_BYTES + 100);
  });

  it('takes a last line up to the limit, and not one byte beyond', async () => {
    for (const [sizeBytes, kind] of [
      [STDOUT_TAIL_BYTES, 'success'],
      [STDOUT_TAIL_BYTES + 1, 'error'],
    ] as const) {
      const line = `${LAST_LINE.slice(0, -1).padEnd(sizeBytes - 1, ' ')}}`;
      writeFileSync(join(folder, 'line'), line);
      assert.equal((await run(script(`cat ${join(folder, 'line')}`))).kind, kind);
    }
  });

  it('starts nothing for a lease that is lost already', async () => {
    const outcome = await run(
      script(`touch ${join(folder, 'ran')}`),
      AbortSignal.abort(new Error('the lease is lost')),
    );
    assert.deepEqual(outcome, { kind: 'error', reason: 'stopped: the lease is lost' });
    assert.throws(() => rmSync(join(folder, 'ran')), { code: 'ENOENT' });
  });

  for (const [name, shellText] of [
    ['a program', ''],
    ['a program whose shell is gone first', '; true'],
  ] as const) {
    it(`ends ${name} with SIGTERM when the lease is lost, and lets it clean up`, async () => {
      const fifo = makeFifo(folder);
      const stop = new AbortController();
      const outcome = run(`${signalledProgram('polite', fifo)}${shellText}`, stop.signal);
      assert.equal(await fifo.line(), 'ready');
      stop.abort(new Error('the lease is lost'));
      assert.deepEqual(await outcome, { kind: 'error', reason: 'stopped: the lease is lost' });
      assert.equal(await fifo.line(), 'bye');
      await fifo.ended;
      assert.deepEqual(clock.timers, [], 'the grace period did not have to end');
    });
  }

  it('kills a program that ignores SIGTERM when the grace period is over, with all it started', async () => {
    const fifo = makeFifo(folder);
    const stop = new AbortController();
    const stubborn = signalledProgram('stubborn', fifo);
    const outcome = run(`${stubborn} & ${stubborn}`, stop.signal);
    assert.deepEqual([await fifo.line(), await fifo.line()], ['ready', 'ready']);
    stop.abort(new Error('the lease is lost'));
    assert.deepEqual([await fifo.line(), await fifo.line()], ['ignored', 'ignored']);
    await clock.fire(isGrace);
    assert.deepEqual(await outcome, { kind: 'error', reason: 'stopped: the lease is lost' });
    await fifo.ended;
  });

  it('kills what a program left behind when it ended', async () => {
    const fifo = makeFifo(folder);
    const leftBehind = `(trap '' TERM HUP; echo >started; sleep 1000) &`;
    const outcome = await run(
      script(
        `exec 4>${fifo.path}; cd ${folder}; mkfifo started; ${leftBehind} read -r line <started; echo '${LAST_LINE}'`,
      ),
    );
    assert.deepEqual(outcome, { kind: 'success', stateRoot: ROOT });
    await fifo.ended;
  });

  it('does not wait for a program that left the group and keeps the output open', async () => {
    const fifo = makeFifo(folder);
    const leave = `require('child_process').spawn('/bin/sh', ['-c', 'exec 4>${fifo.path}; echo $$ >&4; exec sleep 1000'], { detached: true, stdio: 'inherit' }).unref()`;
    writeFileSync(join(folder, 'leave.cjs'), leave);
    const outcome = run(script(`'${process.execPath}' ${join(folder, 'leave.cjs')}; echo '${LAST_LINE}'`));
    const escaped = Number(await fifo.line());
    try {
      await clock.fire(isDrain);
      assert.deepEqual(await outcome, { kind: 'success', stateRoot: ROOT });
    } finally {
      process.kill(escaped, 'SIGKILL');
    }
    await fifo.ended;
  });

  for (const [how, end] of [
    ['exits', (daemon: ReturnType<typeof startDaemon>) => void daemon.stdin.end()],
    ['is killed', (daemon: ReturnType<typeof startDaemon>) => void daemon.kill('SIGKILL')],
  ] as const) {
    it(`leaves no program running when the node ${how}`, async () => {
      const fifo = makeFifo(folder);
      const daemon = startDaemon(script(`exec 4>${fifo.path}; trap '' TERM HUP; echo ready >&4; sleep 1000`));
      assert.equal(await fifo.line(), 'ready');
      end(daemon);
      await Promise.all([once(daemon, 'close'), fifo.ended]);
    });
  }
});

describe("a program's end", () => {
  it('is a success with a root in either case of hex, among other members, before blank lines', () => {
    for (const stdout of [
      LAST_LINE,
      `${LAST_LINE}\r\n\n`,
      JSON.stringify({ stateRoot: `0x${'5E'.repeat(32)}`, gasUsed: 1 }),
    ]) {
      assert.deepEqual(ended(0, stdout), { kind: 'success', stateRoot: ROOT });
    }
  });

  it('is no verdict with any other last line', () => {
    for (const line of ['', 'ok', 'null', '[]', '{}', '{"stateRoot":1}', '{"stateRoot":"0x12"}', `${LAST_LINE} ok`]) {
      assert.deepEqual(ended(0, `${LAST_LINE}\n${line === '' ? 'x\n' : line}`).kind, 'error');
      assert.deepEqual(ended(1, line), { kind: 'failed', stateRoot: undefined, reason: 'exit status 1' });
    }
    assert.deepEqual(ended(0, ''), {
      kind: 'error',
      reason: 'last line of stdout: expected {"stateRoot":"0x…"}, found ""',
    });
  });

  it('is no verdict with any status but 0 and 1, whatever the last line', () => {
    for (const status of [2, 126, 127, 137, 255]) assert.equal(ended(status, LAST_LINE).kind, 'error');
  });
});

function ended(status: number, stdout: string): ValidationOutcome {
  return programOutcome({ fate: { kind: 'exited', status }, stdout, stderr: '' });
}

/** The command of a program that SIGTERM reaches for certain, once it has written `ready`. */
function signalledProgram(manner: 'polite' | 'stubborn', fifo: Fifo): string {
  const program = fileURLToPath(new URL('signalled-program.ts', import.meta.url));
  return `'${process.execPath}' '${program}' ${manner} ${fifo.path}`;
}

/** A node of its own process that runs `command` as its validator. */
function startDaemon(command: string) {
  const program = fileURLToPath(new URL('exec-daemon.ts', import.meta.url));
  return spawn(process.execPath, [program, command], { stdio: ['pipe', 'inherit', 'inherit'] });
}
