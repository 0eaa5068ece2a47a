import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DecodeError } from '../../crdt/errors.ts';
import { BINCODE_HASH_BYTES, BincodeReader, BincodeWriter } from '../../src/files/bincode.ts';
import { holds } from '../properties.ts';
import { blobIds, hashes, hashOf, U64_MAX, u64s } from './arbitraries.ts';

const reader = (...bytes: number[]): BincodeReader => new BincodeReader(Uint8Array.from(bytes), 'x.v');
/** The u64 `value` (below 256) as bytes. */
const u64 = (value: number): number[] => [value, 0, 0, 0, 0, 0, 0, 0];

describe('bincode', () => {
  it('reads back every value that it wrote, and then is at the end', () => {
    const names = ['A', 'B', 'C'] as const;
    holds(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        u64s,
        fc.maxSafeNat(),
        fc.constantFrom(...names),
        hashes,
        blobIds,
        fc.uint8Array({ maxLength: 40 }),
        (small, big, safe, name, hash, list, bytes) => {
          const sizeBytes = 4 + 8 + 8 + 4 + BINCODE_HASH_BYTES + 8 + 32 * list.length + 8 + bytes.length;
          const written = new BincodeWriter(sizeBytes)
            .u32(small)
            .u64(big)
            .safeInteger(safe)
            .variant(name, names)
            .hash(hash)
            .hashes(list)
            .bytes(bytes)
            .finish();
          const read = new BincodeReader(written, 'x');
          assert.equal(read.u32('small'), small);
          assert.equal(read.u64('big'), big);
          assert.equal(read.safeInteger('safe'), safe);
          assert.equal(read.variant('name', names), name);
          assert.equal(read.hash('hash'), hash);
          assert.deepEqual(read.hashes('list', list.length), list);
          assert.deepEqual(read.bytes('bytes', bytes.length), bytes);
          assert.equal(read.offset, sizeBytes);
          read.end('all');
        },
      ),
    );
  });

  it('is little endian', () => {
    assert.equal(reader(1, 2, 0, 0).u32('n'), 0x201);
    assert.equal(reader(1, 2, 0, 0, 0, 0, 0, 0x80).u64('n'), 0x8000_0000_0000_0201n);
    assert.deepEqual(new BincodeWriter(4).u32(0x201).finish(), Uint8Array.of(1, 2, 0, 0));
  });

  it('names the file, the field and the offset in the file of what it refuses', () => {
    const inFile = new BincodeReader(Uint8Array.of(0, 0, 0, 0, 9, 0, 0, 0), '7.v', 48);
    inFile.u32('first');
    assert.throws(
      () => inFile.variant('status', ['A', 'B']),
      (error) =>
        error instanceof DecodeError &&
        error.offset === 52 &&
        error.message === '7.v: status at byte 52: expected 0…1, found 9',
    );
  });

  it('refuses a hash whose length is not 32', () => {
    for (const length of [0, 31, 33, 255]) {
      assert.throws(() => reader(...u64(length), ...Array<number>(64).fill(1)).hash('h'), { code: 'ERR_BAD_LENGTH' });
    }
    assert.equal(reader(...u64(32), ...Array<number>(32).fill(1)).hash('h'), hashOf(1));
  });

  it('takes a safe integer up to 2^53 − 1 and none beyond', () => {
    const max = new BincodeWriter(8).safeInteger(Number.MAX_SAFE_INTEGER).finish();
    assert.equal(new BincodeReader(max, 'x').safeInteger('n'), Number.MAX_SAFE_INTEGER);
    for (const value of [2n ** 53n, U64_MAX]) {
      const beyond = new BincodeReader(new BincodeWriter(8).u64(value).finish(), 'x');
      assert.throws(() => beyond.safeInteger('n'), { code: 'ERR_OUT_OF_RANGE', found: `${value}` });
    }
  });

  it('takes lengths and counts up to their limit and none beyond', () => {
    assert.equal(reader(...u64(2), 1, 2).bytes('b', 2).length, 2);
    assert.throws(() => reader(...u64(3), 1, 2, 3).bytes('b', 2), { code: 'ERR_OVER_LIMIT' });
    const two = [...u64(2), ...Array<number>(64).fill(7)];
    assert.equal(reader(...two).hashes('h', 2).length, 2);
    assert.throws(() => reader(...two).hashes('h', 1), { code: 'ERR_OVER_LIMIT' });
  });

  it('refuses a length or count that the remaining bytes do not hold before it allocates anything', () => {
    const huge = Array<number>(8).fill(0xff);
    assert.throws(() => reader(...huge).bytes('b', Number.MAX_SAFE_INTEGER), { code: 'ERR_OVER_LIMIT' });
    assert.throws(() => reader(0, 0, 0, 0, 1, 0, 0, 0).bytes('b', 2 ** 40), { code: 'ERR_TRUNCATED' });
    assert.throws(() => reader(0, 0, 0, 0, 1, 0, 0, 0).hashes('h', 2 ** 40), { code: 'ERR_TRUNCATED' });
  });

  it('refuses every truncation', () => {
    for (let length = 0; length < 4; length++) {
      assert.throws(() => reader(...Array<number>(length).fill(0)).u32('n'), { code: 'ERR_TRUNCATED' });
    }
    assert.throws(() => reader(...u64(0).slice(1)).u64('n'), { code: 'ERR_TRUNCATED' });
    assert.throws(() => reader(...u64(32), 1).hash('h'), { code: 'ERR_TRUNCATED' });
    assert.throws(() => reader(...u64(2), 1).bytes('b', 9), { code: 'ERR_TRUNCATED' });
  });

  it('refuses bytes behind the end', () => {
    assert.throws(() => reader(1).end('data'), { code: 'ERR_TRAILING_BYTES', found: '1 more' });
  });

  it('writes neither more nor fewer bytes than the size it was given', () => {
    assert.throws(() => new BincodeWriter(3).u32(1), { name: 'InvariantViolation' });
    assert.throws(() => new BincodeWriter(5).u32(1).finish(), { name: 'InvariantViolation' });
  });

  it('writes no integer that its field cannot hold', () => {
    for (const value of [-1, 0.5, 2 ** 32])
      assert.throws(() => new BincodeWriter(4).u32(value), { name: 'InvariantViolation' });
    for (const value of [-1n, U64_MAX + 1n])
      assert.throws(() => new BincodeWriter(8).u64(value), { name: 'InvariantViolation' });
    for (const value of [-1, 0.5, 2 ** 53])
      assert.throws(() => new BincodeWriter(8).safeInteger(value), { name: 'InvariantViolation' });
  });
});
