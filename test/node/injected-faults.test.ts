/** What chaos puts in the place of a node's clock and disk, and that nobody else does. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFailure } from '../../crdt/errors.ts';
import { CHAOS_VARIABLE, DiskThatFills, injectedFaults, type InjectedMessage } from '../../src/node/injected-faults.ts';
import { systemClock } from '../../src/node/machine.ts';
import { temporaryFolder } from '../cli/cli.ts';

const CLOCK_READER = fileURLToPath(new URL('./clock-reader.ts', import.meta.url));

describe('injected faults', () => {
  it('are there only for a process whose environment asks for them', () => {
    assert.equal(injectedFaults(systemClock, {}), undefined);
    assert.equal(injectedFaults(systemClock, { [CHAOS_VARIABLE]: '' }), undefined);
  });

  it('are refused when they are not what chaos writes', () => {
    for (const text of ['{', '{}', '{"wallOffsetMs":1}', '{"wallOffsetMs":1,"driftRate":0.6}']) {
      assert.throws(
        () => injectedFaults(systemClock, { [CHAOS_VARIABLE]: text }),
        (error) => isFailure(error, 'ERR_BAD_SETTING') && error.argument === CHAOS_VARIABLE,
      );
    }
  });

  it('set the wall clock of a process off from its start, and step it when told to', async () => {
    const env = { ...process.env, [CHAOS_VARIABLE]: JSON.stringify({ wallOffsetMs: 600_000, driftRate: 0 }) };
    const child = fork(CLOCK_READER, { env });
    try {
      const offsetMs = async (): Promise<number> => {
        child.send('read');
        const [reading]: unknown[] = await once(child, 'message');
        return Number(reading);
      };
      const first = await offsetMs();
      const step: InjectedMessage = { driftlockChaos: { stepWallMs: -900_000 } };
      child.send(step);
      assert.deepEqual([Math.round(first / 1_000), Math.round((await offsetMs()) / 1_000)], [600, -300]);
    } finally {
      child.disconnect();
      await once(child, 'exit');
    }
  });

  it('fill a disk: what takes room fails, what frees it or moves does not, and all of it works again', async () => {
    await using folder = await temporaryFolder();
    const disk = new DiskThatFills();
    const [path, moved] = [join(folder.path, 'a'), join(folder.path, 'b')];
    const bytes = Uint8Array.of(1);
    await disk.create(path, bytes, { sync: false });
    disk.isFull = true;
    for (const write of [
      () => disk.create(moved, bytes, { sync: false }),
      () => disk.append(path, bytes),
      () => disk.writeAt(path, 0, bytes),
      () => disk.makeDirectory(moved),
    ]) {
      await assert.rejects(write, (error) => isFailure(error, 'ERR_NO_SPACE'));
    }
    const placement = { temporary: join(folder.path, 'temporary'), target: moved, bytes, expected: undefined };
    const [outcome] = await disk.place([placement], { sync: false });
    assert(outcome !== undefined && 'failure' in outcome && outcome.failure.code === 'ERR_NO_SPACE');
    await disk.move(path, moved);
    assert.deepEqual([...(await readFile(moved))], [1]);
    await disk.remove(moved);
    disk.isFull = false;
    await disk.create(path, bytes, { sync: false });
    const [placed] = await disk.place([placement], { sync: false });
    assert(placed !== undefined && 'replaced' in placed && placed.replaced);
    await disk.close();
  });
});
