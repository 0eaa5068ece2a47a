import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { CHECKPOINT_DELAY_MS } from '../../src/journal/checkpointer.ts';
import { parseBlockFileName } from '../../src/files/file-names.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { holdsAsync } from '../properties.ts';
import { LAYOUT, openStore, success, type StoreOnDisk } from './store-on-disk.ts';

/** What happens to one of three blocks: a result of this node, a claim by a peer, or a peer's result; or a checkpoint. */
interface Happening {
  readonly kind: 'own-result' | 'peer-claim' | 'peer-result' | 'checkpoint';
  readonly block: number;
  /** Turns of other work that pass before the next one. */
  readonly turns: number;
}

interface Run {
  readonly happenings: readonly Happening[];
  /** Before which disk operation the power goes; beyond the last one: after a clean stop. */
  readonly crashAt: number;
  /** Before which disk operation of the restart it goes again; beyond the last one: never. */
  readonly crashAgainAt: number;
  /** What a power loss keeps, as fractions of what it may. */
  readonly kept: readonly number[];
}

const runs: fc.Arbitrary<Run> = fc.record({
  happenings: fc.array(
    fc.record({
      kind: fc.constantFrom('own-result', 'own-result', 'peer-claim', 'peer-result', 'checkpoint'),
      block: fc.nat({ max: 2 }),
      turns: fc.nat({ max: 12 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  crashAt: fc.nat({ max: 120 }),
  crashAgainAt: fc.nat({ max: 120 }),
  kept: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
});

interface Heard {
  readonly key: BlockKey;
  readonly stateRoot: Hash32;
}

/** A disk whose power goes before operation `crashAt` after `begin` was called. */
class FailingPower {
  readonly disk: MemoryDisk;
  readonly #keep: RandomInteger;
  readonly #lost = Promise.withResolvers<void>();
  #booted: MemoryDisk | undefined;
  #isCounting = false;
  #operations = 0;

  constructor(crashAt: number, keep: RandomInteger, from?: MemoryDisk) {
    this.#keep = keep;
    const beforeOperation = (): void => {
      if (!this.#isCounting || this.#operations++ !== crashAt) return;
      this.#booted ??= this.disk.crash(keep, {});
      this.#lost.resolve();
    };
    // As it was found, but for the new hook: nothing waits for a sync right after a boot.
    this.disk = from?.crash(() => 0, { beforeOperation }) ?? new MemoryDisk({ beforeOperation });
  }

  begin(): void {
    this.#isCounting = true;
  }

  /** Resolves when it fails. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  get hasFailed(): boolean {
    return this.#booted !== undefined;
  }

  /** The disk as the next boot finds it; the power fails now at the latest. */
  boot(): MemoryDisk {
    return this.#booted ?? this.disk.crash(this.#keep, {});
  }
}

function keeping({ kept }: Run): RandomInteger {
  let keeps = 0;
  return (below) => Math.round((below - 1) * (kept[keeps++ % kept.length] ?? 0));
}

/** Lets `run` happen until the power goes. `heard`: own results that were acknowledged or announced before that. */
async function play(run: Run): Promise<{ power: FailingPower; heard: readonly Heard[] }> {
  const power = new FailingPower(run.crashAt, keeping(run));
  const heard: Heard[] = [];
  const { journaled, store, journal, clock, author, peers } = await openStore(power.disk, {
    onChange: ({ key, delta, origin }) => {
      if (power.hasFailed || origin !== 'local') return;
      for (const { stateRoot } of delta.results) heard.push({ key, stateRoot });
    },
  });
  const [peer] = peers;
  assert(peer !== undefined);
  power.begin();
  let timePassed = Promise.resolve();
  for (const [at, { kind, block, turns }] of run.happenings.entries()) {
    const key = keyAt(block);
    if (kind === 'checkpoint') {
      journal.closeActive();
      timePassed = timePassed.then(() => clock.advance(CHECKPOINT_DELAY_MS));
      // Beside what follows, or before it: a segment that begins later makes the end of this one durable.
      if (turns % 2 === 0) await timePassed;
    } else if (kind === 'own-result') {
      const stateRoot = hashOf(100 + (at % 2));
      void store.commit({ key, record: success(author, key, stateRoot) }).then((isDurable) => {
        if (isDurable && !power.hasFailed) heard.push({ key, stateRoot });
      });
    } else {
      const claim: BlockRecord = recordOf({ lease: peer.claim(key, at + 1, 30_000) });
      store.merge({ key, record: kind === 'peer-claim' ? claim : success(peer, key, hashOf(block)) }, 'peer');
    }
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  }
  await timePassed;
  await journaled.stop();
  return { power, heard };
}

/** Starts on `disk`, as a node does, and gives what it then knows; `lost`: when the power goes meanwhile. */
async function start(disk: MemoryDisk, lost?: Promise<void>): Promise<StoreOnDisk> {
  const opened = await openStore(disk);
  const { store, journaled, clock } = opened;
  // A process is gone by then; here it would wait to try again, at a time that never comes.
  void lost?.then(() => store.stopRetrying());
  await journaled.recover();
  for (const name of await disk.list(LAYOUT.validate)) {
    const file = parseBlockFileName(name);
    if (file !== undefined) void store.takeIn(file.key);
  }
  // A torn file is looked at again for a while before it is put aside.
  await clock.advance(10_000);
  await store.idle();
  return opened;
}

function assertKnown({ replica }: StoreOnDisk, heard: readonly Heard[]): void {
  for (const { key, stateRoot } of heard) {
    const roots = replica.get(key).results.map((result) => result.stateRoot);
    assert(roots.includes(stateRoot), `${key.number}: ${stateRoot} was heard of, found ${roots.join()}`);
  }
}

describe('the block store and a power loss at any disk operation', () => {
  it('still has every result of this node that anybody heard of, and reads no file that it cannot trust', () =>
    holdsAsync(
      fc.asyncProperty(runs, async (run) => {
        const { power, heard } = await play(run);
        assertKnown(await start(power.boot()), heard);
      }),
    ));

  it('has them after a second power loss in the midst of the restart, too', () =>
    holdsAsync(
      fc.asyncProperty(runs, async (run) => {
        const { power, heard } = await play(run);
        const again = new FailingPower(run.crashAgainAt, keeping(run), power.boot());
        again.begin();
        await start(again.disk, again.lost).catch((error: unknown) => assert(again.hasFailed, String(error)));
        assertKnown(await start(again.boot()), heard);
      }),
    ));

  it('finds all of it in the files alone after a clean stop', () =>
    holdsAsync(
      fc.asyncProperty(runs, async (run) => {
        const { power, heard } = await play({ ...run, crashAt: Infinity });
        assert.deepEqual(await power.disk.list(LAYOUT.journal), []);
        assertKnown(await start(power.boot()), heard);
      }),
    ));
});
