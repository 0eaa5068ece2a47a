import assert from 'node:assert/strict';
import { DriftlockError } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { Replica } from '../../src/replica/replica.ts';
import { Scrubber, type ScrubEvent } from '../../src/scrub/scrubber.ts';
import { FileLedger } from '../../src/store/file-ledger.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { keyAt } from '../net/signed-nodes.ts';

const IDENTITY = { inode: 7n, sizeBytes: 1, modifiedNs: 1n };

interface Bench {
  readonly clock: VirtualClock;
  readonly files: FileLedger;
  readonly events: ScrubEvent[];
  /** What was read again, with the second it was. */
  readonly looks: string[];
  readonly scrubber: Scrubber;
}

/** Blocks 0 to 2 with a `.v`, block 1 with a `.w` too. `fails`: the disk does, for this block. */
function makeBench(filesPerSecond: number, fails?: number): Bench {
  const replica = new Replica();
  const files = new FileLedger(replica.blocks);
  for (const at of [0, 1, 2]) files.note('validate', keyAt(at), { identity: IDENTITY, place: 'primary' });
  files.note('witness', keyAt(1), { identity: IDENTITY, place: 'backup' });
  const clock = new VirtualClock();
  const looks: string[] = [];
  const events: ScrubEvent[] = [];
  const look = (kind: 'validate' | 'witness') => async (key: BlockKey) => {
    looks.push(`${kind} ${key.number} at ${clock.monotonicMs()}`);
    assert.equal(files.known(kind, key)?.identity.inode, 0n, 'the look has nothing to go by');
    if (key.number === fails) throw new DriftlockError('ERR_DISK', { argument: 'file', expected: 'it', found: 'none' });
    files.note(kind, key, { identity: IDENTITY, place: 'primary' });
  };
  const takeIn = { validate: look('validate'), witness: look('witness') };
  const onEvent = (event: ScrubEvent): void => void events.push(event);
  const lookAtContracts = async (): Promise<void> => {
    looks.push(`contracts at ${clock.monotonicMs()}`);
    if (fails !== undefined) throw new DriftlockError('ERR_DISK', { argument: 'file', expected: 'it', found: 'none' });
  };
  const parts = { replica, files, takeIn, lookAtContracts };
  const scrubber = new Scrubber({ ...parts, blocks: replica.blocks, clock, filesPerSecond, onEvent });
  return { clock, files, events, looks, scrubber };
}

describe('the background check', () => {
  it('reads every known file again, at the rate it is given, and begins anew ten minutes after a round', async () => {
    const { clock, events, looks, scrubber } = makeBench(4);
    scrubber.start(true);
    await clock.advance(500);
    assert.deepEqual(scrubber.progress, { rounds: 0, passed: 1 });
    await clock.advance(500);
    const blocks = ['validate 0 at 0', 'validate 1 at 250', 'witness 1 at 500', 'validate 2 at 750'];
    assert.deepEqual(looks, ['contracts at 0', ...blocks]);
    assert.deepEqual(events, [{ type: 'scrubbed', files: 4 }]);
    assert.deepEqual(scrubber.progress, { rounds: 1, passed: undefined });
    await clock.advance(600_000);
    assert.deepEqual(looks.slice(5), ['contracts at 601000', 'validate 0 at 601000']);
    await scrubber.stop();
    await clock.advance(600_000);
    assert.equal(looks.length, 7);
  });

  it('waits ten minutes at first when the files were read just now, and never begins at 0 files a second', async () => {
    const fresh = makeBench(4);
    fresh.scrubber.start(false);
    await fresh.clock.advance(599_999);
    assert.deepEqual(fresh.looks, []);
    await fresh.clock.advance(1);
    assert.equal(fresh.looks.length, 2);
    await fresh.scrubber.stop();
    const off = makeBench(0);
    off.scrubber.start(true);
    await off.clock.advance(1_200_000);
    assert.deepEqual(off.looks, []);
    await off.scrubber.stop();
  });

  it('goes on after a file that the disk could not read', async () => {
    const { clock, events, looks, scrubber } = makeBench(4, 1);
    scrubber.start(true);
    await clock.advance(1_000);
    assert.equal(looks.length, 5);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['scrub-failed', 'scrub-failed', 'scrub-failed', 'scrubbed'],
    );
    await scrubber.stop();
  });
});
