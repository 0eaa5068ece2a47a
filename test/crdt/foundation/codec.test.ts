/** The writer and the reader: golden bytes, the shortest form, limits. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { DecodeError, isFailure, type DecodeCode } from '../../../crdt/errors.ts';
import { hashFromBytes, nodeFromBytes } from '../../../crdt/ids.ts';
import { InvariantViolation } from '../../../crdt/invariant.ts';
import { holds } from '../../properties.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

function fails(code: DecodeCode, read: () => unknown): void {
  assert.throws(read, (error) => error instanceof DecodeError && isFailure(error, code));
}

/** A kind of value the format knows, with its type closed in. */
interface Kind {
  /** A random value of this kind, as what writes it and what reads and checks it. */
  readonly samples: fc.Arbitrary<{ write: (writer: Writer) => void; check: (reader: Reader) => void }>;
  /** Reads a value and gives the bytes it is written as. */
  readonly rewrite: (reader: Reader) => Uint8Array;
}

function kind<T>(values: fc.Arbitrary<T>, write: (to: Writer, value: T) => Writer, read: (from: Reader) => T): Kind {
  return {
    samples: values.map((value) => ({
      write: (writer) => void write(writer, value),
      check: (reader) => assert.deepEqual(read(reader), value),
    })),
    rewrite: (reader) => write(new Writer(), read(reader)).finish(),
  };
}

const kinds: readonly Kind[] = [
  kind(
    fc.nat({ max: 255 }),
    (to, value) => to.u8(value),
    (from) => from.u8('value'),
  ),
  kind(
    fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat()),
    (to, value) => to.varint(value),
    (from) => from.varint('value'),
  ),
  kind(
    fc.nat({ max: 2 ** 24 - 1 }),
    (to, value) => to.uintBE(value, 3),
    (from) => from.uintBE('value', 3),
  ),
  kind<Uint8Array>(
    fc.uint8Array({ maxLength: 300 }),
    (to, value) => to.bytes(value),
    (from) => from.bytes('value', 300),
  ),
  kind(
    fc.string({ unit: 'binary', maxLength: 50 }),
    (to, value) => to.text(value),
    (from) => from.text('value', 300),
  ),
  kind(
    bytes32.map(hashFromBytes),
    (to, value) => to.hash(value),
    (from) => from.hash('value'),
  ),
  kind(
    bytes32.map(nodeFromBytes),
    (to, value) => to.node(value),
    (from) => from.node('value'),
  ),
];

describe('the codec', () => {
  it('writes varints as these bytes, in every version', () => {
    const golden: [number, string][] = [
      [0, '00'],
      [1, '01'],
      [127, '7f'],
      [128, '8001'],
      [300, 'ac02'],
      [16_383, 'ff7f'],
      [16_384, '808001'],
      [2 ** 32, '8080808010'],
      [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
    ];
    for (const [value, bytes] of golden) {
      assert.equal(hex(new Writer().varint(value).finish()), bytes);
      assert.equal(new Reader(fromHex(bytes)).varint('value'), value);
    }
  });

  it('writes the other values as these bytes, in every version', () => {
    const id = Uint8Array.from({ length: 32 }, (_, at) => at);
    const idHex = hex(id);
    assert.equal(hex(new Writer().u8(255).finish()), 'ff');
    assert.equal(hex(new Writer().uintBE(0x01_02_03_04_05_06, 6).finish()), '010203040506');
    assert.equal(hex(new Writer().uintBE(1, 2).finish()), '0001');
    assert.equal(hex(new Writer().bytes(Uint8Array.of(9, 8)).finish()), '020908');
    assert.equal(hex(new Writer().fixed(Uint8Array.of(9, 8)).finish()), '0908');
    assert.equal(hex(new Writer().text('é€').finish()), '05c3a9e282ac');
    assert.equal(hex(new Writer().hash(hashFromBytes(id)).finish()), idHex);
    assert.equal(hex(new Writer().node(nodeFromBytes(id)).finish()), idHex);
  });

  it('reads any sequence of values it wrote, to the last byte', () => {
    const sample = fc.oneof(...kinds.map(({ samples }) => samples));
    holds(
      fc.property(fc.array(sample), fc.integer({ min: 1, max: 64 }), (sequence, initialBytes) => {
        const writer = new Writer(initialBytes);
        for (const { write } of sequence) write(writer);
        const bytes = writer.finish();
        assert.equal(bytes.length, writer.length);
        const reader = new Reader(bytes);
        for (const { check } of sequence) check(reader);
        reader.end('sequence');
      }),
    );
  });

  it('writes again, byte for byte, whatever value it could read', () => {
    holds(
      fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 60 }), ({ rewrite }, bytes) => {
        const reader = new Reader(bytes);
        let again: Uint8Array;
        try {
          again = rewrite(reader);
        } catch (error) {
          assert.ok(error instanceof DecodeError);
          return;
        }
        assert.deepEqual(again, bytes.subarray(0, reader.offset));
      }),
    );
  });

  it('refuses a varint with a shorter form', () => {
    for (const bytes of ['8000', 'ff00', '808000', '80808080808000']) {
      fails('ERR_NOT_CANONICAL', () => new Reader(fromHex(bytes)).varint('value'));
    }
  });

  it('refuses a varint beyond 2^53 − 1, in eight bytes or in more', () => {
    fails('ERR_OVER_LIMIT', () => new Reader(fromHex('8080808080808010')).varint('value'));
    fails('ERR_OVER_LIMIT', () => new Reader(fromHex('ffffffffffffff7f')).varint('value'));
    fails('ERR_OUT_OF_RANGE', () => new Reader(fromHex('ffffffffffffffff01')).varint('value'));
    fails('ERR_OUT_OF_RANGE', () => new Reader(fromHex('80'.repeat(8))).varint('value'));
  });

  it('takes a value at its limit, and refuses one beyond', () => {
    assert.equal(new Reader(fromHex('0a')).varint('value', 10), 10);
    fails('ERR_OVER_LIMIT', () => new Reader(fromHex('0b')).varint('value', 10));
    const [three, four] = [fromHex('03616263'), fromHex('0461626364')];
    assert.equal(new Reader(three).bytes('value', 3).length, 3);
    assert.equal(new Reader(three).text('value', 3), 'abc');
    fails('ERR_OVER_LIMIT', () => new Reader(four).bytes('value', 3));
    fails('ERR_OVER_LIMIT', () => new Reader(four).text('value', 3));
  });

  it('refuses bytes that are missing or left over', () => {
    fails('ERR_TRUNCATED', () => new Reader(fromHex('')).u8('value'));
    fails('ERR_TRUNCATED', () => new Reader(fromHex('80')).varint('value'));
    fails('ERR_TRUNCATED', () => new Reader(fromHex('0102')).uintBE('value', 3));
    fails('ERR_TRUNCATED', () => new Reader(fromHex('0361')).bytes('value', 10));
    fails('ERR_TRUNCATED', () => new Reader(new Uint8Array(31)).hash('value'));
    fails('ERR_TRUNCATED', () => new Reader(new Uint8Array(31)).node('value'));
    fails('ERR_TRAILING_BYTES', () => new Reader(fromHex('00')).end('value'));
  });

  it('refuses text that is no UTF-8, and keeps a byte order mark', () => {
    for (const bytes of ['01ff', '02c328', '03eda080', '02c0af']) {
      fails('ERR_BAD_TEXT', () => new Reader(fromHex(bytes)).text('value', 10));
    }
    assert.equal(new Reader(fromHex('04efbbbf61')).text('value', 10), '\uFEFFa');
  });

  it('says which field failed, at which byte, and what it found', () => {
    const reader = new Reader(fromHex('000b'));
    reader.u8('first');
    assert.throws(
      () => reader.varint('second', 10),
      (error) => {
        assert.ok(error instanceof DecodeError);
        const { argument, expected, found, offset, message } = error;
        assert.deepEqual(
          { argument, expected, found, offset },
          {
            argument: 'second at byte 1',
            expected: 'at most 10',
            found: '11',
            offset: 1,
          },
        );
        assert.equal(message, 'second at byte 1: expected at most 10, found 11');
        return true;
      },
    );
  });

  it('treats a value that has no encoding as a defect of the caller', () => {
    const writer = new Writer();
    for (const value of [-1, 0.5, 256, NaN]) assert.throws(() => writer.u8(value), InvariantViolation);
    for (const value of [-1, 0.5, 2 ** 53, NaN, Infinity])
      assert.throws(() => writer.varint(value), InvariantViolation);
    for (const value of [-1, 0.5, 0x1_00_00, NaN]) assert.throws(() => writer.uintBE(value, 2), InvariantViolation);
    assert.equal(writer.length, 0);
  });

  it('lends a buffer to one writer at a time, however writers begin, nest and end', () => {
    const first = new Writer().u8(1);
    const nested = new Writer().u8(2);
    const bytes = nested.finish();
    // Twice, and written on: what was handed out belongs to its caller.
    const again = nested.finish();
    const other = new Writer().u8(9);
    nested.u8(3);
    first.u8(4);
    assert.deepEqual([bytes, again, nested.finish()], [Uint8Array.of(2), Uint8Array.of(2), Uint8Array.of(2, 3)]);
    new Writer().u8(7).finish();
    assert.deepEqual([first.finish(), other.finish()], [Uint8Array.of(1, 4), Uint8Array.of(9)]);
    assert.deepEqual([bytes, again], [Uint8Array.of(2), Uint8Array.of(2)]);
  });

  it('finishes with a copy that later writes leave alone', () => {
    const writer = new Writer().u8(1);
    const first = writer.finish();
    writer.u8(2);
    assert.deepEqual([first, writer.finish()], [Uint8Array.of(1), Uint8Array.of(1, 2)]);
  });
});
