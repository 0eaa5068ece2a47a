import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PieceBuffer } from '../../../net/stream/piece-buffer.ts';
import { STREAM_PIECE_BYTES } from '../../../net/stream/pump.ts';
import { holds } from '../../properties.ts';

describe('the pieces of what is sent', () => {
  it('hold what was added, in order, as copies', () => {
    const pieces = new PieceBuffer();
    const part = Uint8Array.of(1, 2);
    assert.deepEqual([...pieces.add([part, Uint8Array.of(3)])], []);
    assert.deepEqual([...pieces.add([Uint8Array.of(4)])], []);
    part.fill(9);
    assert.equal(pieces.bytes, 4);
    const piece = pieces.take();
    assert.deepEqual([...piece], [1, 2, 3, 4]);
    assert.deepEqual([...pieces.add([Uint8Array.of(5)])], []);
    assert.deepEqual([...piece], [1, 2, 3, 4]);
    assert.deepEqual([...pieces.take()], [5]);
  });

  it('are given away at STREAM_PIECE_BYTES, and a byte less is held', () => {
    const pieces = new PieceBuffer();
    assert.deepEqual([...pieces.add([new Uint8Array(STREAM_PIECE_BYTES - 1)])], []);
    assert.equal(pieces.bytes, STREAM_PIECE_BYTES - 1);
    assert.equal([...pieces.add([new Uint8Array(1)])][0]?.length, STREAM_PIECE_BYTES);
    assert.equal(pieces.bytes, 0);
  });

  it('are what was added, however it was cut, all full but the last', () => {
    const arbitraryLength = fc.oneof(fc.nat(10), fc.nat(3 * STREAM_PIECE_BYTES));
    holds(
      fc.property(fc.array(fc.array(arbitraryLength, { maxLength: 3 }), { maxLength: 4 }), (calls) => {
        const buffer = new PieceBuffer();
        const added: Uint8Array[] = [];
        const pieces: Uint8Array[] = [];
        for (const lengths of calls) {
          const parts = lengths.map((length) => new Uint8Array(length).fill(added.length + 1));
          for (const piece of buffer.add(parts)) {
            assert.equal(piece.length, STREAM_PIECE_BYTES);
            pieces.push(piece);
          }
          added.push(...parts.map((part) => part.slice()));
          for (const part of parts) part.fill(0);
        }
        pieces.push(buffer.take());
        assert.equal(Buffer.compare(Buffer.concat(pieces), Buffer.concat(added)), 0);
      }),
    );
  });
});
