import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockId, parseBlockId, type BlockKey } from '../../crdt/ids.ts';
import { BlockTable } from '../../src/replica/block-table.ts';
import { NO_SLOT } from '../../src/replica/slot-index.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { holds } from '../properties.ts';

const number = fc.oneof(fc.nat(3), fc.nat(), fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 32));
const key: fc.Arbitrary<BlockKey> = fc.record({ number, hash: fc.nat(3).map(hashOf) });
/** An id with one character put in, taken out or changed. */
const nearly = fc
  .tuple(key, fc.nat(90), fc.constantFrom('', '0', '7', 'a', 'A', '.', 'x', ' ', '00'), fc.nat(1))
  .map(([of, at, put, cut]) => blockId(of).slice(0, at) + put + blockId(of).slice(at + cut));

describe('a table of blocks', () => {
  it('finds a block by its id as it does by its key, and by no text that is no id', () => {
    holds(
      fc.property(
        fc.array(key),
        fc.oneof(key.map(blockId), nearly),
        fc.constantFrom('', '.v', '.w'),
        (keys, id, rest) => {
          const table = new BlockTable();
          for (const each of keys) table.claim(each);
          const named = parseBlockId(id);
          const expected = named === undefined ? NO_SLOT : table.slotOf(named);
          assert.equal(table.slotOfText(id + rest, id.length), expected);
        },
      ),
    );
  });

  it('finds no block by a number that is written in another way', () => {
    const table = new BlockTable();
    const slot = table.claim({ number: 7, hash: hashOf(1) });
    const id = blockId({ number: 7, hash: hashOf(1) });
    assert.equal(table.slotOfText(id, id.length), slot);
    for (const other of [`0${id}`, id.toUpperCase(), `+${id}`, id.slice(1)]) {
      assert.equal(table.slotOfText(other, other.length), NO_SLOT);
    }
  });
});
