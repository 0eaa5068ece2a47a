import assert from 'node:assert/strict';
import fc from 'fast-check';
import { join } from 'node:path';
import { fingerprintOf } from '../../crdt/block/fingerprint.ts';
import { hasSuccess } from '../../crdt/block/record.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { compareBlockKeys } from '../../crdt/ids.ts';
import { EVERYTHING } from '../../net/reconcile/index/item.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { Replica } from '../../src/replica/replica.ts';
import { Tally } from '../../src/replica/tally.ts';
import { adoptInto, snapshotOf, type SnapshotParts } from '../../src/snapshot/node-snapshot.ts';
import { SnapshotStore } from '../../src/snapshot/snapshot-store.ts';
import { FileLedger } from '../../src/store/file-ledger.ts';
import { WitnessShelf } from '../../src/witness/shelf.ts';
import { hashOf, nodeOf } from '../crdt/block/arbitraries.ts';
import { arbitraryDeltas } from '../net/reconcile/replicas.ts';
import { holds, holdsAsync } from '../properties.ts';

const DIRECTORY = '/index';
const OWNER = nodeOf(1);

function emptyParts(): SnapshotParts {
  const replica = new Replica();
  const files = new FileLedger(replica.blocks);
  return { replica, files, shelf: new WitnessShelf(replica.blocks, files, () => '/w'), tally: new Tally() };
}

/** What a node knows that has merged `deltas`, wrote every file, and holds every second witness. */
function partsOf(deltas: readonly KeyedRecord[]): SnapshotParts {
  const parts = emptyParts();
  const { replica, files, shelf, tally } = parts;
  for (const delta of deltas) {
    const change = replica.merge(delta);
    if (change !== undefined) tally.note(change);
  }
  for (const { key, fingerprint } of replica.entries()) {
    const identity = { inode: 2n ** 63n + BigInt(key.number), sizeBytes: 300, modifiedNs: BigInt(key.number) };
    files.note('validate', key, { identity, place: key.number % 3 === 0 ? 'backup' : 'primary' });
    files.noteRecord(key, fingerprint);
    if (key.number % 2 === 0) continue;
    files.note('witness', key, { identity, place: 'primary' });
    const content = { payloadDigest: hashOf(key.number % 1_000), payloadBytes: 40 + key.number, payloadOffset: 200 };
    shelf.put(key, { state: 'Completed', ...content }, undefined);
  }
  return parts;
}

/** All that a node knows of its finished blocks. */
function finishedIn({ replica, files, shelf }: SnapshotParts): unknown {
  return [...replica.entries()]
    .filter(({ record }) => hasSuccess(record.results))
    .sort((a, b) => compareBlockKeys(a.key, b.key))
    .map((entry) => ({
      ...entry,
      isWritten: files.holdsRecord(entry.key, entry.fingerprint),
      validate: files.known('validate', entry.key),
      witness: files.known('witness', entry.key),
      shelved: shelf.get(entry.key),
      byDigest: shelf.withDigest(hashOf(entry.key.number % 1_000)) !== undefined,
    }));
}

async function storeOn(disk: MemoryDisk, owner = OWNER): Promise<SnapshotStore> {
  await disk.makeDirectory(DIRECTORY);
  return new SnapshotStore({ disk, directory: DIRECTORY, owner });
}

describe('a snapshot', () => {
  it('brings back what a node knew of its finished blocks, and of no others', () =>
    holdsAsync(
      fc.asyncProperty(arbitraryDeltas(40), async (deltas) => {
        const disk = new MemoryDisk();
        const before = partsOf(deltas);
        await (await storeOn(disk)).write(snapshotOf(before));
        const after = emptyParts();
        assert.equal(await (await storeOn(disk)).read(adoptInto(after)), true);
        assert.deepEqual(finishedIn(after), finishedIn(before));
        for (const { key, record, fingerprint } of after.replica.entries()) {
          assert(hasSuccess(record.results));
          assert.equal(fingerprint, fingerprintOf({ key, record }));
        }
        const { tally } = partsOf(deltas.filter(({ key }) => hasSuccess(before.replica.get(key).results)));
        assert.deepEqual(
          [after.tally.blocks, after.tally.results, after.tally.duplicates, after.tally.disputed],
          [tally.blocks, tally.results, tally.duplicates, tally.disputed],
        );
      }),
    ));

  it('merges on like the replica it was taken of', () => {
    holds(
      fc.property(arbitraryDeltas(20), arbitraryDeltas(20), (first, then) => {
        const before = partsOf(first);
        const after = emptyParts();
        const target = adoptInto(after);
        target.begin(snapshotOf(before).nodes());
        for (const entry of snapshotOf(before).entries()) target.add(entry);
        for (const delta of [...first, ...then]) after.replica.merge(delta);
        for (const delta of then) before.replica.merge(delta);
        assert.equal(after.replica.digest, before.replica.digest);
        assert.deepEqual(
          after.replica.index.items(EVERYTHING, Infinity),
          before.replica.index.items(EVERYTHING, Infinity),
        );
      }),
    );
  });

  it('gives the blocks by height', () => {
    holds(
      fc.property(arbitraryDeltas(40), (deltas) => {
        const numbers = [...snapshotOf(partsOf(deltas)).entries()].map(({ number }) => number);
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('leaves out a block whose file does not hold its record', async () => {
    const parts = partsOf(fc.sample(arbitraryDeltas(40), { numRuns: 1, seed: 3 })[0] ?? []);
    for (const { key } of parts.replica.entries()) parts.files.noteRecord(key, undefined);
    assert.deepEqual([...snapshotOf(parts).entries()], []);
  });

  it('is nothing to another node, and nothing when a byte of the manifest or of a part is off', async () => {
    const disk = new MemoryDisk();
    const parts = partsOf(fc.sample(arbitraryDeltas(40), { numRuns: 1, seed: 3 })[0] ?? []);
    await (await storeOn(disk)).write(snapshotOf(parts));
    assert.equal(await (await storeOn(disk, nodeOf(2))).read(adoptInto(emptyParts())), false);
    for (const name of await disk.list(DIRECTORY)) {
      const path = join(DIRECTORY, name);
      const good = (await disk.read(path, 2 ** 30))?.bytes ?? new Uint8Array();
      for (const at of [0, good.length >> 1, good.length - 1]) {
        disk.overwrite(path, good.with(at, (good[at] ?? 0) ^ 1));
        const after = emptyParts();
        await (await storeOn(disk)).read(adoptInto(after));
        assert.equal(after.replica.size, 0, `${name} at ${at}`);
      }
      disk.overwrite(path, good);
    }
  });

  it('is the new one or the one before after a power loss at any disk operation, and a later one can be written', async () => {
    const [first = [], second = []] = fc.sample(arbitraryDeltas(40), { numRuns: 2, seed: 5 });
    const [older, newer] = [partsOf(first), partsOf([...first, ...second])];
    for (let crashAt = 0, isDone = false; !isDone; crashAt++) {
      let operations = -1;
      let booted: MemoryDisk | undefined;
      const disk: MemoryDisk = new MemoryDisk({
        beforeOperation: () => {
          if (operations >= 0 && operations++ === crashAt) booted ??= disk.crash((below) => crashAt % below, {});
        },
      });
      const store = await storeOn(disk);
      await store.write(snapshotOf(older));
      operations = 0;
      await store.write(snapshotOf(newer)).catch(() => undefined);
      isDone = booted === undefined;
      operations = -1;
      const after = emptyParts();
      const reopened = await storeOn(booted ?? disk);
      await reopened.read(adoptInto(after));
      const found = JSON.stringify(finishedIn(after), bigintsAsText);
      const expected = [older, newer].map((parts) => JSON.stringify(finishedIn(parts), bigintsAsText));
      assert(expected.includes(found), `crashed before operation ${crashAt}`);
      await reopened.write(snapshotOf(newer));
    }
  });
});

function bigintsAsText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
