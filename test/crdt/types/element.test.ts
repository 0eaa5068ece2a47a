/** Element codecs. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { hashFromBytes, nodeFromBytes } from '../../../crdt/ids.ts';
import {
  hashElement,
  nodeElement,
  TEXT_ELEMENT_BYTES_MAX,
  textElement,
  type ElementCodec,
} from '../../../crdt/types/element.ts';
import { holds } from '../../properties.ts';

const overLimit = (error: unknown): boolean => isFailure(error, 'ERR_OVER_LIMIT');
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

function bytesOf<T>(codec: ElementCodec<T>, value: T): Uint8Array {
  const writer = new Writer();
  codec.write(writer, value);
  return writer.finish();
}

function assertRoundTrip<T>(codec: ElementCodec<T>, values: fc.Arbitrary<T>): void {
  holds(
    fc.property(values, values, (value, other) => {
      const bytes = bytesOf(codec, value);
      const reader = new Reader(bytes);
      assert.deepEqual(codec.read(reader, 'element'), value);
      assert.equal(reader.remaining, 0);
      const sameBytes = Buffer.compare(bytes, bytesOf(codec, other)) === 0;
      assert.equal(codec.key(value) === codec.key(other), sameBytes);
    }),
  );
}

describe('an element codec', () => {
  it('reads the text it wrote, and has one key for one encoding', () => {
    assertRoundTrip(textElement, fc.string({ unit: 'binary', maxLength: 40 }));
    assertRoundTrip(textElement, fc.constantFrom('\uFEFF', '\uFEFF\uFEFF', 'é', 'e\u0301'));
  });

  it('reads the nodes and hashes it wrote, and has one key for one encoding', () => {
    assertRoundTrip(nodeElement, bytes32.map(nodeFromBytes));
    assertRoundTrip(hashElement, bytes32.map(hashFromBytes));
  });

  it('takes text of TEXT_ELEMENT_BYTES_MAX bytes, and refuses one byte more to write and to read', () => {
    const longest = 'é'.repeat(TEXT_ELEMENT_BYTES_MAX / 2);
    const bytes = bytesOf(textElement, longest);
    assert.equal(textElement.read(new Reader(bytes), 'element'), longest);
    assert.throws(() => bytesOf(textElement, `${longest}a`), overLimit);
    const beyond = new Writer().text(`${longest}a`).finish();
    assert.throws(() => textElement.read(new Reader(beyond), 'element'), overLimit);
  });

  it('refuses to write half of a surrogate pair, which would come back as another text', () => {
    for (const text of ['\uD83D', 'a\uDE00', '\uDE00\uD83D']) {
      assert.throws(
        () => bytesOf(textElement, text),
        (error) => isFailure(error, 'ERR_BAD_TEXT'),
      );
    }
  });
});
