import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { parseBlockFileName } from '../../src/files/file-names.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { holdsAsync } from '../properties.ts';
import { LAYOUT, openStore, success } from './store-on-disk.ts';

/** What happens to one of three blocks: a result of this node, a claim by a peer, or a peer's result. */
interface Happening {
  readonly kind: 'own-result' | 'peer-claim' | 'peer-result';
  readonly block: number;
  /** Turns of other work that pass before the next one. */
  readonly turns: number;
}

interface Run {
  readonly happenings: readonly Happening[];
  /** Before which disk operation the power goes. */
  readonly crashAt: number;
  /** What a power loss keeps, as fractions of what it may. */
  readonly kept: readonly number[];
}

const runs: fc.Arbitrary<Run> = fc.record({
  happenings: fc.array(
    fc.record({
      kind: fc.constantFrom('own-result', 'own-result', 'peer-claim', 'peer-result'),
      block: fc.nat({ max: 2 }),
      turns: fc.nat({ max: 12 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  crashAt: fc.nat({ max: 80 }),
  kept: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
});

interface Heard {
  readonly key: BlockKey;
  readonly stateRoot: Hash32;
}

/** Lets `run` happen until the power goes. `heard`: own results that were acknowledged or announced before that. */
async function play(run: Run): Promise<{ booted: MemoryDisk; heard: readonly Heard[] }> {
  let booted: MemoryDisk | undefined;
  let operations = 0;
  let isRunning = false;
  let keeps = 0;
  const keep = (below: number): number => Math.round((below - 1) * (run.kept[keeps++ % run.kept.length] ?? 0));
  const disk: MemoryDisk = new MemoryDisk({
    beforeOperation: () => {
      if (isRunning && operations++ === run.crashAt) booted ??= disk.crash(keep, {});
    },
  });
  const heard: Heard[] = [];
  const { store, author, peers } = await openStore(disk, {
    onChange: ({ key, delta, origin }) => {
      if (booted !== undefined || origin !== 'local') return;
      for (const { stateRoot } of delta.results) heard.push({ key, stateRoot });
    },
  });
  const [peer] = peers;
  assert(peer !== undefined);
  isRunning = true;
  for (const [at, { kind, block, turns }] of run.happenings.entries()) {
    const key = keyAt(block);
    const stateRoot = hashOf(block);
    const record: BlockRecord =
      kind === 'peer-claim' ? recordOf({ lease: peer.claim(key, at + 1, 30_000) }) : success(peer, key, stateRoot);
    if (kind === 'own-result') {
      const own = success(author, key, hashOf(100 + (at % 2)));
      void store.commit({ key, record: own }).then((isDurable) => {
        if (isDurable && booted === undefined) heard.push({ key, stateRoot: hashOf(100 + (at % 2)) });
      });
    } else store.merge({ key, record }, 'peer');
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  }
  await store.stop();
  return { booted: booted ?? disk.crash(keep, {}), heard };
}

describe('the block store and a power loss at any disk operation', () => {
  it('still has every result of this node that anybody heard of, and reads no file that it cannot trust', () =>
    holdsAsync(
      fc.asyncProperty(runs, async (run) => {
        const { booted, heard } = await play(run);
        const { store, replica, clock } = await openStore(booted);
        for (const name of await booted.list(LAYOUT.validate)) {
          const file = parseBlockFileName(name);
          if (file !== undefined) void store.takeIn(file.key);
        }
        // A torn file is looked at again for a while before it is put aside.
        await clock.advance(10_000);
        await store.idle();
        for (const { key, stateRoot } of heard) {
          const roots = replica.get(key).results.map((result) => result.stateRoot);
          assert(roots.includes(stateRoot), `${key.number}: ${stateRoot} was heard of, found ${roots.join()}`);
        }
      }),
    ));
});
