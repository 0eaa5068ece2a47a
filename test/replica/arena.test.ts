import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Arena, NOWHERE } from '../../src/replica/arena.ts';
import { BlockTable } from '../../src/replica/block-table.ts';
import { NO_SLOT, SlotIndex } from '../../src/replica/slot-index.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import { NodeList, packRecord, unpackRecord } from '../../src/replica/packed-record.ts';
import { arbitraryRecord, hashOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

/** The arena as a replica uses it: one entry a slot, replaced and given up. */
class Entries {
  readonly locations = new Map<number, number>();
  readonly arena = new Arena({
    locationOf: (slot) => this.locations.get(slot) ?? NOWHERE,
    onMoved: (slot, location) => void this.locations.set(slot, location),
  });

  put(slot: number, bytes: Uint8Array): void {
    const location = this.arena.put(slot, bytes, slot % 2 === 0 ? 'short' : 'long');
    const before = this.locations.get(slot);
    this.locations.set(slot, location);
    if (before !== undefined) this.arena.free(before);
  }

  remove(slot: number): void {
    const location = this.locations.get(slot);
    if (location === undefined) return;
    this.locations.delete(slot);
    this.arena.free(location);
  }
}

describe('the arena', () => {
  it('gives back what was put last, whatever was put, replaced and removed around it', () => {
    const change = fc.record({ slot: fc.nat(40), length: fc.option(fc.nat(90_000), { nil: undefined }) });
    holds(
      fc.property(fc.array(change, { maxLength: 60, size: 'max' }), (changes) => {
        const entries = new Entries();
        const expected = new Map<number, Uint8Array>();
        for (const [at, { slot, length }] of changes.entries()) {
          if (length === undefined) {
            entries.remove(slot);
            expected.delete(slot);
          } else {
            const bytes = new Uint8Array(length).fill(at);
            entries.put(slot, bytes);
            expected.set(slot, bytes);
          }
        }
        assert.deepEqual(new Set(entries.locations.keys()), new Set(expected.keys()));
        for (const [slot, location] of entries.locations) {
          assert(Buffer.from(entries.arena.get(location)).equals(expected.get(slot) ?? Buffer.alloc(0)));
        }
      }),
    );
  });

  it('takes an entry for which the chunk has no room once it holds those of the chunk before', () => {
    const entries = new Entries();
    entries.put(1, new Uint8Array(1_900).fill(1));
    entries.put(3, new Uint8Array(1_925));
    entries.remove(3);
    entries.put(5, new Uint8Array(63_597).fill(5));
    assert.equal(entries.arena.get(entries.locations.get(1) ?? NOWHERE)[1_899], 1);
    assert.equal(entries.arena.get(entries.locations.get(5) ?? NOWHERE)[63_596], 5);
  });

  it('takes entries larger than a chunk, and gives their room back', () => {
    const entries = new Entries();
    const emptyBytes = entries.arena.sizeBytes;
    for (let at = 0; at < 20; at++) entries.put(1, new Uint8Array(400_000).fill(at));
    assert.equal(entries.arena.get(entries.locations.get(1) ?? NOWHERE)[399_999], 19);
    assert(entries.arena.sizeBytes < emptyBytes + 500_000);
    entries.remove(1);
    assert.equal(entries.arena.sizeBytes, emptyBytes);
  });

  it('takes at most some chunks more than twice what is in it, however often entries are replaced', () => {
    const entries = new Entries();
    for (let round = 0; round < 30; round++) {
      for (let slot = 0; slot < 2_000; slot++) entries.put(slot, new Uint8Array(200 + ((slot * round) % 300)));
    }
    assert(entries.arena.sizeBytes <= 2 * 2_000 * 508 + 8 * 2 ** 16);
  });
});

describe('the table of blocks', () => {
  it('gives each block one slot until it is released, and finds all blocks of a height', () => {
    const key = fc.record(
      {
        number: fc.oneof(fc.nat(30), fc.constantFrom(2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER)),
        hash: fc.constantFrom(hashOf(1), hashOf(2), hashOf(3)),
      },
      { noNullPrototype: true },
    );
    const step = fc.record({ key, claims: fc.boolean() });
    holds(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const table = new BlockTable();
        const slots = new Map<string, { readonly key: BlockKey; readonly slot: number }>();
        for (const { key: block, claims } of steps) {
          const known = slots.get(blockId(block));
          assert.equal(table.slotOf(block), known?.slot ?? NO_SLOT);
          if (claims) slots.set(blockId(block), { key: block, slot: table.claim(block) });
          else if (known !== undefined) {
            table.release(known.slot);
            slots.delete(blockId(block));
          }
        }
        assert.equal(table.size, slots.size);
        assert.equal(new Set([...slots.values()].map(({ slot }) => slot)).size, slots.size);
        for (const { key: block, slot } of slots.values()) {
          assert.equal(table.slotOf(block), slot);
          assert.deepEqual(table.keyOf(slot), block);
          const same = [...slots.values()].filter((other) => other.key.number === block.number);
          same.sort((a, b) => (a.key.hash < b.key.hash ? -1 : 1));
          assert.deepEqual(
            table.slotsAt(block.number),
            same.map((other) => other.slot),
          );
        }
      }),
    );
  });

  it('finds every block of many', () => {
    const table = new BlockTable();
    const keys = Array.from({ length: 50_000 }, (_, at) => ({ number: 20_000_000 + at, hash: hashOf(at) }));
    for (const key of keys) table.claim(key);
    for (const key of keys) assert.deepEqual(table.keyOf(table.slotOf(key)), key);
  });
});

describe('an index of slots', () => {
  it('finds slots that share a hash, and none that was deleted', () => {
    const index = new SlotIndex((slot) => slot % 3);
    for (let slot = 0; slot < 30; slot++) index.add(slot);
    for (let slot = 0; slot < 30; slot += 2) index.delete(slot);
    index.delete(4);
    for (let hash = 0; hash < 3; hash++) {
      const expected = Array.from({ length: 30 }, (_, slot) => slot).filter(
        (slot) => slot % 3 === hash && slot % 2 === 1,
      );
      assert.deepEqual(
        index.findAll(hash, (slot) => slot % 3 === hash).sort((a, b) => a - b),
        expected,
      );
    }
    assert.equal(index.size, 15);
  });

  it('picks each of its slots by chance, and none when it is empty', () => {
    const index = new SlotIndex((slot) => slot);
    const random = seededRandom(7);
    assert.equal(index.pick(random), NO_SLOT);
    for (let slot = 0; slot < 600; slot++) index.add(slot);
    const picked = new Set(Array.from({ length: 12_000 }, () => index.pick(random)));
    assert.equal(picked.size, 600);
    for (let slot = 1; slot < 600; slot++) index.delete(slot);
    assert.equal(index.pick(random), 0);
  });
});

describe('a packed record', () => {
  it('unpacks to what was packed, with the same nodes', () => {
    holds(
      fc.property(fc.array(arbitraryRecord, { maxLength: 4 }), (records) => {
        const nodes = new NodeList();
        const packed = records.map((record) => packRecord(record, nodes).slice());
        assert.deepEqual(
          packed.map((bytes) => unpackRecord(bytes, nodes)),
          records,
        );
      }),
    );
  });
});
