import assert from 'node:assert/strict';
import { isFailure } from '../../crdt/errors.ts';
import { PlacementGroups } from '../../src/datadir/placement-groups.ts';
import {
  DiskError,
  PLACEMENT_BYTES_MAX,
  PLACEMENTS_MAX,
  type Placed,
  type Placement,
  type PlacementOutcome,
} from '../../src/disk/disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';

const PLACED: Placed = { replaced: false, found: undefined };
const UNSYNCED = { sync: false, filesMax: PLACEMENTS_MAX } as const;

function fileOf(sizeBytes: number, at = 0): Placement {
  return { temporary: `/tmp/${at}`, target: `/${at}`, bytes: new Uint8Array(sizeBytes), expected: undefined };
}

/** Batches that are answered one by one, as the test says. */
class Batches {
  readonly sizes: number[] = [];
  readonly #answers: PromiseWithResolvers<readonly PlacementOutcome[]>[] = [];

  place(batch: readonly Placement[]): Promise<readonly PlacementOutcome[]> {
    this.sizes.push(batch.length);
    const answer = Promise.withResolvers<readonly PlacementOutcome[]>();
    this.#answers.push(answer);
    return answer.promise;
  }

  /** Answers the batch under way and lets the next one begin. */
  async answer(outcomes?: readonly PlacementOutcome[]): Promise<void> {
    this.#answers.shift()?.resolve(outcomes ?? Array.from({ length: this.sizes.at(-1) ?? 0 }, () => PLACED));
    await quiet();
  }

  async fail(failure: DiskError): Promise<void> {
    this.#answers.shift()?.reject(failure);
    await quiet();
  }
}

/** Lets every promise that can settle do so. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** All of them, asked for once the first is being placed. */
async function startedWithFirst<Item>(
  [first, ...rest]: readonly Item[],
  place: (item: Item) => Promise<Placed>,
): Promise<Promise<Placed>[]> {
  assert(first !== undefined);
  const placing = place(first);
  placing.catch(() => undefined);
  await quiet();
  return [placing, ...rest.map(place)];
}

describe('groups of files to be placed', () => {
  it('begin with all who ask in the same turn; those who ask meanwhile make the next', async () => {
    const disk = new Batches();
    const groups = new PlacementGroups(disk, UNSYNCED);
    const together = [1, 2, 3].map((at) => groups.place(fileOf(10, at)));
    await quiet();
    assert.deepEqual(disk.sizes, [3]);
    await disk.answer();
    assert.deepEqual(await Promise.all(together), [PLACED, PLACED, PLACED]);
  });

  it('begin with whoever asks first; those who ask meanwhile make the next', async () => {
    const disk = new Batches();
    const groups = new PlacementGroups(disk, UNSYNCED);
    const placed = await startedWithFirst([1, 2, 3], (at) => groups.place(fileOf(10, at)));
    assert.deepEqual(disk.sizes, [1]);
    assert.equal(groups.size, 2);
    await disk.answer();
    assert.deepEqual(disk.sizes, [1, 2]);
    assert.equal(groups.size, 0);
    await disk.answer();
    assert.deepEqual(await Promise.all(placed), [PLACED, PLACED, PLACED]);
    const later = groups.place(fileOf(10, 4));
    await quiet();
    assert.deepEqual(disk.sizes, [1, 2, 1]);
    await disk.answer();
    await later;
  });

  for (const filesMax of [1, 5, PLACEMENTS_MAX]) {
    it(`hold ${filesMax} files where that is their limit, and the next one more`, async () => {
      const disk = new Batches();
      const groups = new PlacementGroups(disk, { sync: false, filesMax });
      const files = Array.from({ length: 1 + filesMax + 1 }, (_, at) => fileOf(10, at));
      const placed = await startedWithFirst(files, (file) => groups.place(file));
      for (let batch = 0; batch < 3; batch++) await disk.answer();
      await Promise.all(placed);
      assert.deepEqual(disk.sizes, [1, filesMax, 1]);
    });
  }

  it(`hold ${PLACEMENT_BYTES_MAX} bytes, and not one more`, async () => {
    for (const [excessBytes, sizes] of [
      [0, [1, 2]],
      [1, [1, 1, 1]],
    ] as const) {
      const disk = new Batches();
      const groups = new PlacementGroups(disk, UNSYNCED);
      const sizesBytes = [0, PLACEMENT_BYTES_MAX - 1, 1 + excessBytes];
      const placed = await startedWithFirst(sizesBytes, (size) => groups.place(fileOf(size, size)));
      for (let batch = 0; batch < 3; batch++) await disk.answer();
      await Promise.all(placed);
      assert.deepEqual(disk.sizes, sizes);
    }
  });

  it('give each file the outcome that is its own', async () => {
    const disk = new Batches();
    const groups = new PlacementGroups(disk, UNSYNCED);
    const failure = new DiskError('ERR_NO_SPACE', { argument: '/1', expected: 'room', found: 'none' });
    const placed = Promise.allSettled(await startedWithFirst([0, 1, 2], (at) => groups.place(fileOf(10, at))));
    await disk.answer();
    await disk.answer([{ failure }, PLACED]);
    assert.deepEqual(await placed, [
      { status: 'fulfilled', value: PLACED },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: PLACED },
    ]);
  });

  it('fail as a whole when nobody knows how far the disk got, and go on', async () => {
    const disk = new Batches();
    const groups = new PlacementGroups(disk, UNSYNCED);
    const failure = new DiskError('ERR_DISK', { argument: '/0', expected: 'an answer', found: 'none' });
    const [first, second] = await startedWithFirst([0, 1], (at) => groups.place(fileOf(10, at)));
    assert(first !== undefined && second !== undefined);
    const refused = assert.rejects(first, failure);
    await disk.fail(failure);
    await refused;
    await disk.answer();
    assert.deepEqual(await second, PLACED);
  });

  it('cost a full disk the files that do not fit, and no other', async () => {
    const disk = new MemoryDisk({ capacityBytes: 25 });
    await disk.makeDirectory('/tmp');
    const groups = new PlacementGroups(disk, UNSYNCED);
    const placed = await Promise.allSettled([10, 20, 15].map((size, at) => groups.place(fileOf(size, at))));
    assert.deepEqual(
      placed.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.replaced : undefined)),
      [true, undefined, true],
    );
    assert(placed[1]?.status === 'rejected' && isFailure(placed[1].reason, 'ERR_NO_SPACE'));
    assert.deepEqual(await disk.list('/tmp'), []);
  });
});
