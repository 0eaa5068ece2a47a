import assert from 'node:assert/strict';
import type { Item } from '../../../net/reconcile/index/item.ts';
import { ASKED_RECORDS_MAX, TURN_BYTES_MAX, TURNS_MAX } from '../../../net/reconcile/limits.ts';
import { FetchLedger } from '../../../src/reconcile/fetch-ledger.ts';
import { seededRandom } from '../../../src/sim/seeded-random.ts';
import { converge, runSession, type RanSession } from './replicas.ts';
import { ItemSide, randomFingerprint, randomItems } from './synthetic.ts';

const random = seededRandom(7);
const ITEMS = randomItems(40_000, random);

function pair(ofA: Iterable<Item>, ofB: Iterable<Item>): readonly [ItemSide, ItemSide] {
  const universe = new Map<string, Item>();
  return [new ItemSide(ofA, universe), new ItemSide(ofB, universe)];
}

function overheadOf({ frames }: RanSession): number {
  return frames.reduce((sum, { bytes, recordBytes }) => sum + bytes.length - recordBytes, 0);
}

function assertEqualSides(a: ItemSide, b: ItemSide): void {
  assert.deepEqual(a.index.total, b.index.total);
}

function scattered(count: number): ReadonlySet<Item> {
  const chosen = new Set<Item>();
  while (chosen.size < count) {
    const item = ITEMS[random(ITEMS.length)];
    if (item !== undefined) chosen.add(item);
  }
  return chosen;
}

describe('what a reconcile session costs', () => {
  it('is some summaries when the newest are missing, from either side', () => {
    for (const swap of [false, true]) {
      const [a, b] = pair(ITEMS, ITEMS.slice(0, -1_000));
      const session = swap ? runSession(b, a) : runSession(a, b);
      assertEqualSides(a, b);
      assert.equal(b.arrived.length, 1_000);
      assert.equal(a.arrived.length, 0);
      assert.ok(overheadOf(session) < 1_500 && session.turns <= 6, `${overheadOf(session)} in ${session.turns}`);
    }
  });

  it('is 18 to 30 bytes a record when single ones are missing or differ', () => {
    for (const count of [1, 20, 500, 1_500]) {
      const missing = scattered(count);
      const [a, b] = pair(
        ITEMS,
        ITEMS.filter((item) => !missing.has(item)),
      );
      const session = runSession(b, a);
      assertEqualSides(a, b);
      assert.equal(b.arrived.length, count);
      // Counters and hellos, and symbols: one item alone needs 14.
      assert.ok(overheadOf(session) < 1_400 + 31 * count, `${overheadOf(session)} for ${count}`);
      assert.ok(session.turns <= 8);
    }
  });

  it('moves each of the differing records once, whichever of the sides has them', () => {
    const [onlyA, onlyB] = [scattered(300), scattered(700)];
    const [a, b] = pair(
      ITEMS.filter((item) => !onlyB.has(item) || onlyA.has(item)),
      ITEMS.filter((item) => !onlyA.has(item)),
    );
    runSession(a, b);
    assertEqualSides(a, b);
    assert.deepEqual([a.arrived.length, b.arrived.length], [[...onlyB].filter((item) => !onlyA.has(item)).length, 300]);
  });

  it('grows with the difference beyond what a sketch holds, up to half of the records', () => {
    for (const share of [10, 2]) {
      const [a, b] = pair(
        ITEMS,
        ITEMS.filter((_, at) => at % share !== 0),
      );
      assert.ok(converge(b, a) <= 3);
      assertEqualSides(a, b);
      assert.equal(b.arrived.length, ITEMS.length / share);
    }
  });

  it('finds items whose ids collide in the session after: by whole fingerprints', () => {
    const id = 0x1234_5678_9abc_def0n;
    const [mine, theirs] = [1n, 2n].map((high) => ({ number: 20_000, fingerprint: (high << 64n) | id }));
    assert.ok(mine !== undefined && theirs !== undefined);
    const [a, b] = pair([...ITEMS, mine], [...ITEMS, theirs]);
    runSession(a, b);
    converge(a, b);
    assertEqualSides(a, b);
    assert.ok(a.has(theirs) && b.has(mine));
  });
});

describe('catching up', () => {
  it(`asks for ${ASKED_RECORDS_MAX} records a session, the most urgent first, until nothing is left`, () => {
    const [full, empty] = pair(ITEMS, []);
    full.nextUnfinished = 30_000;
    assert.equal(runSession(empty, full).more, true);
    assert.ok(empty.arrived.length <= ASKED_RECORDS_MAX && empty.arrived.length > ASKED_RECORDS_MAX / 2);
    const numbers = empty.arrived.map(({ number }) => number);
    assert.deepEqual(
      numbers.filter((number) => number >= 30_000),
      Array.from({ length: 10_000 }, (_, at) => 30_000 + at),
    );
    assert.equal(numbers[10_000], 29_999);
    assert.deepEqual(
      numbers.slice(10_000),
      numbers.slice(10_000).toSorted((x, y) => y - x),
    );
    converge(empty, full);
    assertEqualSides(full, empty);
    assert.equal(empty.arrived.length, ITEMS.length);
  });

  it('begins where the receiver has its lowest unfinished block', () => {
    const [full, behind] = pair(ITEMS, ITEMS.slice(0, 20_000));
    [full.nextUnfinished, behind.nextUnfinished] = [39_990, 20_000];
    runSession(full, behind);
    assert.deepEqual(
      behind.arrived.slice(0, 3).map(({ number }) => number),
      [20_000, 20_001, 20_002],
    );
  });

  it('goes on where it was when the connection was lost', () => {
    const [full, empty] = pair(ITEMS, []);
    const lost = new Error('connection lost');
    assert.throws(
      () =>
        runSession(empty, full, (frame) => {
          if (frame === 16) throw lost;
        }),
      lost,
    );
    const before = empty.arrived.length;
    assert.ok(before > 0);
    converge(empty, full);
    assertEqualSides(full, empty);
    assert.equal(empty.arrived.length, ITEMS.length);
  });

  it('takes each record from one of several peers', () => {
    const universe = new Map<string, Item>();
    const empty = new ItemSide([], universe);
    const peers = Array.from({ length: 3 }, () => new ItemSide(ITEMS, universe));
    const ledger = new FetchLedger();
    for (let round = 0; round < 8; round++) {
      // Every session asks before the first one ends.
      const sessions = peers.map((peer) => ({ peer, claims: ledger.begin() }));
      for (const { peer, claims } of sessions) runSession({ view: empty.view, take: empty.take, claims }, peer);
      for (const { claims } of sessions) claims.release();
    }
    assertEqualSides(empty, peers[0] ?? empty);
    assert.equal(empty.arrived.length, ITEMS.length);
  });

  it('leaves single records that another session is fetching to that session', () => {
    const missing = scattered(100);
    const [full, behind] = pair(
      ITEMS,
      ITEMS.filter((item) => !missing.has(item)),
    );
    const ledger = new FetchLedger();
    const [first, second] = [ledger.begin(), ledger.begin()];
    for (const item of [...missing].slice(0, 40)) assert.ok(first.id(BigInt.asUintN(64, item.fingerprint)));
    const { more } = runSession({ view: behind.view, take: behind.take, claims: second }, full);
    assert.deepEqual([behind.arrived.length, more], [60, true]);
    first.release();
    runSession(behind, full);
    assertEqualSides(full, behind);
  });
});

describe('two nodes with different windows', () => {
  it('reconcile what both keep, and neither gives nor takes what is older', () => {
    for (const [ofA, ofB] of [
      [0, 20_000],
      [20_000, 0],
      [20_000, 33_333],
    ] as const) {
      const missing = scattered(200);
      const [a, b] = pair(
        ITEMS.slice(ofA),
        ITEMS.slice(ofB).filter((item) => !missing.has(item)),
      );
      [a.lowestKept, b.lowestKept] = [ofA, ofB];
      const from = Math.max(ofA, ofB);
      const expected = [...missing].filter(({ number }) => number >= from).length;
      assert.equal(runSession(a, b).more, false);
      assert.deepEqual([a.arrived.length, b.arrived.length], [0, expected]);
      assert.ok(b.arrived.every(({ number }) => number >= from));
      const again = runSession(b, a);
      assert.ok(again.turns <= 3 && overheadOf(again) < 2_500);
    }
  });
});

describe('a session between sides that change without end', () => {
  it(`ends after ${TURNS_MAX} turns at the latest, and within the bytes of a turn`, () => {
    const [a, b] = pair(ITEMS.slice(0, 5_000), ITEMS.slice(2_500, 7_500));
    const { turns, frames } = runSession(a, b, () => {
      for (const side of [a, b]) side.add({ number: random(7_500), fingerprint: randomFingerprint(random) });
    });
    assert.ok(turns <= TURNS_MAX);
    assert.ok(frames.every(({ bytes }) => bytes.length < TURN_BYTES_MAX));
    converge(a, b);
    assertEqualSides(a, b);
  });
});
