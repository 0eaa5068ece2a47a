import assert from 'node:assert/strict';
import { PieceBuffer } from '../../../net/stream/piece-buffer.ts';
import { STREAM_PIECE_BYTES } from '../../../net/stream/pump.ts';

describe('a piece that is gathered', () => {
  it('holds what was added, in order, as a copy', () => {
    const gathered = new PieceBuffer();
    const part = Uint8Array.of(1, 2);
    assert(gathered.add([part, Uint8Array.of(3)]));
    assert(gathered.add([Uint8Array.of(4)]));
    part.fill(9);
    assert.equal(gathered.bytes, 4);
    const piece = gathered.take();
    assert.deepEqual([...piece], [1, 2, 3, 4]);
    assert(gathered.add([Uint8Array.of(5)]));
    assert.deepEqual([...piece], [1, 2, 3, 4]);
    assert.deepEqual([...gathered.take()], [5]);
  });

  it('takes STREAM_PIECE_BYTES, and nothing of what goes beyond', () => {
    const gathered = new PieceBuffer();
    assert.equal(gathered.add([new Uint8Array(STREAM_PIECE_BYTES + 1)]), false);
    assert(gathered.add([new Uint8Array(STREAM_PIECE_BYTES - 1)]));
    assert.equal(gathered.add([new Uint8Array(1), new Uint8Array(1)]), false);
    assert.equal(gathered.bytes, STREAM_PIECE_BYTES - 1);
    assert(gathered.add([new Uint8Array(1)]));
    assert.equal(gathered.take().length, STREAM_PIECE_BYTES);
    assert.equal(gathered.bytes, 0);
  });
});
